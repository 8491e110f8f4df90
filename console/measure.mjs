// SPDX-License-Identifier: Apache-2.0
// Measures the console against a running daemon, and prints a table. Run nothing else meanwhile.
//
//   node measure.mjs http://127.0.0.1:8740 KEY      a key with the role admin
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [base, key] = process.argv.slice(2);
if (key === undefined) {
  console.error('usage: node measure.mjs URL KEY');
  process.exit(2);
}

const CHROMIUM = process.env.INDELIBLE_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
const ROUNDS = 15;
const COLD_STARTS = 7;
const LIVE_ROWS = 10_000;
const SENDS = 40;
/** Ends a measurement on a machine that is too busy for one. */
const LIMIT_MS = 120_000;

const headers = { Authorization: `Bearer ${key}` };

async function answer(path) {
  const response = await fetch(base + path, { headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Prints the median, the 90th percentile and the maximum of some times. */
function report(name, times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const ms = (time) => `${time.toFixed(0)} ms`;
  console.log(`| ${name} | ${ms(at(0.5))} | ${ms(at(0.9))} | ${ms(sorted.at(-1))} |`);
}

async function timed(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

async function repeated(name, action) {
  await action();
  const times = [];
  for (let i = 0; i < ROUNDS; i++) times.push(await timed(action));
  report(name, times);
}

/** Pages, histogram and facets, as the console asks for them. */
async function answers() {
  const bucket = { '24h': '1200s', '7d': '10800s', '30d': '43200s' };
  for (const [name, query] of [
    ['newest page', 'verdict=any&since=24h'],
    ['newest page, all time', 'verdict=any'],
    ['page of one agent', 'verdict=any&agent=agent:40'],
    ['page of one rule, refused', 'verdict=refuse&rule=rule-7'],
    ['page of refused network requests', 'verdict=refuse&kind=network_request'],
    ['page of one session', 'verdict=any&agent=agent:3&session=3-50'],
    ['page by text', 'verdict=any&since=24h&text=part-4711'],
  ]) {
    await repeated(name, () => answer(`/v1/events?${query}&limit=100`));
  }
  let cursor = '';
  for (let i = 0; i < 20; i++) cursor = (await answer(`/v1/events?verdict=any&limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`)).next ?? '';
  await repeated('page after 20,000 rows', () => answer(`/v1/events?verdict=any&limit=100&cursor=${cursor}`));
  for (const [range, length] of Object.entries(bucket)) {
    await repeated(`histogram and facets, ${range}`, () => answer(`/v1/stats?verdict=any&since=${range}&bucket=${length}&top=12`));
  }
  await repeated('histogram and facets, all time', () => answer('/v1/stats?verdict=any&top=12'));
  await repeated('histogram and facets, 30d, one agent', () => answer('/v1/stats?verdict=any&since=30d&bucket=43200s&top=12&agent=agent:3'));
  await repeated('histogram and facets, 30d, refused', () => answer('/v1/stats?verdict=refuse&since=30d&bucket=43200s&top=12'));
}

/** A browser with the cookie of a session, and nothing in its caches. */
async function open(cookies) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(LIMIT_MS);
  await context.addCookies(cookies);
  return { browser, page: await context.newPage() };
}

async function session() {
  const response = await fetch(`${base}/v1/session`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: '{}',
  });
  if (!response.ok) throw new Error(await response.text());
  const [name, value] = response.headers.getSetCookie()[0].split(';')[0].split('=');
  return [{ name, value, url: base, httpOnly: true, sameSite: 'Strict' }];
}

/** The time from the navigation until rows and histogram are painted, in a new browser process. */
async function firstView(cookies) {
  const times = [];
  for (let i = 0; i < COLD_STARTS; i++) {
    const { browser, page } = await open(cookies);
    await page.addInitScript(() => {
      const seen = setInterval(() => {
        if (!document.querySelector('a.row') || !document.querySelector('.histogram .bar')) return;
        clearInterval(seen);
        requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); }));
      }, 4);
    });
    await page.goto(base + '/');
    await page.waitForFunction(() => window.painted !== undefined);
    times.push(await page.evaluate(() => window.painted));
    await browser.close();
  }
  report('first view, cold browser', times);
}

/** The time from an input until the next paint, after the list has received many live rows. */
async function interactions(cookies) {
  const { browser, page } = await open(cookies);
  await page.goto(base + '/');
  await page.locator('a.row').first().waitFor();
  await page.evaluate(() => {
    window.durations = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.interactionId) window.durations.push([entry.name, entry.duration]);
    }).observe({ type: 'event', durationThreshold: 16, buffered: true });
  });
  for (let i = 0; i < SENDS; i++) {
    const checks = Array.from({ length: LIVE_ROWS / SENDS }, (_, n) => ({ agent_id: 'agent:live', action: { kind: 'bash', command: `echo ${i}-${n}` } }));
    const response = await fetch(`${base}/v1/checks`, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify({ checks }) });
    if (!response.ok) throw new Error(await response.text());
    await response.arrayBuffer();
  }
  await page.getByText('echo 39-249').first().waitFor();
  const measured = async (name, act) => {
    await page.evaluate(() => { window.durations.length = 0; });
    for (let i = 0; i < ROUNDS; i++) {
      await act(i);
      await page.waitForTimeout(150);
    }
    const found = await page.evaluate(() => window.durations.map(([, duration]) => duration));
    // An interaction below the threshold of the browser's clock is not reported.
    report(name, found.length === 0 ? [16] : found);
  };
  await measured('key j', () => page.keyboard.press('j'));
  await measured('facet chosen and removed', () => page.locator('.facet button', { hasText: 'Allowed' }).click());
  await measured('text typed into the search', (i) => page.locator('input[type=search]').press('abcdefghijklmno'[i]));
  await page.locator('input[type=search]').fill('');
  // The address follows the text after a moment; "back" would otherwise return to the last text.
  await page.waitForFunction(() => !location.hash.includes('text='));
  await measured('decision opened, and back', async () => {
    await page.locator('a.row').first().click();
    await page.locator('.decision-head').waitFor();
    await page.evaluate(() => history.back());
    await page.locator('.decision-head').waitFor({ state: 'detached' });
    await page.locator('a.row').first().waitFor();
  });
  await browser.close();
}

if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is not there`);
const { last } = await answer('/v1/events?limit=1');
console.log(`${last} rows; ${new Date().toISOString()}\n\n| | median | p90 | max |\n|---|---:|---:|---:|`);
await answers();
const cookies = await session();
await firstView(cookies);
await interactions(cookies);
