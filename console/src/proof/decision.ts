// SPDX-License-Identifier: Apache-2.0
import { type Bytes, ContradictionError, equal, FormatError, fromUtf8, messageOf, toHex } from './bytes';
import { judgeLogSignature, judgeWitnesses, keysOf, witnessesOf } from './checkpoint-check';
import type { Checkpoint } from './checkpoint';
import { KeyHistory, ledgerOf } from './key-history';
import type { PinnedKeys } from './keys';
import { leafHash, verifyInclusion } from './merkle';
import { checkPayload, type Event, parseEvent, parseRecord, type Row } from './record';
import { type Judgement, ok, unknown, wrong } from './step';
import { parseTlogProof, type TlogProof } from './tlog-proof';

/** Evidence about one decision. At least one of `event` and `receipt` is given. */
export interface DecisionInput {
  /** The row as the daemon or `indelible log list --output json` shows it. */
  readonly event?: string | undefined;
  /** The receipt, a C2SP tlog-proof. */
  readonly receipt?: Bytes | undefined;
  /** Rows about keys and erasures, each in the form of `event`. */
  readonly related?: readonly string[] | undefined;
}

/** The steps of a verification, in order. */
export const STEPS = [
  'payload',
  'record',
  'signature',
  'leaf',
  'path',
  'checkpoint',
  'signatures',
  'witnesses',
] as const;

/** Name of a step. */
export type StepName = (typeof STEPS)[number];

/** One step of a verification. */
export interface Step extends Judgement {
  readonly name: StepName;
}

/** Result of verifying one decision. */
export interface DecisionReport {
  /**
   * `proven`: the record is in the log that a pinned key signed and each pinned witness cosigned.
   * `refuted`: a step is wrong.
   * `unknown`: what was given does not decide it.
   */
  readonly verdict: 'proven' | 'refuted' | 'unknown';
  /** All steps, in order. */
  readonly steps: readonly Step[];
  /** The row; undefined if it cannot be read. Trust it as far as the steps go. */
  readonly row: Row | undefined;
  /** The payload as text; undefined unless it is the one of the record. */
  readonly payload: string | undefined;
  /** The checkpoint; undefined if there is none that can be read. */
  readonly checkpoint: Checkpoint | undefined;
}

/**
 * Steps that must be `ok` for the verdict `proven`, and also `witnesses` if a witness is pinned. The
 * others may be `unknown`.
 */
const PROVING: readonly StepName[] = ['record', 'leaf', 'path', 'checkpoint', 'signatures'];

/** A value, or the reason that there is none. */
type Read<T> = { readonly value: T } | { readonly missing: Judgement };

/**
 * Verifies one decision: payload, record, row signature, leaf, path, checkpoint, its signatures and
 * its witnesses. Never throws; a step that cannot be computed is `unknown`.
 */
export async function verifyDecision(
  input: DecisionInput,
  pinned: PinnedKeys,
): Promise<DecisionReport> {
  try {
    return await new Verification(input, pinned).report();
  } catch (e) {
    const reason = `it could not be checked: ${messageOf(e)}`;
    return {
      verdict: 'unknown',
      steps: STEPS.map((name) => ({ name, ...unknown(reason) })),
      row: undefined,
      payload: undefined,
      checkpoint: undefined,
    };
  }
}

/** One verification. */
class Verification {
  private readonly event: Read<Event>;
  private readonly proof: Read<TlogProof>;
  private readonly record: Read<Bytes>;
  private readonly row: Read<Row>;
  private readonly related: readonly Event[];
  private readonly pinned: PinnedKeys;

  constructor(input: DecisionInput, pinned: PinnedKeys) {
    const { event, receipt, related } = input;
    this.pinned = pinned;
    this.event =
      event === undefined
        ? { missing: unknown('there is no decision, only a receipt') }
        : read(() => parseEvent(event));
    this.proof =
      receipt === undefined
        ? { missing: unknown('there is no receipt, so nothing shows that the record is in a log') }
        : read(() => parseTlogProof(receipt));
    this.record = this.readRecord(event !== undefined);
    this.row = then(this.record, (bytes) => read(() => parseRecord(bytes)));
    this.related = (related ?? []).flatMap((text) => {
      const found = read(() => parseEvent(text));
      return 'value' in found ? [found.value] : [];
    });
  }

  /** Returns the record of the receipt, else that of the decision. */
  private readRecord(eventGiven: boolean): Read<Bytes> {
    if ('value' in this.proof && this.proof.value.record !== undefined) {
      return { value: this.proof.value.record };
    }
    if (eventGiven) {
      return then(this.event, (event) => ({ value: event.row.record }));
    }
    return {
      missing: unknown(
        'value' in this.proof
          ? 'the receipt has no record, and no decision was given beside it'
          : NO_PROOF,
      ),
    };
  }

  async report(): Promise<DecisionReport> {
    const origin = 'value' in this.proof ? this.proof.value.checkpoint.origin : undefined;
    const logs = origin === undefined ? this.pinned.logs : keysOf(this.pinned, origin);
    const history = new KeyHistory(logs.map((log) => log.key));
    await history.addAll(this.related, origin === undefined ? undefined : ledgerOf(origin));
    const payload = await this.payload(history);
    const signatures = await this.ofCheckpoint((checkpoint) =>
      judgeLogSignature(checkpoint, this.pinned, history),
    );
    const judged: Readonly<Record<StepName, Judgement>> = {
      payload: payload.judgement,
      record: this.judgeRecord(),
      signature: 'value' in this.row ? await history.judgeSignature(this.row.value) : NO_RECORD,
      leaf: await this.leaf(),
      path: await this.path(),
      checkpoint: await this.ofCheckpoint(async (checkpoint) => judgeText(checkpoint, signatures)),
      signatures,
      witnesses: await this.ofCheckpoint((checkpoint) => judgeWitnesses(checkpoint, this.pinned)),
    };
    return {
      verdict: verdictOf(judged, witnessesOf(origin ?? '', this.pinned).length > 0),
      steps: STEPS.map((name) => ({ name, ...judged[name] })),
      row: 'value' in this.row ? this.row.value : undefined,
      payload: payload.text,
      checkpoint: 'value' in this.proof ? this.proof.value.checkpoint : undefined,
    };
  }

  private async payload(
    history: KeyHistory,
  ): Promise<{ readonly judgement: Judgement; readonly text?: string }> {
    if (!('value' in this.row)) {
      return { judgement: unknown('there is no record, so there is no hash to compare with') };
    }
    const row = this.row.value;
    const inReceipt = 'value' in this.proof ? this.proof.value.payload : undefined;
    const shown = 'value' in this.event ? this.event.value.payload : undefined;
    if (inReceipt !== undefined && shown !== undefined && !equal(inReceipt, shown)) {
      return { judgement: wrong('the payload shown is not the one in the receipt') };
    }
    const payload = inReceipt ?? shown;
    if (payload === undefined) {
      const erasure = history.erasureOf(row);
      const why =
        erasure !== undefined
          ? `it is gone: ${erasure}`
          : 'value' in this.event
            ? 'it is gone; a row that records its erasure was not given'
            : 'it is not in the receipt';
      return { judgement: unknown(`${why}. The record holds its SHA-256 ${row.payloadHash}`) };
    }
    const checked = await checkPayload(row, payload);
    if (checked.matches === false) {
      return { judgement: wrong(checked.contradiction) };
    }
    if (checked.matches === undefined) {
      return { judgement: unknown(checked.reason) };
    }
    return {
      judgement: ok(`its SHA-256 is the payload_hash of the record, ${row.payloadHash}`),
      text: fromUtf8(payload, 'the payload'),
    };
  }

  private judgeRecord(): Judgement {
    if ('missing' in this.row) {
      return this.row.missing;
    }
    if ('missing' in this.event && this.event.missing.status === 'wrong') {
      return this.event.missing;
    }
    const row = this.row.value;
    if ('value' in this.event && !equal(this.event.value.row.record, row.record)) {
      return wrong('the decision shown is not the record in the receipt');
    }
    return ok(`it is canonical JSON, and states that it is row ${row.sequence}`);
  }

  private async leaf(): Promise<Judgement> {
    if (!('value' in this.row)) {
      return NO_RECORD;
    }
    const row = this.row.value;
    const hash = toHex(await leafHash(row.record));
    if ('missing' in this.proof) {
      return unknown(`the record hash is ${hash}; ${NO_PROOF}`);
    }
    const { index } = this.proof.value;
    return BigInt(row.sequence) - 1n === index
      ? ok(`the record hash ${hash} is leaf ${index}, counted from 0, of the log`)
      : wrong(`the record states that it is row ${row.sequence}, and the receipt leaf ${index}`);
  }

  private async path(): Promise<Judgement> {
    if ('missing' in this.proof) {
      return this.proof.missing;
    }
    if (!('value' in this.record)) {
      return NO_RECORD;
    }
    const { index, path, checkpoint } = this.proof.value;
    const { size, root } = checkpoint;
    try {
      await verifyInclusion({ index, size, path }, await leafHash(this.record.value), root);
      return ok(`${path.length} hashes lead from the leaf to the root in the checkpoint`);
    } catch (e) {
      if (e instanceof ContradictionError) {
        return wrong(e.message);
      }
      throw e;
    }
  }

  private async ofCheckpoint(
    judge: (checkpoint: Checkpoint) => Promise<Judgement>,
  ): Promise<Judgement> {
    return 'value' in this.proof ? judge(this.proof.value.checkpoint) : unknown(NO_PROOF);
  }
}

const NO_PROOF = 'there is no receipt that can be read';
const NO_RECORD = unknown('there is no record that can be read');

/** Judges the text of a checkpoint, which is worth as much as its signature. */
function judgeText(checkpoint: Checkpoint, signature: Judgement): Judgement {
  const stated = `it states ${checkpoint.size} rows and the root ${toHex(checkpoint.root)}`;
  return signature.status === 'ok'
    ? ok(stated)
    : unknown(`${stated}, which no signature proves here`);
}

function verdictOf(
  judged: Readonly<Record<StepName, Judgement>>,
  needsWitness: boolean,
): DecisionReport['verdict'] {
  if (STEPS.some((name) => judged[name].status === 'wrong')) {
    return 'refuted';
  }
  const proving: readonly StepName[] = needsWitness ? [...PROVING, 'witnesses'] : PROVING;
  return proving.every((name) => judged[name].status === 'ok') ? 'proven' : 'unknown';
}

function read<T>(parse: () => T): Read<T> {
  try {
    return { value: parse() };
  } catch (e) {
    if (e instanceof FormatError) {
      return { missing: wrong(e.message) };
    }
    throw e;
  }
}

function then<T, U>(read: Read<T>, next: (value: T) => Read<U>): Read<U> {
  return 'value' in read ? next(read.value) : read;
}
