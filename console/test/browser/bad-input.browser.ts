// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RECEIPTS, RESOURCES, text } from '../proof/resources.ts';
import { Browser, RunningDaemon, bash, until } from './harness.ts';

const DAY_MS = 86_400_000;

let daemon: RunningDaemon;
let browser: Browser;

beforeAll(async () => {
  daemon = await RunningDaemon.start();
});

afterAll(async () => {
  await Browser.end();
  await daemon.close();
});

afterEach(async () => {
  const faults = browser.faults;
  await browser.close();
  expect(faults).toEqual([]);
});

/** Returns the text of the first verdict about the decision that is open. */
function verdict(kind: 'proven' | 'refuted' | 'unknown') {
  return browser.page.locator(`.proof-verdict.${kind}`);
}

/** Signs in, and lets the server answer with another receipt. */
async function openWithReceipt(id: string, receipt: string): Promise<void> {
  browser = await Browser.open();
  await browser.page.route('**/proof*', (route) => route.fulfill({ status: 200, body: receipt }));
  await browser.signIn(daemon, `#/decision/${id}`);
  await browser.page.locator('.steps').waitFor();
}

describe('a log of few rows', () => {
  // The first test, before anything is decided.
  it('without a decision is shown without one', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon);
    await browser.page.getByText('No decisions in this time').waitFor();
    expect(await browser.page.locator('a.row, .histogram .bar').count()).toBe(0);
    expect(await browser.axe()).toEqual([]);
    await browser.page.goto(`${daemon.base}/#/health`);
    await browser.page.locator('.numbers').waitFor();
    await browser.page.goto(`${daemon.base}/#/approvals`);
    await browser.page.getByText('No action was held').waitFor();
  });

  it('that is empty says how to begin', async () => {
    browser = await Browser.open();
    await browser.page.route('**/v1/events?*', (route) =>
      route.fulfill({ json: { events: [], indexed: 0, last: 0, next: null, reached: 0 } }),
    );
    await browser.signIn(daemon);
    await browser.page.getByText('The log is empty').waitFor();
    expect(await browser.axe()).toEqual([]);
  });

  it('with one decision shows and proves it', async () => {
    const id = await daemon.decide('echo only');
    await daemon.settled();
    browser = await Browser.open();
    await browser.signIn(daemon);
    await until(async () => (await browser.page.locator('a.row').count()) === 1);
    await until(async () => (await browser.page.locator('.histogram .bar').count()) === 1);
    await browser.page.goto(`${daemon.base}/#/decision/${id}`);
    await verdict('unknown').waitFor();
    await browser.pin(daemon.vkey());
    await verdict('proven').waitFor();
  });
});

describe('a server that lies is not believed', () => {
  it('with an older checkpoint', async () => {
    const older = await daemon.decide('echo older');
    const receipt = await (await daemon.read(`/v1/events/${older}/proof`)).text();
    const id = await daemon.decide('echo newer');
    const lines = (await (await daemon.read(`/v1/events/${id}/proof`)).text()).split('\n');
    // The index of the new row, with the path and the checkpoint of the old one.
    const forged = receipt.split('\n').map((line) => (line.startsWith('index ') ? lines.find((each) => each.startsWith('index '))! : line));
    await openWithReceipt(id, forged.join('\n'));
    await browser.pin(daemon.vkey());
    await verdict('refuted').waitFor();
  });

  it('with the receipt of another row', async () => {
    const other = await daemon.decide('echo other');
    const id = await daemon.decide('echo asked');
    await openWithReceipt(id, await (await daemon.read(`/v1/events/${other}/proof`)).text());
    await browser.pin(daemon.vkey());
    await verdict('refuted').waitFor();
    expect(await browser.page.locator('.steps li.wrong').count()).toBeGreaterThan(0);
  });

  it("with another log's receipt", async () => {
    const id = await daemon.decide('echo another');
    await openWithReceipt(id, Buffer.from([...RECEIPTS.values()][0]!).toString());
    await browser.pin(`${daemon.vkey()}\n${text(RESOURCES, 'vkeys')}`);
    await verdict('refuted').waitFor();
  });

  it('and one whose key the reader does not trust proves nothing', async () => {
    const id = await daemon.decide('echo untrusted');
    browser = await Browser.open();
    await browser.signIn(daemon, `#/decision/${id}`);
    await browser.pin(text(RESOURCES, 'vkeys'));
    await verdict('unknown').waitFor();
    expect(await browser.page.locator('.steps li.unknown', { hasText: "Log's signature" }).count()).toBe(1);
  });

  it('with a receipt that is none', async () => {
    const id = await daemon.decide('echo nothing');
    await openWithReceipt(id, 'c2sp.org/tlog-proof@v1\nindex 99999999999999999999\n\n');
    await browser.pin(daemon.vkey());
    await browser.page.locator('.steps li.wrong').first().waitFor();
    expect(await verdict('proven').count()).toBe(0);
  });

  it('with a stream that breaks off', async () => {
    browser = await Browser.open();
    await browser.page.route('**/v1/events/stream*', (route) =>
      route.fulfill({ status: 200, contentType: 'text/event-stream', body: 'retry: 100\n\nevent: row\ndata: {"sequence": 99' }),
    );
    await browser.signIn(daemon, '#/decisions?agent=agent%3Acut');
    await browser.page.getByRole('button', { name: 'Reconnecting…' }).waitFor();
    await daemon.ask({ agent_id: 'agent:cut', action: bash('echo after the cut') });
    await browser.page.unroute('**/v1/events/stream*');
    await browser.page.getByRole('button', { name: 'Live' }).waitFor();
    await browser.page.locator('a.row', { hasText: 'echo after the cut' }).waitFor();
    expect(await browser.page.locator('a.row').count()).toBe(1);
  });

  it('with a row that cannot be read', async () => {
    browser = await Browser.open();
    await browser.page.route('**/v1/events/stream*', (route) =>
      route.fulfill({ status: 200, contentType: 'text/event-stream', body: 'event: row\ndata: {"sequence": 99\n\nevent: gap\ndata: []\n\n' }),
    );
    await browser.signIn(daemon);
    await browser.page.locator('a.row').first().waitFor();
    await browser.page.getByRole('button', { name: 'Reconnecting…' }).waitFor();
  });
});

describe('a clock that is off', () => {
  for (const [name, days] of [['fast', 3], ['slow', -3]] as const) {
    it(`moves no range when it is ${name}`, async () => {
      await daemon.decide('echo on time');
      await daemon.settled();
      browser = await Browser.open();
      await browser.page.clock.install({ time: Date.now() + days * DAY_MS });
      await browser.signIn(daemon, '#/decisions?since=1h');
      await browser.page.locator('a.row', { hasText: 'echo on time' }).first().waitFor();
      await browser.page.locator('.histogram .bar').first().waitFor({ state: 'attached' });
      await browser.page.goto(`${daemon.base}/#/health`);
      await browser.page.getByText('The clock of this browser is 3 d').waitFor();
    });
  }
});

describe('a log that is erased', () => {
  it('while its decision is open shows that afterwards', async () => {
    const id = await daemon.decide('echo secret-4711');
    await daemon.settled();
    browser = await Browser.open();
    await browser.signIn(daemon, '#/decisions?agent=agent%3Aproof');
    await browser.page.locator('a.row', { hasText: 'secret-4711' }).click();
    await browser.page.getByText('secret-4711').first().waitFor();
    await daemon.restart(() => daemon.command('log', 'erase-payload', id, '--reason', 'asked to', '--by', 'alice'));
    await browser.page.goto(`${daemon.base}/#/decisions?agent=agent%3Aproof`);
    await browser.page.getByText('Your session has ended').waitFor();
    await browser.enter(daemon.key);
    await browser.page.locator('a.row', { hasText: 'the payload was erased' }).click();
    await browser.page.getByRole('heading', { name: 'Decision, payload erased' }).waitFor();
    expect(await browser.page.locator('main').textContent()).not.toContain('secret-4711');
    await until(async () => (await daemon.read(`/v1/events/${id}/proof`)).ok);
    await browser.pin(daemon.vkey());
    // The record is proven; the payload is not shown, and not green.
    await verdict('proven').waitFor();
    expect(await browser.page.locator('.steps li', { hasText: 'Payload' }).getAttribute('class')).not.toBe('ok');
    expect(await browser.axe()).toEqual([]);
  });
});

describe('verify.html', () => {
  it('is the file whose SHA-256 the view shows', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/verify');
    const shown = await browser.page.locator('.verifier code').textContent();
    const [download] = await Promise.all([
      browser.page.waitForEvent('download'),
      browser.page.getByRole('link', { name: 'Save verify.html' }).click(),
    ]);
    const bytes = readFileSync(await download.path());
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
    expect(shown).toBe(digest);
  });
});
