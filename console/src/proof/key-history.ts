// SPDX-License-Identifier: Apache-2.0
import { concat, FormatError, fromBase64, shown, utf8 } from './bytes';
import { type Ed25519Key, NO_ED25519 } from './crypto';
import { canonical, isObject, type JsonObject, member, stringMember, wholeMember } from './json';
import { keyFromBase64 } from './keys';
import { checkPayload, type Event, isDecision, type Row, SELF_SIGNED } from './record';
import { type Judgement, ok, unknown, wrong } from './step';

/** The rows at which a key is valid. */
export interface KeyValidity {
  readonly key: Ed25519Key;
  /** The row after which the key may sign; 0 for a pinned key. */
  readonly introduced: number;
  /** The first row that others may have signed with the key. */
  readonly suspect: number;
  /** The row after which the key is no longer valid. */
  readonly revoked: number;
}

const NEVER = Number.POSITIVE_INFINITY;
const ROTATED = 'key.rotated';
const COMPROMISED = 'key.compromised';
const ERASED = 'payload.erased';

/** The types of the rows that change which signatures are valid. */
export const KEY_EVENTS: readonly string[] = [ROTATED, COMPROMISED];

const EVENTS: ReadonlySet<string> = new Set([...KEY_EVENTS, ERASED]);
const ROTATION_DOMAIN = utf8('indelible/key-rotation/v1\n');

/**
 * The keys that sign a chain, from the pinned ones through the chain's own events about keys. An
 * event counts if a key that is valid at its row signed it. An event that was not given is not
 * known here, for example a revocation that a server withholds.
 */
export class KeyHistory {
  private readonly validities = new Map<string, KeyValidity>();

  /** Erasures that a valid key signed, by the row that they erase. */
  private readonly erasures = new Map<number, JsonObject & { readonly at: number }>();

  constructor(pinned: readonly Ed25519Key[]) {
    for (const key of pinned) {
      this.validities.set(key.keyId, { key, introduced: 0, suspect: NEVER, revoked: NEVER });
    }
  }

  /** Returns every accepted key. */
  get keys(): readonly KeyValidity[] {
    return [...this.validities.values()];
  }

  /**
   * Adds events about keys and erasures, in the order of their rows; ignores all others.
   *
   * @param ledger the id of the ledger, if the log's name states it
   * @returns the events that count
   */
  async addAll(
    events: readonly Event[],
    ledger: string | undefined,
  ): Promise<readonly Event[]> {
    const counted: Event[] = [];
    for (const event of [...events].sort((a, b) => a.row.sequence - b.row.sequence)) {
      if (await this.add(event, ledger)) {
        counted.push(event);
      }
    }
    return counted;
  }

  /** Adds an event; returns true if it counts. */
  private async add(event: Event, ledger: string | undefined): Promise<boolean> {
    const { row } = event;
    const details = EVENTS.has(row.eventType) ? await this.soundDetails(event) : undefined;
    if (details === undefined) {
      return false;
    }
    try {
      switch (row.eventType) {
        case ROTATED:
          return await this.rotate(row, details, ledger);
        case COMPROMISED:
          return this.revoke(row.sequence, details);
        default:
          return this.erase(row, details);
      }
    } catch (e) {
      if (e instanceof FormatError) {
        // An event that cannot be read changes nothing.
        return false;
      }
      throw e;
    }
  }

  /** Returns the details of an event that a key signed that is valid at its row. */
  private async soundDetails({ row, payload }: Event): Promise<JsonObject | undefined> {
    const validity = this.validities.get(row.keyId ?? '');
    if (
      payload === undefined ||
      validity === undefined ||
      row.sequence <= validity.introduced ||
      row.sequence >= validity.revoked ||
      row.attestLevel !== SELF_SIGNED ||
      row.signature === undefined ||
      (await validity.key.verify(row.signedMessage, row.signature)) !== 'valid'
    ) {
      return undefined;
    }
    const checked = await checkPayload(row, payload);
    const details = checked.matches ? member(checked.fields, 'details') : undefined;
    return isObject(details) ? details : undefined;
  }

  private async rotate(
    row: Row,
    details: JsonObject,
    ledger: string | undefined,
  ): Promise<boolean> {
    const text = (name: string): string => stringMember(details, name, 'the rotation');
    const oldKey = await keyFromBase64(text('old_key'), 'the old key');
    const newKey = await keyFromBase64(text('new_key'), 'the new key');
    const signed = canonical({
      ledger_id: text('ledger_id'),
      new_key: text('new_key'),
      old_key: text('old_key'),
      timestamp: row.timestamp,
    });
    const message = concat(ROTATION_DOMAIN, utf8(signed));
    const signature = fromBase64(text('new_signature'), 'the signature of the new key');
    const holds =
      oldKey.keyId === row.keyId &&
      !oldKey.equals(newKey) &&
      (ledger === undefined || ledger === text('ledger_id')) &&
      (await newKey.verify(message, signature)) === 'valid';
    // A pinned key stays accepted from the first row on.
    if (holds && !this.validities.has(newKey.keyId)) {
      this.validities.set(newKey.keyId, {
        key: newKey,
        introduced: row.sequence,
        suspect: NEVER,
        revoked: NEVER,
      });
    }
    return holds;
  }

  private revoke(sequence: number, details: JsonObject): boolean {
    const validity = this.validities.get(stringMember(details, 'key_id', 'the revocation'));
    const since = member(details, 'since_sequence');
    if (validity !== undefined && validity.revoked > sequence) {
      this.validities.set(validity.key.keyId, {
        ...validity,
        suspect: Math.min(typeof since === 'number' ? since : sequence, sequence),
        revoked: sequence,
      });
    }
    return true;
  }

  private erase(row: Row, details: JsonObject): boolean {
    const sequence = wholeMember(details, 'sequence', 'the erasure');
    if (sequence >= row.sequence) {
      return false;
    }
    this.erasures.set(sequence, { ...details, at: row.sequence });
    return true;
  }

  /** Returns the recorded erasure of a row's payload, in words; undefined if none is known. */
  erasureOf(row: Row): string | undefined {
    const erasure = this.erasures.get(row.sequence);
    if (
      erasure === undefined ||
      !isDecision(row) ||
      member(erasure, 'event_id') !== row.id ||
      member(erasure, 'payload_hash') !== row.payloadHash
    ) {
      return undefined;
    }
    const [by, reason] = [erasure['by'], erasure['reason']].map((each) => shown(String(each)));
    return `row ${erasure.at} records that ${by} erased it: ${reason}`;
  }

  /** Judges the signature of a row: made by an accepted key, while the key was valid. */
  async judgeSignature(row: Row): Promise<Judgement> {
    if (row.attestLevel !== SELF_SIGNED) {
      return row.attestLevel === 'unsigned' && row.signature === undefined
        ? unknown('the row is unsigned; only the signature of a checkpoint covers it')
        : wrong('the row is neither signed nor unsigned as the log writes it');
    }
    if (row.signature === undefined || row.keyId === undefined) {
      return wrong('the row states that it is signed, but lacks its signature or its key_id');
    }
    if (row.signature.length !== SIGNATURE_BYTES) {
      return wrong(`the signature is ${row.signature.length} bytes; Ed25519 has exactly 64`);
    }
    const validity = this.validities.get(row.keyId);
    if (validity === undefined) {
      return this.validities.size === 0
        ? unknown(`no key is pinned; the row names key ${row.keyId}`)
        : unknown(`the row is signed by key ${row.keyId}, which is not pinned`);
    }
    switch (await validity.key.verify(row.signedMessage, row.signature)) {
      case 'unsupported':
        return unknown(NO_ED25519);
      case 'invalid':
        return wrong(`the signature is not one of key ${row.keyId} over this row`);
      case 'valid':
        return judgeTime(row, validity);
    }
  }
}

const SIGNATURE_BYTES = 64;

function judgeTime(row: Row, validity: KeyValidity): Judgement {
  const by = `signed by key ${row.keyId}`;
  if (row.sequence <= validity.introduced) {
    return wrong(`the row is ${by}, which only row ${validity.introduced} introduces`);
  }
  if (row.sequence > validity.revoked) {
    return wrong(`the row is ${by}, which row ${validity.revoked} revoked`);
  }
  if (row.sequence >= validity.suspect) {
    return unknown(
      `the row is ${by} at a time when others may have held that key, as row ${validity.revoked} states`,
    );
  }
  return ok(
    validity.introduced === 0
      ? `${by}, which is pinned`
      : `${by}, which row ${validity.introduced} introduces, signed by an accepted key`,
  );
}

/** Returns the id of the ledger that a log's default name states. */
export function ledgerOf(origin: string): string | undefined {
  return /^indelible\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(origin)?.[1];
}
