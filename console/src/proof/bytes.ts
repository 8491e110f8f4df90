// SPDX-License-Identifier: Apache-2.0

/** Bytes that WebCrypto accepts: never of a shared buffer. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Reports text or bytes that do not have the form that their format requires. */
export class FormatError extends Error {}

/** Reports a statement that has the right form and is false. */
export class ContradictionError extends Error {}

const ENCODER = new TextEncoder();

/** Returns the parts, one after the other. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Returns true if both have equal bytes. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Returns a copy of a part. */
export function slice(bytes: Uint8Array, from: number, to = bytes.length): Bytes {
  return new Uint8Array(bytes.subarray(from, to));
}

/** Returns the lower-case hexadecimal form. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Reads bytes of a given number from lower-case hexadecimal. */
export function fromHex(text: string, length: number, what: string): Bytes {
  if (text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) {
    throw new FormatError(`${what} is not ${length} bytes in lower-case hexadecimal`);
  }
  return Uint8Array.from({ length }, (_, i) => parseInt(text.substring(2 * i, 2 * i + 2), 16));
}

/** Returns standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary);
}

/** Reads standard base64 with padding. Refuses every spelling that an encoder does not write. */
export function fromBase64(text: string, what: string): Bytes {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new FormatError(`${what} is not base64`);
  }
  if (btoa(binary) !== text) {
    throw new FormatError(`${what} is not base64 in its one spelling`);
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
}

/** Returns the UTF-8 form of text. */
export function utf8(text: string): Bytes {
  return ENCODER.encode(text);
}

/** Decodes strict UTF-8. A byte order mark is kept as a character. */
export function fromUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(`${what} is not valid UTF-8`);
  }
}

/** Returns untrusted text for a message: shortened, and without invisible characters. */
export function shown(text: string): string {
  const LIMIT = 100;
  const characters = Array.from(text.slice(0, 4 * LIMIT), (character) =>
    /[\p{C}\u2028\u2029]/u.test(character)
      ? `\\u{${character.codePointAt(0)?.toString(16)}}`
      : character,
  );
  const cut = characters.length > LIMIT || text.length > 4 * LIMIT;
  return characters.slice(0, LIMIT).join('') + (cut ? '…' : '');
}

/** Returns the message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
