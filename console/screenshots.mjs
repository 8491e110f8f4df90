// SPDX-License-Identifier: Apache-2.0
// Takes the screenshots of the docs from a running daemon whose log has decisions of a week.
//
//   node screenshots.mjs URL KEY VKEYS [DIRECTORY] [dark]      a key with the role admin
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [base, key, vkeys, directory = '../docs/console', colorScheme = 'light'] = process.argv.slice(2);
if (vkeys === undefined) {
  console.error('usage: node screenshots.mjs URL KEY VKEYS [DIRECTORY] [dark]');
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: process.env.INDELIBLE_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 760 }, colorScheme, reducedMotion: 'reduce' });
context.setDefaultTimeout(60_000);
const page = await context.newPage();

async function shot(name, view, ready, place = () => scrollTo(0, 0)) {
  await page.goto(`${base}/#/${view}`);
  await page.locator(ready).first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll('[aria-busy="true"]').length === 0);
  await page.evaluate(place);
  await page.screenshot({ path: join(directory, `${name}.png`) });
}

async function rows(query) {
  const response = await fetch(`${base}/v1/events?${query}`, { headers: { Authorization: `Bearer ${key}` } });
  return (await response.json()).events;
}

await page.goto(base);
await page.getByLabel('API key').fill(key);
await page.keyboard.press('Enter');
await page.locator('a.row').first().waitFor();

await shot('decisions', 'decisions?since=7d', '.histogram .bar');
const refused = await rows('verdict=refuse&rule=delete-system&text=rm&limit=5');
const row = refused.at(-1);
await page.goto(`${base}/#/decision/${row.id}`);
await page.getByRole('button', { name: 'Pin a key' }).click();
await page.getByLabel('Public keys, one a line').fill(vkeys);
await page.getByRole('button', { name: 'Pin', exact: true }).click();
await shot('decision', `decision/${row.id}`, '.proof-verdict.proven');
const { agent_id: agent, payload } = row;
await shot('session', `session?agent=${encodeURIComponent(agent)}&session=${encodeURIComponent(payload.session)}&at=${row.id}`, '.timeline li', () => document.querySelector('.timeline .marked').scrollIntoView({ block: 'center' }));
await shot('health', 'health', '.numbers');
await shot('approvals', 'approvals', '.request');
await shot('policy', 'policy', 'table.rules');
await browser.close();
