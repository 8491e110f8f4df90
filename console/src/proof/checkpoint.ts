// SPDX-License-Identifier: Apache-2.0
import { type Bytes, FormatError, fromBase64, slice, utf8 } from './bytes';
import { HASH_BYTES } from './merkle';
import { decimal, type NoteSignature, parseNote, type SignedNote } from './note';

/** A log's statement of its size and root (C2SP tlog-checkpoint v1.0.0). Untrusted. */
export interface Checkpoint {
  /** The log's name. */
  readonly origin: string;
  /** The number of leaves. */
  readonly size: bigint;
  /** The root of the tree of these leaves. */
  readonly root: Bytes;
  /** The text with its signatures. */
  readonly note: SignedNote;
}

/** A witness's cosignature of a checkpoint (C2SP tlog-cosignature). Untrusted. */
export interface Cosignature {
  /** In seconds since 1970. */
  readonly time: bigint;
  readonly signature: Bytes;
}

/** Length of the time in a cosignature, in bytes. */
export const TIME_BYTES = 8;

/**
 * Reads a signed checkpoint.
 *
 * @throws FormatError if the bytes are not a note whose text is a checkpoint
 */
export function parseCheckpoint(bytes: Uint8Array): Checkpoint {
  const note = parseNote(bytes);
  const lines = note.text.slice(0, -1).split('\n');
  const [origin, size, root] = lines;
  if (origin === undefined || size === undefined || root === undefined || lines.includes('')) {
    throw new FormatError('the checkpoint has fewer than three lines, or an empty one');
  }
  return {
    origin,
    size: decimal(size, 'the size of the checkpoint'),
    root: parseHash(root, 'the root of the checkpoint'),
    note,
  };
}

/** Reads a hash in base64. */
export function parseHash(text: string, what: string): Bytes {
  const hash = fromBase64(text, what);
  if (hash.length !== HASH_BYTES) {
    throw new FormatError(`${what} is ${hash.length} bytes, not ${HASH_BYTES}`);
  }
  return hash;
}

/**
 * Reads the cosignature in a signature line.
 *
 * @param length the length of a signature of this type of key, in bytes
 * @throws FormatError if it has another length
 */
export function parseCosignature(line: NoteSignature, length: number): Cosignature {
  const bytes = line.signature;
  if (bytes.length !== TIME_BYTES + length) {
    throw new FormatError(
      `the cosignature is ${bytes.length} bytes, not ${TIME_BYTES + length} with its time`,
    );
  }
  const time = new DataView(bytes.buffer).getBigInt64(0);
  if (time < 0n) {
    throw new FormatError('the time of the cosignature is above 2^63-1');
  }
  return { time, signature: slice(bytes, TIME_BYTES) };
}

/** Returns the message that an Ed25519 cosignature signs. */
export function cosignedMessage(time: bigint, text: string): Bytes {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`);
}
