// SPDX-License-Identifier: Apache-2.0
import { shown } from './bytes';
import type { Checkpoint } from './checkpoint';
import { NO_ED25519, type Verified } from './crypto';
import type { KeyHistory, KeyValidity } from './key-history';
import { isSecondKeyOf, logKeyId, type PinnedKeys, verifyCosignature, type WitnessKey } from './keys';
import type { NoteSignature } from './note';
import { type Judgement, ok, unknown, wrong } from './step';

/** Returns the pinned keys that may sign for a log. */
export function keysOf(pinned: PinnedKeys, origin: string): PinnedKeys['logs'] {
  return pinned.logs.filter((log) => log.name === undefined || log.name === origin);
}

/**
 * Judges the log's own signature of a checkpoint: at least one key that is valid at the size of the
 * tree signed it, and no signature that names one of these keys is invalid. If an ML-DSA-44 key of
 * the log is pinned, its signature is needed as well, and stays unknown.
 *
 * @param history the accepted keys of the log
 */
export async function judgeLogSignature(
  checkpoint: Checkpoint,
  pinned: PinnedKeys,
  history: KeyHistory,
): Promise<Judgement> {
  const first = await judgeEd25519(checkpoint, pinned, history);
  const second = pinned.witnesses.find((each) => isSecondKeyOf(checkpoint.origin, each));
  if (first.status !== 'ok' || second === undefined) {
    return first;
  }
  const judged = await judgeWitness(checkpoint, second);
  if (judged.status === 'wrong') {
    return judged;
  }
  const isThere = linesOf(checkpoint, second).length > 0;
  return unknown(
    isThere
      ? `${first.reason}; its ML-DSA-44 signature is there, and browsers cannot check it: remove that key to accept the Ed25519 signature alone`
      : `${first.reason}, but not by the pinned ML-DSA-44 key`,
  );
}

async function judgeEd25519(
  checkpoint: Checkpoint,
  pinned: PinnedKeys,
  history: KeyHistory,
): Promise<Judgement> {
  const { origin, size } = checkpoint;
  if (pinned.logs.length === 0) {
    return unknown('no key of the log is pinned');
  }
  if (keysOf(pinned, origin).length === 0) {
    const names = [...new Set(pinned.logs.map((log) => `"${shown(log.name ?? '')}"`))].join(', ');
    return unknown(`it is of the log "${shown(origin)}"; the pinned keys are of ${names}`);
  }
  const signed = await namedKeys(checkpoint, history);
  if (signed === undefined) {
    return unknown('two accepted keys have one name and id, so its signature is ambiguous');
  }
  const isValid = ({ introduced, revoked }: KeyValidity): boolean =>
    BigInt(introduced) <= size && (revoked === Infinity || size < BigInt(revoked));
  const inTime = signed.filter((each) => isValid(each.by));
  const decisive = inTime.length > 0 ? inTime : signed;
  const bad = decisive.find((each) => each.verified === 'invalid');
  if (bad !== undefined) {
    return wrong(`a signature names key ${bad.by.key.keyId}, and is not one of that key over this text`);
  }
  const first = decisive[0];
  if (first === undefined) {
    return unknown('it is signed by none of the accepted keys');
  }
  if (decisive.some((each) => each.verified === 'unsupported')) {
    return unknown(NO_ED25519);
  }
  return isValid(first.by)
    ? ok(`signed by key ${first.by.key.keyId}, under the name "${shown(origin)}"`)
    : wrong(`it is signed by key ${first.by.key.keyId}, which is not valid at its size`);
}

interface NamedKey {
  readonly by: KeyValidity;
  readonly verified: Verified;
}

/** Returns the accepted keys that signatures name, each with its result; undefined if ambiguous. */
async function namedKeys(
  checkpoint: Checkpoint,
  history: KeyHistory,
): Promise<readonly NamedKey[] | undefined> {
  const { note, origin } = checkpoint;
  const ids = new Map<number, KeyValidity>();
  for (const validity of history.keys) {
    const id = await logKeyId(origin, validity.key);
    if (ids.has(id)) {
      return undefined;
    }
    ids.set(id, validity);
  }
  const message = new TextEncoder().encode(note.text);
  const named: NamedKey[] = [];
  for (const line of note.signatures) {
    const by = line.name === origin ? ids.get(line.keyId) : undefined;
    if (by !== undefined) {
      named.push({ by, verified: await by.key.verify(message, line.signature) });
    }
  }
  return named;
}

/** Returns the pinned witnesses, without the second key of the log. */
export function witnessesOf(origin: string, pinned: PinnedKeys): readonly WitnessKey[] {
  return pinned.witnesses.filter((each) => !isSecondKeyOf(origin, each));
}

/** Judges the cosignatures: each pinned witness cosigned, and none of these lines is invalid. */
export async function judgeWitnesses(
  checkpoint: Checkpoint,
  pinned: PinnedKeys,
): Promise<Judgement> {
  const witnesses = witnessesOf(checkpoint.origin, pinned);
  if (witnesses.length === 0) {
    return unknown(
      'no witness is pinned, so it would not show if the log showed another tree to others',
    );
  }
  const cosigned: string[] = [];
  const open: string[] = [];
  for (const witness of witnesses) {
    const { status, reason } = await judgeWitness(checkpoint, witness);
    if (status === 'wrong') {
      return wrong(reason);
    }
    (status === 'ok' ? cosigned : open).push(reason);
  }
  const reasons = [...cosigned, ...open].join('; ');
  return open.length > 0 ? unknown(reasons) : ok(reasons);
}

/** Returns the signature lines that name a key. */
function linesOf({ note }: Checkpoint, { name, id }: WitnessKey): readonly NoteSignature[] {
  return note.signatures.filter((line) => line.name === name && line.keyId === id);
}

async function judgeWitness(checkpoint: Checkpoint, witness: WitnessKey): Promise<Judgement> {
  const name = shown(witness.name);
  const lines = linesOf(checkpoint, witness);
  if (lines.length === 0) {
    return unknown(`not cosigned by ${name}`);
  }
  let time: bigint | undefined;
  for (const line of lines) {
    const result = await verifyCosignature(witness, line, checkpoint);
    if (result.verified === 'invalid') {
      return wrong(`the cosignature that names ${name} is not one of that witness over this text`);
    }
    if (result.verified === 'unsupported') {
      return unknown(
        witness.key === undefined
          ? `the cosignature of ${name} is made with ML-DSA-44, which browsers cannot check; "indelible proof verify" can`
          : NO_ED25519,
      );
    }
    time ??= result.time;
  }
  return ok(`cosigned by ${name} at ${timeText(time ?? 0n)}`);
}

/** The first second of the year 10000; from then on, times are shown as numbers. */
const YEAR_10000 = 253_402_300_800n;

function timeText(seconds: bigint): string {
  return seconds < YEAR_10000
    ? new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')
    : `${seconds} s since 1970`;
}
