// SPDX-License-Identifier: Apache-2.0
import { type Bytes, concat, equal, FormatError, fromBase64, fromHex, fromUtf8, shown, utf8 } from './bytes';
import { sha256 } from './crypto';
import { canonical, isObject, type Json, type JsonObject, member, readCanonical, readSpaced, stringMember, wholeMember } from './json';
import { HASH_BYTES } from './merkle';

/** One row of the chain without its payload. Untrusted. */
export interface Row {
  /** The row's number in the chain, from 1. */
  readonly sequence: number;
  readonly id: string;
  readonly agentId: string;
  readonly eventType: string;
  readonly timestamp: string;
  readonly attestLevel: string;
  /** SHA-256 of the payload, in hex. */
  readonly payloadHash: string;
  /** The record hash of the row before, in hex. */
  readonly prevHash: string;
  /** The id of the key that signed; undefined in an unsigned row. */
  readonly keyId: string | undefined;
  /** The Ed25519 signature; undefined in an unsigned row. */
  readonly signature: Bytes | undefined;
  /** The bytes that the signature covers. */
  readonly signedMessage: Bytes;
  /** The record, canonical JSON: an entry of the log. */
  readonly record: Bytes;
}

/** A row and its payload. Untrusted. */
export interface Event {
  readonly row: Row;
  /** The payload; undefined if it is gone. */
  readonly payload: Bytes | undefined;
}

/** Signed with the log's own key. */
export const SELF_SIGNED = 'self_signed';

/** Not signed. */
export const UNSIGNED = 'unsigned';

/** Maximum length of a record, in bytes: an entry of a log cannot be longer. */
const MAX_RECORD_BYTES = 65_535;

const VERSION = 1;
const DOMAIN = utf8('indelible/row/v1\n');
const KEY_ID = /^[0-9a-f]{16}$/;

const MEMBERS: ReadonlySet<string> = new Set([
  'agent_id',
  'attest_level',
  'event_type',
  'id',
  'key_id',
  'payload_hash',
  'prev_hash',
  'sequence',
  'signature',
  'timestamp',
  'v',
]);

/**
 * Reads a record. Accepts only the exact form in which the log writes it.
 *
 * @throws FormatError if it is not a record
 */
export function parseRecord(record: Bytes): Row {
  if (record.length > MAX_RECORD_BYTES) {
    throw new FormatError(`the record has ${record.length} bytes; the limit is ${MAX_RECORD_BYTES}`);
  }
  const value = readCanonical(fromUtf8(record, 'the record'), 'the record');
  return rowOf(objectOf(value, 'the record'), record);
}

function rowOf(fields: JsonObject, record: Bytes): Row {
  const what = 'the record';
  const unknown = Object.keys(fields).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) {
    throw new FormatError(`the record has an unknown member "${shown(unknown)}"`);
  }
  if (member(fields, 'v') !== VERSION) {
    throw new FormatError(`the record is not of version ${VERSION}`);
  }
  const sequence = wholeMember(fields, 'sequence', what);
  if (sequence < 1) {
    throw new FormatError('the record is not numbered from 1');
  }
  const text = (name: string): string => stringMember(fields, name, what);
  const keyId = member(fields, 'key_id') === undefined ? undefined : text('key_id');
  if (keyId !== undefined && !KEY_ID.test(keyId)) {
    throw new FormatError('the key_id of the record is not 8 bytes in lower-case hexadecimal');
  }
  const { prev_hash, signature: _, ...signed } = fields;
  fromHex(text('payload_hash'), HASH_BYTES, 'the payload_hash of the record');
  fromHex(text('prev_hash'), HASH_BYTES, 'the prev_hash of the record');
  return {
    sequence,
    id: text('id'),
    agentId: text('agent_id'),
    eventType: text('event_type'),
    timestamp: text('timestamp'),
    attestLevel: text('attest_level'),
    payloadHash: text('payload_hash'),
    prevHash: prev_hash as string,
    keyId,
    signature:
      member(fields, 'signature') === undefined
        ? undefined
        : fromBase64(text('signature'), 'the signature of the record'),
    signedMessage: concat(DOMAIN, utf8(canonical(signed))),
    record,
  };
}

/**
 * Reads a row with its payload as `indelible log list --output json` prints it, or the answer of
 * the daemon about one event. White space may have been added between its tokens.
 *
 * @throws FormatError if it is neither
 */
export function parseEvent(text: string): Event {
  const read = objectOf(readSpaced(text.trim(), 'the decision'), 'the decision');
  const answer = member(read, 'event');
  const event = isObject(answer) ? answer : read;
  const { payload, ...record } = event;
  const bytes = utf8(canonical(record));
  return {
    row: rowOf(record, bytes),
    payload: payload === undefined || payload === null ? undefined : payloadBytes(payload),
  };
}

/** Returns the bytes of a payload. One that is no longer JSON is printed as a string. */
function payloadBytes(payload: Json): Bytes {
  return utf8(typeof payload === 'string' ? payload : canonical(payload));
}

function objectOf(value: Json, what: string): JsonObject {
  if (!isObject(value)) {
    throw new FormatError(`${what} is not a JSON object`);
  }
  return value;
}

/** Result of comparing a row with its payload. */
export type PayloadResult =
  | { readonly matches: true; readonly fields: JsonObject }
  | { readonly matches: false; readonly contradiction: string }
  /** The hash is right, and the payload is not canonical JSON that can be read. */
  | { readonly matches: undefined; readonly reason: string };

/** Compares a row with its payload: the hash, and what the payload repeats of the row. */
export async function checkPayload(row: Row, payload: Bytes): Promise<PayloadResult> {
  const hash = await sha256(payload);
  if (!equal(hash, fromHex(row.payloadHash, HASH_BYTES, 'the payload_hash'))) {
    return { matches: false, contradiction: 'its SHA-256 is not the payload_hash of the record' };
  }
  let fields: JsonObject;
  try {
    const value = readCanonical(fromUtf8(payload, 'the payload'), 'the payload');
    fields = objectOf(value, 'the payload');
  } catch (e) {
    if (e instanceof FormatError) {
      return { matches: undefined, reason: `its hash is right, but ${e.message}` };
    }
    throw e;
  }
  const contradiction = contradictionOf(row, fields);
  return contradiction === undefined
    ? { matches: true, fields }
    : { matches: false, contradiction };
}

/** Returns the first contradiction between a row and its payload; an absent member is none. */
function contradictionOf(row: Row, payload: JsonObject): string | undefined {
  const repeated = { id: row.id, agent_id: row.agentId, timestamp: row.timestamp };
  for (const [name, column] of Object.entries(repeated)) {
    const stated = member(payload, name);
    if (stated !== undefined && stated !== column) {
      return `it is of another event: its ${name} is not that of the record`;
    }
  }
  const decision = member(payload, 'decision');
  if (decision === undefined && member(payload, 'details') === undefined) {
    return undefined;
  }
  if ((decision !== undefined) !== isDecision(row)) {
    return `it does not belong to an event of type ${shown(row.eventType)}`;
  }
  if (decision === undefined) {
    return undefined;
  }
  const made = isObject(decision) ? member(decision, 'decision') : undefined;
  if (typeof made !== 'string') {
    return 'it states no decision, and the record is of one';
  }
  const type = TYPES.get(made);
  return type === undefined || type === row.eventType
    ? undefined
    : `it states the decision "${made}", and the record is of type ${shown(row.eventType)}`;
}

const CHECK = 'governance.check';
const REFUSAL = 'governance.refusal';

/** The event type of each decision. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['allow', CHECK],
  ['warn', CHECK],
  ['refuse', REFUSAL],
  ['escalate', REFUSAL],
]);

/** Returns true if a row records a decision, and not an event of the log itself. */
export function isDecision(row: Row): boolean {
  return row.eventType === CHECK || row.eventType === REFUSAL;
}
