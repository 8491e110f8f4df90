// SPDX-License-Identifier: Apache-2.0
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyPage } from '../../build-verify.mjs';
import { RECEIPTS, RESOURCES, text } from '../proof/resources';
import { Signer, TestLog, vkey } from '../proof/log-writer';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const hasChromium = existsSync(CHROMIUM);
if (!hasChromium) {
  console.warn(`${CHROMIUM} is not there: the tests of verify.html in a browser are skipped`);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const KEYS = text(RESOURCES, 'vkeys') + text(RESOURCES, 'witnesses');

describe.skipIf(!hasChromium)('verify.html, opened from disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-verify-'));
  const file = join(folder, 'verify.html');
  const receipt = join(folder, 'receipt.tlog-proof');
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let requests: string[];

  beforeAll(async () => {
    writeFileSync(file, await verifyPage());
    writeFileSync(receipt, [...RECEIPTS.values()][0]!);
    // A container's root user has no sandbox.
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    await context?.close();
    context = await browser.newContext();
    page = await context.newPage();
    requests = [];
    page.on('request', (request) => requests.push(new URL(request.url()).protocol));
    page.on('dialog', () => requests.push('dialog'));
    page.on('pageerror', (error) => requests.push(error.message));
    await page.goto(pathToFileURL(file).href);
  });

  async function pin(keys: string): Promise<void> {
    await page.getByLabel('A vkey').fill(keys);
    await page.getByRole('button', { name: 'Pin' }).click();
    await page.locator('#keys li').first().waitFor();
  }

  /** Drops files or folders of the disk onto the page, as a person does. */
  async function drop(...files: readonly string[]): Promise<void> {
    const { x, y } = (await page.locator('#drop').boundingBox())!;
    const client = await context.newCDPSession(page);
    const data = { items: [], files: [...files], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await client.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
    }
  }

  /** Returns the text of the summary once there is a result. */
  async function summary(): Promise<string> {
    await page.locator('article').first().waitFor();
    return (await page.locator('#summary').textContent()) ?? '';
  }

  test('proves a receipt without any request', async () => {
    await pin(KEYS);
    await page.locator('#files').setInputFiles(receipt);
    expect(await summary()).toBe('1 proven');
    expect(await page.locator('.steps .state').allTextContents()).toEqual(Array(8).fill('✓ ok'));
    // The page itself, and its own script as the worker.
    expect(requests).toEqual(['file:', 'blob:']);
    const fetched = await page.evaluate(() =>
      fetch('https://example.org').then(() => 'fetched', () => 'refused'),
    );
    expect(fetched).toBe('refused');
  });

  test('keeps pinned keys, and verifies again when they change', async () => {
    await drop(receipt);
    expect(await summary()).toBe('1 unknown');
    await pin(KEYS);
    await page.getByText('1 proven').waitFor();
    await page.reload();
    await page.locator('#keys li').nth(2).waitFor();
    expect(await page.locator('#keys .mono').first().textContent()).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
    await page.getByRole('button', { name: 'Remove' }).first().click();
    await page.waitForFunction(() => document.querySelectorAll('#keys li').length === 2);
    await page.getByLabel('A vkey').fill('no key');
    await page.getByRole('button', { name: 'Pin' }).click();
    await page.getByText('Not pinned').waitFor();
  });

  test('shows a changed byte of a dropped log as broken', async () => {
    await pin(KEYS);
    const log = join(folder, 'log');
    cpSync(join(RESOURCES, 'log'), log, { recursive: true });
    await drop(log);
    expect(await summary()).toBe('1 intact');
    const bundle = join(log, 'tile/entries/000');
    const bytes = readFileSync(bundle);
    const at = bytes.indexOf('"agent_id":"agent:alice"') + 13;
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(bundle, bytes);
    await drop(log);
    await page.getByText('1 broken').waitFor();
    expect(await page.locator('.state.wrong').count()).toBeGreaterThan(0);
  });

  test('shows hostile text as text', async () => {
    const signer = Signer.create();
    const log = new TestLog('example.org/<b>log</b>', signer);
    const hostile = '<img src=x onerror=alert(1)>\u202e\u2066evil\u0007</script>';
    log.append({ type: 'x', details: { hostile, long: 'A'.repeat(1024 * 1024) } });
    await pin(vkey(log.origin, signer.material(1)));
    const name = join(folder, '<img src=x onerror=alert(2)>.tlog-proof');
    writeFileSync(name, log.receipt(1));
    await page.locator('#files').setInputFiles(name);
    expect(await summary()).toBe('1 proven');
    const shown = (await page.locator('article').textContent()) ?? '';
    expect(shown).toContain('<img src=x onerror=alert(1)>\\u{202e}\\u{2066}evil');
    expect(shown).toContain('characters more');
    expect(await page.locator('img, b, script').count()).toBe(1);
    expect(requests).toEqual(['file:', 'blob:']);
  });

  test.each(['light', 'dark'] as const)('%s: axe finds nothing, and 320 px suffice', async (colorScheme) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await pin(KEYS);
    await drop(receipt, join(RESOURCES, 'log'));
    await summary();
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      const { violations: found } = await axe.run();
      return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
    });
    expect(violations).toEqual([]);
    await page.setViewportSize({ width: 320, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  });

  test('everything is reached with the keyboard', async () => {
    await pin(KEYS);
    await page.locator('#key').focus();
    const reached: string[] = [];
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press('Tab');
      reached.push((await page.locator(':focus').textContent()) ?? '');
    }
    expect(reached).toEqual(['Pin', 'Choose files', 'Choose a folder']);
  });
});
