// SPDX-License-Identifier: Apache-2.0

/** A request that the daemon refused, or that did not reach it. */
export class Problem extends Error {
  constructor(
    /** The HTTP status; 0 if the daemon cannot be reached. */
    readonly status: number,
    readonly title: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** The caller as the daemon knows it. */
export interface Caller {
  agent_id: string | null;
  expires_in: number | null;
  principal: string | null;
  roles: string[];
  token: string | null;
}

export type Verdict = 'allow' | 'warn' | 'refuse' | 'escalate';

/** Decisions by verdict; `unknown` counts those whose payload was erased or cannot be read. */
export type VerdictCounts = Record<Verdict | 'unknown', number>;

export interface Action {
  kind: string;
  [member: string]: unknown;
}

export interface Payload {
  action?: Action;
  agent_id?: string;
  decision?: { decision: Verdict; rule_id?: string; reason?: string };
  details?: unknown;
  effective_command?: string;
  facts?: string[];
  matched?: string[];
  policy?: string;
  principal?: string;
  session?: string;
  [member: string]: unknown;
}

/** A row of the chain, with the payload unless it was erased. */
export interface Row {
  id: string;
  agent_id: string;
  attest_level: string;
  event_type: string;
  key_id?: string;
  /** Null if it was erased. */
  payload: Payload | null;
  payload_hash: string;
  prev_hash: string;
  sequence: number;
  signature?: string;
  timestamp: string;
}

export interface Page {
  events: Row[];
  indexed: number;
  last: number;
  next: string | null;
  reached: number;
}

export interface Named {
  name: string;
  decisions: VerdictCounts;
}

export interface Stats {
  agents: Named[];
  agents_complete: boolean;
  bucket_seconds: number;
  buckets: { start: string; decisions: VerdictCounts }[];
  decisions: VerdictCounts;
  from?: number;
  indexed: number;
  kinds: Named[];
  last: number;
  more_agents: number;
  more_rules: number;
  rows: number;
  rules: Named[];
}

export type Parameters = Record<string, string | number | undefined>;

/** The token of the session in progress; memory only, so that a reload asks for it again. */
let token: string | null = null;

/** The daemon's clock minus this browser's, in milliseconds. */
let clockOffset = 0;

let onSignedOut = () => {};

/** Calls a function when the daemon no longer accepts the session. */
export function whenSignedOut(action: () => void): void {
  onSignedOut = action;
}

/** Returns the time by the daemon's clock, so that a wrong clock here moves no range. */
export function daemonNow(): number {
  return Date.now() + clockOffset;
}

/** Returns the daemon's clock minus this browser's, in milliseconds. */
export function clockDifference(): number {
  return clockOffset;
}

/** Returns a path with its parameters; leaves out those without a value. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function call(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', redirect: 'error', cache: 'no-store' });
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e;
    throw new Problem(0, 'Offline', 'the daemon cannot be reached');
  }
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (!Number.isNaN(date)) {
    // The header has whole seconds; a difference below two seconds is none.
    const offset = date + 500 - Date.now();
    clockOffset = Math.abs(offset) < 2000 ? 0 : offset;
  }
  return response;
}

async function problem(response: Response): Promise<Problem> {
  let title = response.statusText || 'Error';
  let detail = `the daemon answered with status ${response.status}`;
  try {
    const body = (await response.json()) as { title?: string; detail?: string };
    title = body.title ?? title;
    detail = body.detail ?? detail;
  } catch {
    // An answer that is not the daemon's own has no details.
  }
  return new Problem(response.status, title, detail);
}

async function answer(response: Response): Promise<Response> {
  if (response.ok) return response;
  const refused = await problem(response);
  if (refused.status === 401) onSignedOut();
  throw refused;
}

/** Reads a JSON answer. */
export async function get<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = signal ? { signal } : {};
  return (await (await answer(await call(address(path, parameters), init))).json()) as T;
}

/** Reads a JSON answer that may have an error status, for example health. */
export async function getAnyStatus<T>(path: string, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = signal ? { signal } : {};
  const response = await call(path, init);
  try {
    return (await response.json()) as T;
  } catch {
    throw new Problem(response.status, 'Unreadable answer', 'the answer of the daemon cannot be read');
  }
}

/** Reads a text. */
export async function getText(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<string> {
  const init: RequestInit = signal ? { signal } : {};
  return (await answer(await call(address(path, parameters), init))).text();
}

/** Reads bytes. */
export async function getBytes(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const init: RequestInit = signal ? { signal } : {};
  return new Uint8Array(await (await answer(await call(path, init))).arrayBuffer());
}

/** Sends JSON, with the session's token. */
export async function post<T>(path: string, content: unknown = {}): Promise<T> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (token !== null) headers['X-Indelible-Token'] = token;
  const response = await call(path, { method: 'POST', headers, body: JSON.stringify(content) });
  return (await (await answer(response)).json()) as T;
}

/** Returns the caller; null if the daemon answers no caller without a credential. */
export async function whoAmI(): Promise<Caller | null> {
  const response = await call('/v1/session', {});
  if (response.status === 401) return null;
  if (!response.ok) throw await problem(response);
  const caller = (await response.json()) as Caller;
  token = caller.token;
  return caller;
}

/** Fails, and has the page ask for a key, if the caller may no longer read. */
export async function requireSession(): Promise<void> {
  const caller = await whoAmI();
  if (!mayRead(caller)) {
    onSignedOut();
    throw new Problem(401, 'Signed out', 'the session has ended');
  }
}

/** Returns true if a caller may read the log, or the requests for approval in it. */
export function mayRead(caller: Caller | null): boolean {
  return caller !== null && (caller.roles.includes('reader') || caller.roles.includes('approver'));
}

/** Exchanges an API key for a session. The key is sent once, and kept nowhere. */
export async function signIn(key: string): Promise<Caller> {
  const response = await call('/v1/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
    body: '{}',
  });
  if (!response.ok) throw await problem(response);
  const caller = (await response.json()) as Caller;
  token = caller.token;
  return caller;
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  try {
    await post('/v1/session/end');
  } finally {
    token = null;
  }
}
