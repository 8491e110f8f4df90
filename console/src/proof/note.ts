// SPDX-License-Identifier: Apache-2.0
import { type Bytes, FormatError, fromBase64, fromUtf8, shown, slice } from './bytes';

/** A signature line of a note: `— <name> <base64 of id and signature>`. */
export interface NoteSignature {
  /** The name of the key. */
  readonly name: string;
  /** The four bytes of the key's id, as a number. */
  readonly keyId: number;
  /** The signature, whose form depends on the type of the key. */
  readonly signature: Bytes;
}

/** A text and its signatures (C2SP signed-note v1.0.0). Untrusted. */
export interface SignedNote {
  /** The text, which ends with a newline. */
  readonly text: string;
  /** The signatures in order, at least one. */
  readonly signatures: readonly NoteSignature[];
}

/** Maximum number of signatures of a note, as in the other implementation. */
const MAX_SIGNATURES = 100;

/** Maximum length of a note, in bytes. */
const MAX_BYTES = 1024 * 1024;

const MAX_NUMBER = 2n ** 63n - 1n;
const ID_BYTES = 4;
const DASH = '\u2014 ';

/**
 * Reads a note.
 *
 * @throws FormatError if the bytes are not a note
 */
export function parseNote(bytes: Uint8Array): SignedNote {
  if (bytes.length > MAX_BYTES) {
    throw new FormatError(`the note has ${bytes.length} bytes; the limit is ${MAX_BYTES}`);
  }
  const note = plainText(bytes, 'the note');
  // The text may have empty lines, so the last one separates the signatures.
  const blank = note.lastIndexOf('\n\n');
  if (blank < 0) {
    throw new FormatError('the note has no empty line before its signatures');
  }
  const lines = note.substring(blank + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) {
    throw new FormatError('the note does not end with a signature line');
  }
  if (lines.length > MAX_SIGNATURES) {
    throw new FormatError(`the note has ${lines.length} signatures; the limit is ${MAX_SIGNATURES}`);
  }
  return { text: note.substring(0, blank + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const space = line.indexOf(' ', DASH.length);
  const name = line.substring(DASH.length, space);
  if (!line.startsWith(DASH) || space < 0 || !isKeyName(name)) {
    throw new FormatError(`"${shown(line)}" is not a signature line`);
  }
  const bytes = fromBase64(line.substring(space + 1), `the signature of ${shown(name)}`);
  if (bytes.length <= ID_BYTES) {
    throw new FormatError(`the signature of ${shown(name)} is too short`);
  }
  return {
    name,
    keyId: new DataView(bytes.buffer).getUint32(0),
    signature: slice(bytes, ID_BYTES),
  };
}

/** Returns true for a valid name of a key: not empty, no space, no control character, no plus. */
export function isKeyName(text: string): boolean {
  return text !== '' && !/[\p{Z}\p{Surrogate}\u0085\u0000-\u0020+]/u.test(text);
}

/** Decodes text of lines. Refuses control characters other than newline. */
export function plainText(bytes: Uint8Array, what: string): string {
  const text = fromUtf8(bytes, what);
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) {
    throw new FormatError(`${what} has a control character`);
  }
  return text;
}

/** Reads a number from 0 to 2^63-1, without sign and leading zeros. */
export function decimal(text: string, what: string): bigint {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) > MAX_NUMBER) {
    throw new FormatError(`${what} is "${shown(text)}", not a number from 0 to 2^63-1`);
  }
  return BigInt(text);
}
