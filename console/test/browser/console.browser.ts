// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RESOURCES, text } from '../proof/resources.ts';
import { Browser, RunningDaemon, bash, until } from './harness.ts';

const MARKUP = '<script>window.pwned=1</script><img src=x onerror="window.pwned=1"><style>*{display:none}</style>';
const BIDI = 'echo safe \u202egnihton\u2066 \u200b end';

let daemon: RunningDaemon;
let browser: Browser;

beforeAll(async () => {
  daemon = await RunningDaemon.start();
  await daemon.ask(
    { agent_id: 'agent:alice', session: 's-1', action: bash('ls -la') },
    { agent_id: 'agent:alice', session: 's-1', action: bash('rm -rf /') },
    { agent_id: 'agent:alice', session: 's-1', action: bash('rm -rf build') },
    { agent_id: 'agent:bob', action: { kind: 'network_request', scheme: 'https', host: 'example.org', path: '/a' } },
    { agent_id: 'agent:bob', action: bash('git push --force') },
  );
  await daemon.settled();
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

/** Drops a file or a folder of the disk onto the view that verifies it, as a person does. */
async function drop(path: string): Promise<void> {
  const { x, y } = (await browser.page.locator('.drop').boundingBox())!;
  const client = await browser.context.newCDPSession(browser.page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
  }
}

describe('signing in', () => {
  it('keeps the key in no storage, no address and no script', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon);
    const kept = await browser.page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, document.documentElement.outerHTML]));
    expect(kept).not.toContain(daemon.key);
    expect(kept).not.toContain(daemon.key.slice(-72));
    const cookies = await browser.context.cookies();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  });

  it('explains a key that is not accepted', async () => {
    browser = await Browser.open();
    await browser.page.goto(daemon.base);
    await browser.enter('nonsense');
    await browser.page.getByText('a key is "indelible_"').waitFor();
    await browser.enter(daemon.key.replace(/.{10}$/, '0000000000'));
    await browser.page.getByText('unknown, revoked or expired').waitFor();
  });

  it('ends with the key, and goes on where it was', async () => {
    browser = await Browser.open();
    const key = daemon.command('api-keys', 'create', 'guest', '--role', 'reader').split('\n')[0]!;
    await browser.page.goto(`${daemon.base}/#/decisions?verdict=refuse`);
    await browser.enter(key);
    await browser.page.locator('a.row').first().waitFor();
    daemon.command('api-keys', 'revoke', 'guest');
    await browser.page.getByText('Your session has ended').waitFor();
    await browser.enter(daemon.key);
    await browser.page.locator('a.row').first().waitFor();
    expect(browser.page.url()).toContain('verdict=refuse');
  });

  it('ends when the key expires', async () => {
    browser = await Browser.open();
    const key = daemon.command('api-keys', 'create', 'brief', '--role', 'reader', '--expires', '15s').split('\n')[0]!;
    await browser.page.goto(daemon.base);
    await browser.enter(key);
    await browser.page.locator('a.row').first().waitFor();
    await browser.page.getByText('Your session has ended').waitFor();
    await browser.enter(key);
    await browser.page.getByText('unknown, revoked or expired').waitFor();
    expect(await browser.axe()).toEqual([]);
  });

  it('ends when a reader signs out', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon);
    const cookies = await browser.context.cookies();
    await browser.page.getByRole('button', { name: 'Sign out' }).click();
    await browser.page.getByLabel('API key').waitFor();
    const answer = await fetch(`${daemon.base}/v1/events`, { headers: { Cookie: `${cookies[0]!.name}=${cookies[0]!.value}` } });
    expect(answer.status).toBe(401);
  });
});

describe('decisions', () => {
  it('are filtered by a facet, and the address says so', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon);
    await browser.page.locator('.facet button', { hasText: 'Refused' }).click();
    await browser.page.waitForURL(/verdict=refuse/);
    await until(async () => (await browser.page.locator('a.row .verdict-name').allTextContents()).every((each) => each === 'Refused'));
    await browser.page.locator('.facet button', { hasText: 'agent:bob' }).click();
    await until(async () => (await browser.page.locator('a.row').count()) === 1);
    await browser.page.goBack();
    await until(async () => (await browser.page.locator('a.row').count()) > 1);
    const shared = browser.page.url();
    await browser.page.goto('about:blank');
    await browser.page.goto(shared);
    await until(async () => (await browser.page.locator('a.row .verdict-name').allTextContents()).join() === 'Refused,Refused');
  });

  it('are filtered by a verdict of the histogram', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon);
    await browser.page.getByRole('button', { name: /Show only: allowed/ }).click();
    await browser.page.waitForURL(/verdict=allow/);
    await until(async () => (await browser.page.locator('a.row .verdict-name').allTextContents()).every((each) => each === 'Allowed'));
  });

  it('are found by their text', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon);
    await browser.page.keyboard.press('/');
    await browser.page.keyboard.type('--force');
    await browser.page.keyboard.press('Enter');
    await until(async () => (await browser.page.locator('a.row').count()) === 1);
    expect(await browser.page.locator('a.row').textContent()).toContain('git push --force');
  });

  it('are zoomed into by dragging over the histogram', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon);
    const plot = browser.page.getByRole('slider', { name: 'Decisions over time' });
    await plot.locator('.bar').first().waitFor();
    const box = (await plot.boundingBox())!;
    await browser.page.mouse.move(box.x + box.width - 60, box.y + 40);
    await browser.page.mouse.down();
    await browser.page.mouse.move(box.x + box.width - 2, box.y + 40);
    await browser.page.mouse.up();
    await browser.page.waitForURL(/since=.*until=/);
    await until(async () => (await browser.page.locator('a.row').count()) === 5);
  });

  it('appear in the list as they are made', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/decisions?agent=agent%3Anew');
    await browser.page.getByRole('button', { name: 'Live' }).waitFor();
    await daemon.ask({ agent_id: 'agent:new', action: bash('echo first') }, { agent_id: 'agent:other', action: bash('echo other') });
    await browser.page.locator('a.row', { hasText: 'echo first' }).waitFor();
    expect(await browser.page.locator('a.row').count()).toBe(1);
  });

  it('go on after the daemon was started again', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/decisions?agent=agent%3Aagain');
    await browser.page.getByRole('button', { name: 'Live' }).waitFor();
    await daemon.restart();
    // A daemon keeps sessions in memory only.
    await browser.page.getByText('Your session has ended').waitFor();
    await browser.enter(daemon.key);
    await browser.page.getByRole('button', { name: 'Live' }).waitFor();
    await daemon.ask({ agent_id: 'agent:again', action: bash('echo back') });
    await browser.page.locator('a.row', { hasText: 'echo back' }).waitFor();
  });

  it('are shown beside the events of the log itself', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon);
    await browser.page.getByLabel('Events', { exact: true }).selectOption('all');
    const loaded = browser.page.locator('a.row', { hasText: 'policy.loaded' });
    await loaded.last().click();
    await browser.page.getByRole('heading', { name: 'policy.loaded' }).waitFor();
  });

  it('are saved as CSV and as JSON lines', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/decisions?agent=agent%3Abob');
    await browser.page.locator('a.row').first().waitFor();
    const [download] = await Promise.all([
      browser.page.waitForEvent('download'),
      browser.page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    const text = readFileSync(await download.path(), 'utf8');
    expect(text.split('\r\n')).toHaveLength(4);
    expect(text).toContain('git push --force');
    const [lines] = await Promise.all([
      browser.page.waitForEvent('download'),
      browser.page.getByRole('button', { name: 'JSONL' }).click(),
    ]);
    const rows = readFileSync(await lines.path(), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { agent_id: string });
    expect(rows.map((row) => row.agent_id)).toEqual(['agent:bob', 'agent:bob']);
  });

  it('of a session show what was tried after a refusal', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/session?agent=agent%3Aalice&session=s-1');
    const entries = browser.page.locator('.timeline > li');
    await entries.first().waitFor();
    expect(await entries.count()).toBe(3);
    expect(await entries.nth(1).getAttribute('class')).toContain('stopped');
    expect(await entries.nth(2).textContent()).toContain('tried next');
  });
});

describe('a decision', () => {
  it('is proven with all requests blocked', async () => {
    const id = await daemon.decide('echo prove');
    browser = await Browser.open();
    await browser.signIn(daemon, `#/decision/${id}`);
    // Never green by default: without a key, nothing is proven.
    await browser.page.locator('.proof-verdict.unknown').waitFor();
    await browser.page.route('**/*', (route) => route.abort());
    await browser.pin(daemon.vkey());
    await browser.page.locator('.proof-verdict.proven').waitFor();
    expect(await browser.page.locator('.steps li.ok').count()).toBe(7);
  });

  it('turns red when a byte in the database was changed', async () => {
    const id = await daemon.decide('echo untouched-4711');
    await daemon.restart(() => {
      const file = join(daemon.data, 'indelible.db');
      const bytes = readFileSync(file);
      const at = bytes.indexOf('untouched-4711');
      expect(at).toBeGreaterThan(0);
      bytes[at + 13] = '2'.charCodeAt(0);
      writeFileSync(file, bytes);
    });
    browser = await Browser.open();
    await browser.signIn(daemon, `#/decision/${id}`);
    await browser.page.getByText('untouched-4712').first().waitFor();
    await browser.page.locator('.proof-verdict.refuted').waitFor();
    expect(await browser.page.locator('.steps li.wrong').first().textContent()).toContain('Payload');
  });

  it('turns red when the server forges the path', async () => {
    const id = await daemon.decide('echo forge');
    await daemon.decide('echo after');
    browser = await Browser.open();
    await browser.page.route('**/proof*', async (route) => {
      const answer = await route.fetch();
      const lines = (await answer.text()).split('\n');
      const at = lines.findIndex((line) => line.startsWith('index ')) + 1;
      lines[at] = 'A'.repeat(43) + '=';
      await route.fulfill({ response: answer, body: lines.join('\n') });
    });
    await browser.signIn(daemon, `#/decision/${id}`);
    await browser.page.locator('.proof-verdict').waitFor();
    await browser.pin(daemon.vkey());
    await browser.page.locator('.proof-verdict.refuted').waitFor();
    expect(await browser.page.locator('.steps li.wrong').textContent()).toContain('Path');
  });
});

describe('an edit', () => {
  it('is shown as the lines that change', async () => {
    const [id] = await daemon.ask({
      agent_id: 'agent:edit',
      action: { kind: 'tool_call', tool: 'Edit', arguments: { file_path: '/srv/app/a.ts', old_string: 'one\ntwo', new_string: 'one\nthree' } },
    });
    await daemon.settled();
    browser = await Browser.open();
    await browser.signIn(daemon, `#/decision/${id}`);
    await browser.page.locator('.diff').waitFor();
    expect(await browser.page.locator('.diff .removed').textContent()).toContain('two');
    expect(await browser.page.locator('.diff .added').textContent()).toContain('three');
  });
});

describe('text of an agent', () => {
  it('executes nothing and breaks nothing', async () => {
    const ids = await daemon.ask(
      { agent_id: `agent:${MARKUP.slice(0, 60)}`, session: '<b>s</b>', action: bash(`echo '${MARKUP}'`) },
      { agent_id: 'javascript:alert(1)', action: { kind: 'tool_call', tool: MARKUP, arguments: { [MARKUP]: MARKUP, list: [BIDI, null, 1.5, true], ['__proto__']: { x: 1 } } } },
      { agent_id: 'agent:hostile', action: bash(BIDI) },
      { agent_id: 'agent:hostile', action: bash(`echo ${'A'.repeat(1_000_000)}`) },
    );
    await daemon.settled();
    browser = await Browser.open();
    await browser.signIn(daemon);
    for (const id of ids) {
      await browser.page.locator(`a.row[href="#/decision/${id}"]`).waitFor();
    }
    expect(await browser.page.locator('a.row .hidden-char', { hasText: 'U+202E' }).count()).toBeGreaterThan(0);
    for (const id of ids) {
      await browser.page.goto(`${daemon.base}/#/decision/${id}`);
      await browser.page.locator('.decision-head').waitFor();
      await browser.page.locator('.steps').waitFor();
      expect(await browser.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    }
    await browser.page.getByRole('button', { name: 'Show more' }).click();
    expect(await browser.page.evaluate(() => (window as unknown as { pwned?: number }).pwned)).toBeUndefined();
    expect(await browser.page.locator('main script, main img, main style').count()).toBe(0);
  });
});

describe('approvals', () => {
  it('let an action through once', async () => {
    const asked = { agent_id: 'agent:carol', action: bash('git reset --hard HEAD~3') };
    await daemon.ask(asked);
    await daemon.settled();
    browser = await Browser.open();
    await browser.signIn(daemon, '#/approvals');
    const request = browser.page.getByRole('article', { name: 'Request of agent:carol' });
    await request.getByRole('button', { name: 'Approve' }).click();
    await request.getByText('give a reason').waitFor();
    await request.getByLabel('Reason').fill('the branch is disposable');
    await request.getByRole('button', { name: 'Approve' }).click();
    await browser.page.locator('.answered li', { hasText: 'approved, not used yet' }).waitFor();
    expect(await browser.axe()).toEqual([]);
  });

  it('are denied without a mouse, while the time runs', async () => {
    await daemon.ask({ agent_id: 'agent:dave', action: bash('git reset --hard HEAD~2') });
    await daemon.settled();
    browser = await Browser.open();
    await browser.signIn(daemon, '#/approvals');
    const request = browser.page.getByRole('article', { name: 'Request of agent:dave' });
    await request.locator('.countdown', { hasText: /expires in [0-9]+ (min|h)/ }).waitFor();
    await request.getByLabel('Reason').focus();
    await browser.page.keyboard.type('not on a Friday');
    // Approve, for how long, Deny.
    for (let i = 0; i < 3; i++) await browser.page.keyboard.press('Tab');
    await browser.page.keyboard.press('Enter');
    const answered = browser.page.locator('.answered li', { hasText: 'agent:dave' });
    await answered.waitFor();
    expect(await answered.textContent()).toMatch(/denied.*not on a Friday/);
  });

  it('are all that an approver sees', async () => {
    const key = daemon.command('api-keys', 'create', 'approver', '--role', 'approver').split('\n')[0]!;
    browser = await Browser.open();
    await browser.page.goto(`${daemon.base}/#/decisions`);
    await browser.enter(key);
    await browser.page.getByRole('heading', { name: 'Approvals' }).waitFor();
    expect(await browser.page.locator('nav[aria-label="Views"] a').count()).toBe(1);
  });
});

describe('health', () => {
  it('replays a dead letter', async ({ skip }) => {
    browser = await Browser.open();
    if (!daemon.canRunSql) skip('this run has no way to change the database');
    daemon.sql("CREATE TRIGGER IF NOT EXISTS refuse BEFORE INSERT ON signed_events WHEN NEW.agent_id = 'agent:dead' BEGIN SELECT RAISE(ABORT, 'no'); END");
    await daemon.ask({ agent_id: 'agent:dead', action: bash('echo dead') });
    await until(async () => (await daemon.get<{ dead_letters: unknown[] }>('/v1/dlq')).dead_letters.length > 0);
    daemon.sql('DROP TRIGGER refuse');
    await browser.signIn(daemon, '#/health');
    await browser.page.locator('.letters li', { hasText: 'agent:dead' }).getByRole('button', { name: 'Replay' }).click();
    await browser.page.locator('.letters').getByRole('link', { name: 'replayed' }).waitFor();
  });

  it('says so when the daemon cannot be reached', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/health');
    await browser.page.locator('.state').waitFor();
    await browser.context.setOffline(true);
    await browser.page.getByText('the daemon cannot be reached').waitFor();
    await browser.context.setOffline(false);
    await browser.page.getByRole('button', { name: 'Try again' }).click();
    await browser.page.getByText('the daemon cannot be reached').waitFor({ state: 'detached' });
  });
});

describe('policy', () => {
  it('decides about an action and records nothing', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/policy');
    await browser.page.getByLabel('A command, or an action as JSON').fill('sudo rm -rf /');
    await browser.page.keyboard.press('Enter');
    await browser.page.locator('.tried.refuse').waitFor();
    await browser.page.getByRole('button', { name: 'delete-system' }).click();
    await browser.page.locator('.rule-details').waitFor();
  });
});

describe('a rule in shadow mode', () => {
  it('shows what it would have decided, and since when it is there', async () => {
    writeFileSync(
      join(daemon.data, 'policy', 'shadow.yaml'),
      `version: 1
rules:
  - id: no-shadow-4711
    severity: refuse
    mode: shadow
    reason: tried out
    when:
      writes: ["/srv/shadow-4711"]
`,
    );
    browser = await Browser.open();
    await browser.signIn(daemon, '#/policy');
    await browser.page.getByRole('button', { name: 'Load them again' }).click();
    const rule = browser.page.locator('table.rules tr', { hasText: 'no-shadow-4711' });
    await rule.locator('.tag', { hasText: 'shadow' }).waitFor();
    await until(async () => (await browser.page.locator('.in-force .tag').count()) === 1);
    await until(async () => (await browser.page.locator('.in-force li').count()) === 2);
    expect(await browser.page.locator('.in-force li').first().textContent()).toContain('in force');

    const [id] = await daemon.ask({ agent_id: 'agent:erin', action: bash('touch /srv/shadow-4711') });
    await daemon.settled();
    await rule.getByRole('button').click();
    await browser.page.locator('.rule-details', { hasText: 'would decide' }).getByRole('link', { name: '1 decision' }).click();
    await browser.page.locator(`a.row[href="#/decision/${id}"]`).click();
    // It was permitted, and the record names the rule.
    await browser.page.getByRole('heading', { name: 'Allowed' }).waitFor();
    await browser.page.locator('.matched', { hasText: 'shadow: would have decided' }).waitFor();
  });
});

describe('verify', () => {
  it('shows the findings of a whole verification', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/verify');
    await browser.page.locator('main').getByRole('button', { name: 'Verify', exact: true }).click();
    // A byte of the database was changed above, and the verification names it.
    await browser.page.locator('.findings .proof-verdict').waitFor();
    expect(await browser.page.locator('.findings li').count()).toBeGreaterThan(5);
  });

  it('proves a receipt that is dropped, in a worker', async () => {
    const id = await daemon.decide('echo dropped-4711');
    const answer = await fetch(`${daemon.base}/v1/events/${id}/proof?payload=true`, { headers: { Authorization: `Bearer ${daemon.key}` } });
    const receipt = join(daemon.home, 'dropped.tlog-proof');
    writeFileSync(receipt, await answer.text());
    browser = await Browser.open();
    await browser.signIn(daemon, '#/verify');
    const worker = browser.page.waitForEvent('worker');
    await drop(receipt);
    // Never green by default: without a key, nothing is proven.
    await browser.page.locator('.file-report .proof-verdict.unknown').waitFor();
    expect((await worker).url()).toMatch(/\/assets\/verify-worker-/);
    await browser.pin(daemon.vkey());
    await browser.page.locator('.file-report .proof-verdict.proven').waitFor();
    expect(await browser.page.locator('.file-report .steps li.wrong').count()).toBe(0);
    expect(await browser.axe()).toEqual([]);
    // One byte of the payload.
    const changed = readFileSync(receipt, 'utf8').replace(/^extra (.*)$/m, (_, extra: string) => {
      const bytes = Buffer.from(extra, 'base64');
      bytes[bytes.indexOf('dropped-4711') + 11]! ^= 2;
      return `extra ${bytes.toString('base64')}`;
    });
    writeFileSync(receipt, changed);
    await drop(receipt);
    await browser.page.locator('.file-report .proof-verdict.refuted').waitFor();
    expect(await browser.page.locator('.file-report').count()).toBe(1);
    await browser.page.locator('.file-report .steps li.wrong', { hasText: 'Payload' }).waitFor();
  });

  it('finds a dropped log intact with all requests blocked', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/verify');
    await browser.pin(text(RESOURCES, 'vkeys') + text(RESOURCES, 'witnesses'));
    await browser.page.route('**/*', (route) => route.abort());
    await drop(join(RESOURCES, 'log'));
    await browser.page.locator('.file-report .proof-verdict.proven').waitFor();
    expect(await browser.page.locator('.file-report .finding-check').count()).toBeGreaterThan(5);
  });
});

describe('good manners', () => {
  const views = ['decisions', 'approvals', 'session?agent=agent%3Aalice&session=s-1', 'health', 'policy', 'verify'];

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`axe finds nothing in ${colorScheme}`, async () => {
      browser = await Browser.open({ colorScheme });
      await browser.page.goto(daemon.base);
      await browser.page.getByLabel('API key').waitFor();
      expect(await browser.axe()).toEqual([]);
      await browser.enter(daemon.key);
      await browser.page.locator('a.row').first().waitFor();
      for (const view of views) {
        await browser.page.goto(`${daemon.base}/#/${view}`);
        await browser.page.locator('main h1').waitFor({ state: 'attached' });
        await until(async () => (await browser.page.locator('[aria-busy="true"]').count()) === 0);
        expect(await browser.axe(), view).toEqual([]);
      }
      await browser.page.goto(`${daemon.base}/#/decisions?verdict=refuse`);
      await browser.page.locator('a.row').first().click();
      await browser.page.locator('.steps').waitFor();
      expect(await browser.axe(), 'decision').toEqual([]);
    });
  }

  it('fits into 320 pixels', async () => {
    browser = await Browser.open({ width: 320, height: 640 });
    await browser.signIn(daemon);
    for (const view of views) {
      await browser.page.goto(`${daemon.base}/#/${view}`);
      await browser.page.locator('main h1').waitFor({ state: 'attached' });
      await until(async () => (await browser.page.locator('[aria-busy="true"]').count()) === 0);
      expect(await browser.page.evaluate(() => document.documentElement.scrollWidth), view).toBeLessThanOrEqual(320);
      expect(await browser.axe(), view).toEqual([]);
    }
    await browser.page.goto(`${daemon.base}/#/decisions?verdict=refuse`);
    await browser.page.locator('a.row').first().click();
    await browser.page.locator('.steps').waitFor();
    expect(await browser.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    expect(await browser.axe(), 'decision').toEqual([]);
  });

  it('needs no mouse', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/decisions?agent=agent%3Aalice');
    await browser.page.locator('a.row').first().waitFor();
    await browser.page.keyboard.press('j');
    await browser.page.keyboard.press('j');
    await browser.page.keyboard.press('k');
    await browser.page.keyboard.press('j');
    await browser.page.keyboard.press('Enter');
    await browser.page.getByRole('heading', { name: /Refused by/ }).waitFor();
    await browser.page.goBack();
    const plot = browser.page.getByRole('slider', { name: 'Decisions over time' });
    await plot.focus();
    await browser.page.keyboard.press('End');
    await browser.page.keyboard.press('Enter');
    await browser.page.waitForURL(/since=.*until=/);
  });

  it('has a switch between light and dark', async () => {
    browser = await Browser.open({ colorScheme: 'light' });
    await browser.signIn(daemon);
    const ground = () => browser.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await browser.page.getByRole('button', { name: /Theme/ }).click();
    await browser.page.getByRole('button', { name: /Theme/ }).click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await browser.page.reload();
    await browser.page.locator('nav[aria-label="Views"]').waitFor();
    expect(await ground()).toBe(dark);
  });
});

describe('more decisions than a stream sends', () => {
  it('leave no gap in the list', async () => {
    browser = await Browser.open();
    await browser.signIn(daemon, '#/decisions?agent=agent%3Aburst');
    await browser.page.getByRole('button', { name: 'Live' }).waitFor();
    for (let i = 0; i < 12; i++) {
      await daemon.ask(...Array.from({ length: 250 }, (_, n) => ({ agent_id: 'agent:burst', action: bash(`echo burst ${i}-${n}`) })));
    }
    await browser.page.locator('a.row', { hasText: 'echo burst 11-249' }).waitFor();
  });
});
