// SPDX-License-Identifier: Apache-2.0
import type { Action, Parameters, Payload, Row, Verdict, VerdictCounts } from '../api.ts';
import { instant } from './time.ts';

/** The verdicts, from the mildest on. */
export const VERDICTS: Verdict[] = ['allow', 'warn', 'escalate', 'refuse'];

/** The names of the verdicts as a reader sees them. */
export const VERDICT_NAMES: Record<Verdict | 'unknown', string> = {
  allow: 'Allowed',
  warn: 'Warned',
  refuse: 'Refused',
  escalate: 'Held',
  unknown: 'Erased',
};

/** The filter of a list, as the address has it. */
export interface Filter {
  since: string;
  until?: string | undefined;
  agent?: string | undefined;
  verdict?: string | undefined;
  rule?: string | undefined;
  kind?: string | undefined;
  session?: string | undefined;
  text?: string | undefined;
  type?: string | undefined;
}

export const FILTERS = ['agent', 'verdict', 'rule', 'kind', 'session', 'text', 'type'] as const;

export type FilterName = (typeof FILTERS)[number];

const DEFAULT_SINCE = '24h';

/** Reads a filter from the parameters of an address. */
export function readFilter(parameters: Record<string, string>): Filter {
  const filter: Filter = { since: parameters['since'] ?? DEFAULT_SINCE, until: parameters['until'] };
  for (const name of FILTERS) filter[name] = parameters[name];
  return filter;
}

/** Writes the parameters that `readFilter` reads. */
export function writeFilter(filter: Filter): Record<string, string | undefined> {
  return { ...filter, since: filter.since === DEFAULT_SINCE ? undefined : filter.since };
}

/** Returns the parameters of `/v1/events` and `/v1/stats`. Without a type, only decisions are shown. */
export function query(filter: Filter): Parameters {
  const { since, until, type, verdict, ...others } = filter;
  return {
    ...others,
    since: since === 'all' ? undefined : since,
    until,
    type: type === 'all' ? undefined : type,
    verdict: verdict ?? (type === undefined ? 'any' : undefined),
  };
}

/** Returns the verdict of a row; undefined if it records no decision, or the payload was erased. */
export function verdictOf(row: Row): Verdict | undefined {
  return row.payload?.decision?.decision;
}

/** Returns the fact that the reason of a decision names; undefined if it names none. */
export function factThatDecided(payload: Payload): string | undefined {
  const reason = payload.decision?.reason ?? '';
  return payload.facts?.filter((fact) => reason.includes(fact)).sort((a, b) => b.length - a.length)[0];
}

/** Returns true if the row records a decision, even if its payload was erased. */
export function isDecision(row: Row): boolean {
  return row.event_type === 'governance.refusal' || row.event_type === 'governance.check';
}

/** Returns true if a new row belongs to a list, as the daemon would select it. */
export function matches(row: Row, filter: Filter, now: number): boolean {
  if (filter.type === undefined ? !isDecision(row) : filter.type !== 'all' && row.event_type !== filter.type) {
    return false;
  }
  const time = Date.parse(row.timestamp);
  const since = filter.since === 'all' ? undefined : instant(filter.since, now);
  if (since !== undefined && time < since) return false;
  const until = filter.until === undefined ? undefined : instant(filter.until, now);
  if (until !== undefined && time >= until) return false;
  const payload = row.payload;
  return (
    is(filter.agent, row.agent_id) &&
    is(filter.verdict === 'any' ? undefined : filter.verdict, verdictOf(row)) &&
    is(filter.rule, payload?.decision?.rule_id) &&
    is(filter.kind, payload?.action?.kind) &&
    is(filter.session, payload?.session) &&
    (filter.text === undefined || contains(payload, filter.text))
  );
}

function is(wanted: string | undefined, found: string | undefined): boolean {
  return wanted === undefined || wanted === found;
}

/** Returns true if a value in the payload contains a text. */
function contains(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.includes(text);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value).includes(text);
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some((each) => contains(each, text));
}

/** Returns the number of all decisions. */
export function total(counts: VerdictCounts): number {
  return counts.allow + counts.warn + counts.refuse + counts.escalate + counts.unknown;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

/** Returns an action in a line, as a person would write it. */
export function summary(action: Action): string {
  switch (action.kind) {
    case 'bash':
      return text(action['command']);
    case 'filesystem_write':
      return text(action['path']);
    case 'network_request':
      return (
        `${text(action['scheme'])}://${text(action['host'])}` +
        (action['port'] === undefined ? '' : `:${text(action['port'])}`) +
        text(action['path'])
      );
    case 'process_spawn':
      return [text(action['binary']), ...list(action['args'])].join(' ');
    case 'tool_call':
      return `${text(action['tool'])} ${text(action['arguments'])}`;
    case 'read':
      return [action['surface'], action['namespace'], action['query']].filter((each) => each !== undefined).map(text).join(' ');
    case 'custom':
      return `${text(action['custom_kind'])} ${text(action['payload'])}`;
    default:
      return text(action);
  }
}

/** Returns the texts of a list. */
export function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

/** The names of the kinds as a reader sees them. */
const KIND_NAMES: Record<string, string> = {
  bash: 'shell',
  filesystem_write: 'write',
  network_request: 'network',
  process_spawn: 'process',
  tool_call: 'tool',
  read: 'read',
  custom: 'custom',
};

/** Returns the short name of a kind of action. */
export function kindName(kind: string): string {
  return KIND_NAMES[kind] ?? kind;
}
