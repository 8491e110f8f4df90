// SPDX-License-Identifier: Apache-2.0
import { type Bytes, FormatError, fromBase64, slice, utf8 } from './bytes';
import { type Checkpoint, parseCheckpoint, parseHash } from './checkpoint';
import { decimal, plainText } from './note';

/** A receipt: the proof that a record is in a log (C2SP tlog-proof v1). Untrusted. */
export interface TlogProof {
  /** The record of the row; undefined if the receipt has none. No signature covers this line. */
  readonly record: Bytes | undefined;
  /** The payload, undefined if it is not disclosed. */
  readonly payload: Bytes | undefined;
  /** The index of the record in the log, from 0. */
  readonly index: bigint;
  /** The path from the record to the root. */
  readonly path: readonly Bytes[];
  readonly checkpoint: Checkpoint;
}

/** First line of a receipt. */
export const PROOF_HEADER = 'c2sp.org/tlog-proof@v1';

/** Maximum length of a receipt, in bytes: 1 MiB of extra data in base64, and the rest. */
export const MAX_PROOF_BYTES = 3 * 1024 * 1024;

/** Maximum length of a path, that of a tree of 2^63-1 leaves. */
const MAX_HASHES = 63;

const EXTRA = 'extra ';
const INDEX = 'index ';
const NEWLINE = 0x0a;

/**
 * Reads a receipt.
 *
 * @throws FormatError if the bytes are not a receipt
 */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  if (bytes.length > MAX_PROOF_BYTES) {
    throw new FormatError(
      `the receipt has ${bytes.length} bytes; the limit is ${MAX_PROOF_BYTES}`,
    );
  }
  const text = plainText(bytes, 'the receipt');
  const blank = text.indexOf('\n\n');
  if (blank < 0) {
    throw new FormatError('the receipt has no empty line before its checkpoint');
  }
  const lines = text.substring(0, blank).split('\n');
  if (lines.shift() !== PROOF_HEADER) {
    throw new FormatError(`the receipt does not begin with ${PROOF_HEADER}`);
  }
  const extra = lines[0]?.startsWith(EXTRA) ? parseExtra(lines.shift() as string) : undefined;
  const index = lines.shift();
  if (index === undefined || !index.startsWith(INDEX)) {
    throw new FormatError('the receipt has no line "index <n>" at its place');
  }
  if (lines.length > MAX_HASHES) {
    throw new FormatError(`the path has ${lines.length} hashes; the limit is ${MAX_HASHES}`);
  }
  return {
    ...disclosed(extra),
    index: decimal(index.substring(INDEX.length), 'the index of the receipt'),
    path: lines.map((line, i) => parseHash(line, `hash ${i + 1} of the path`)),
    checkpoint: parseCheckpoint(utf8(text.substring(blank + 2))),
  };
}

function parseExtra(line: string): Bytes {
  const extra = fromBase64(line.substring(EXTRA.length), 'the extra data of the receipt');
  if (extra.length === 0) {
    throw new FormatError('the extra data of the receipt is empty');
  }
  return extra;
}

/** Splits the extra data into record and payload. A record is canonical JSON, so it has no newline. */
function disclosed(extra: Bytes | undefined): Pick<TlogProof, 'record' | 'payload'> {
  if (extra === undefined) {
    return { record: undefined, payload: undefined };
  }
  const newline = extra.indexOf(NEWLINE);
  return newline < 0
    ? { record: extra, payload: undefined }
    : { record: slice(extra, 0, newline), payload: slice(extra, newline + 1) };
}
