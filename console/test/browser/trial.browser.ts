// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browser, RunningDaemon, until } from './harness.ts';

/** The actions that a person may need, from the empty browser to the proof. */
const MAX_ACTIONS = 12;

let daemon: RunningDaemon;
let browser: Browser;

beforeAll(async () => {
  daemon = await RunningDaemon.start();
  if (daemon.canRecordYesterday) daemon.recordYesterday();
  await daemon.ask({ agent_id: 'agent:deploy', action: { kind: 'bash', command: 'rm -rf / # today' } });
  await daemon.settled();
});

afterAll(async () => {
  await browser?.close();
  await Browser.end();
  await daemon.close();
});

it("yesterday's refusals of an agent are found and one is proven", async ({ skip }) => {
  if (!daemon.canRecordYesterday) skip('this run has no way to record decisions of yesterday');
  // A person gets these two from the log's owner.
  const { key } = daemon;
  const vkey = daemon.vkey();
  browser = await Browser.open();
  const { page } = browser;
  const actions: string[] = [];
  const act = async (name: string, action: () => Promise<unknown>) => {
    actions.push(name);
    await action();
  };
  await act('open the URL', () => page.goto(daemon.base));
  await act('paste the API key', () => page.getByLabel('API key').fill(key));
  await act('sign in', () => page.getByRole('button', { name: 'Sign in' }).click());
  await act('choose yesterday', () => page.getByLabel('Time range').selectOption({ label: 'Yesterday (UTC)' }));
  await act('choose the agent', () => page.locator('.facet button', { hasText: 'agent:deploy' }).click());
  await act('choose the refusals', () => page.locator('.facet button', { hasText: 'Refused' }).click());
  const rows = page.locator('a.row');
  await until(async () => (await rows.count()) === 3);
  expect(await rows.locator('.verdict-name').allTextContents()).toEqual(Array(3).fill('Refused'));
  expect(await rows.locator('.cell-agent').allTextContents()).toEqual(Array(3).fill('agent:deploy'));
  expect(await page.locator('main').textContent()).not.toContain('# today');
  await act('open one', () => rows.first().click());
  await page.getByRole('heading', { name: 'Refused by delete-system' }).waitFor();
  await act('begin to pin a key', () => page.getByRole('button', { name: 'Pin a key' }).click());
  await act("paste the log's key", () => page.getByLabel('Public keys, one a line').fill(vkey));
  await act('pin it', () => page.getByRole('button', { name: 'Pin', exact: true }).click());
  await page.locator('.proof-verdict.proven').waitFor();
  console.log(`${actions.length} actions: ${actions.join(', ')}`);
  expect(actions.length).toBeLessThanOrEqual(MAX_ACTIONS);
});
