// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser as Chromium, type BrowserContext, type Page } from 'playwright-core';

/** The longest wait for a process or an answer; the machine may be busy. */
const LIMIT_MS = 60_000;

/** The command, as words; by default that of this checkout. */
const COMMAND = JSON.parse(process.env['INDELIBLE_COMMAND'] ?? '["../indelible"]') as string[];

/** Runs a statement of SQL on a database: the words before the database and the statement. */
const SQL = process.env['INDELIBLE_SQL'];

/** Records decisions of the last day in a data directory: the words before the directory. */
const YESTERDAY = process.env['INDELIBLE_YESTERDAY'];

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const CHROMIUM = process.env['INDELIBLE_CHROMIUM'] ?? '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

function run(words: string[]): string {
  const done = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8', timeout: LIMIT_MS });
  if (done.status !== 0) throw new Error(`${words.join(' ')}: ${done.status}: ${done.stderr}`);
  return done.stdout;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Returns an action that runs a command. */
export function bash(command: string): { kind: string; command: string } {
  return { kind: 'bash', command };
}

/** Waits until a condition holds. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the state was not reached in time');
    await new Promise((next) => setTimeout(next, 100));
  }
}

/** A daemon of its own process, with a data directory and keys. */
export class RunningDaemon {
  private process: ChildProcess | undefined;

  private constructor(
    readonly home: string,
    readonly data: string,
    readonly port: number,
    /** The key with the role admin. */
    readonly key: string,
  ) {}

  static async start(): Promise<RunningDaemon> {
    const home = mkdtempSync(join(tmpdir(), 'indelible-console-'));
    mkdirSync(join(home, 'run'), { mode: 0o700 });
    const data = join(home, 'data');
    const key = run([...COMMAND, '--data', data, 'serve', '--init']).split('\n')[0]!;
    const daemon = new RunningDaemon(home, data, await freePort(), key);
    await daemon.restart();
    return daemon;
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Runs a verb of the command on the data directory. */
  command(...words: string[]): string {
    return run([...COMMAND, '--data', this.data, ...words]);
  }

  /** Runs a statement on the database. */
  sql(statement: string): void {
    if (SQL === undefined) throw new Error('INDELIBLE_SQL is not set');
    run([...(JSON.parse(SQL) as string[]), join(this.data, 'indelible.db'), statement]);
  }

  /** Records decisions of the last day, as a gate did then. */
  recordYesterday(): void {
    if (YESTERDAY === undefined) throw new Error('INDELIBLE_YESTERDAY is not set');
    run([...(JSON.parse(YESTERDAY) as string[]), this.data]);
  }

  get canRecordYesterday(): boolean {
    return YESTERDAY !== undefined;
  }

  /** Returns the log's public key. */
  vkey(): string {
    return this.command('keys', 'export', '--format', 'vkey').trim();
  }

  get canRunSql(): boolean {
    return SQL !== undefined;
  }

  /** Starts the daemon, or starts it again on its port. */
  async restart(whileStopped: () => void = () => {}): Promise<void> {
    await this.stop();
    whileStopped();
    const words = [...COMMAND, '--data', this.data, 'serve', '--listen', `127.0.0.1:${this.port}`, '--socket', 'off'];
    this.process = spawn(words[0]!, words.slice(1), { stdio: 'ignore', cwd: this.home });
    await until(async () => {
      try {
        return (await fetch(`${this.base}/health/live`)).ok;
      } catch {
        return false;
      }
    });
  }

  async stop(): Promise<void> {
    const process = this.process;
    if (process === undefined || process.exitCode !== null) return;
    this.process = undefined;
    const ended = new Promise((end) => process.once('exit', end));
    process.kill('SIGTERM');
    await ended;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Asks for decisions; returns the ids of the events. */
  async ask(...checks: { agent_id: string; action: unknown; session?: string }[]): Promise<string[]> {
    const response = await fetch(`${this.base}/v1/checks`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ checks }),
    });
    const answer = (await response.json()) as { decisions: { id: string }[] };
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer.decisions.map((each) => each.id);
  }

  /** Asks for a decision about a command, and waits for its receipt; returns the id of the event. */
  async decide(command: string): Promise<string> {
    const [id] = await this.ask({ agent_id: 'agent:proof', action: bash(command) });
    await until(async () => (await this.read(`/v1/events/${id}/proof`)).ok);
    return id!;
  }

  /** Reads an answer with the key. */
  read(path: string): Promise<Response> {
    return fetch(this.base + path, { headers: { Authorization: `Bearer ${this.key}` } });
  }

  /** Reads a JSON answer with the key. */
  async get<T>(path: string): Promise<T> {
    return (await (await this.read(path)).json()) as T;
  }

  /** Waits until the index has every row, so that searches find all. */
  async settled(): Promise<void> {
    await until(async () => {
      const page = await this.get<{ indexed: number; last: number }>('/v1/events?limit=1');
      return page.indexed === page.last;
    });
  }
}

/** A browser with nothing in it. */
export class Browser {
  /** What went wrong in the page: exceptions, and violations of its policy. */
  readonly faults: string[] = [];

  /** One process for all tests; each test has a context of its own. */
  private static process: Promise<Chromium> | undefined;

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static isInstalled(): boolean {
    return existsSync(CHROMIUM);
  }

  static async open(options: { width?: number; height?: number; colorScheme?: 'light' | 'dark' } = {}): Promise<Browser> {
    Browser.process ??= chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
    const context = await (await Browser.process).newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
      colorScheme: options.colorScheme ?? 'light',
      reducedMotion: 'reduce',
      acceptDownloads: true,
    });
    context.setDefaultTimeout(LIMIT_MS);
    const page = await context.newPage();
    const browser = new Browser(context, page);
    page.on('pageerror', (e) => browser.faults.push(e.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy') || message.text().includes('TrustedHTML')) browser.faults.push(message.text());
    });
    return browser;
  }

  /** Opens a view and signs in if the page asks for a key. */
  async signIn(daemon: RunningDaemon, view = ''): Promise<void> {
    await this.page.goto(`${daemon.base}/${view}`);
    await this.enter(daemon.key);
    await this.page.locator('nav[aria-label="Views"]').waitFor();
  }

  async enter(key: string): Promise<void> {
    await this.page.getByLabel('API key').fill(key);
    await this.page.keyboard.press('Enter');
  }

  /** Pins keys in the view that is open. */
  async pin(keys: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Pin a key' }).click();
    await this.page.getByLabel('Public keys, one a line').fill(keys);
    await this.page.getByRole('button', { name: 'Pin', exact: true }).click();
  }

  /** Returns what axe finds wrong with the page. */
  async axe(): Promise<string[]> {
    // The page's policy permits no script of another origin; the browser's own evaluation is exempt.
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
      return (await axe.run()).violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`);
    });
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  /** Ends the process. */
  static async end(): Promise<void> {
    await (await Browser.process)?.close();
    Browser.process = undefined;
  }
}
