// SPDX-License-Identifier: Apache-2.0

/** A piece of text: as written, or one character that a reader could not see. */
export interface Piece {
  text: string;
  hidden: boolean;
}

/**
 * Characters that change how other text looks, or do not show: controls (but not line ends and
 * tabs), format characters, for example the bidirectional ones, blanks of no width, lone surrogates,
 * private use.
 */
const HIDDEN = /[\p{Cf}\p{Cs}\p{Co}\u2028\u2029\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]|(?![\n\t])\p{Cc}/gu;

/** Splits a text so that characters which do not show can be shown by their numbers. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > at) found.push({ text: text.slice(at, match.index), hidden: false });
    const number = match[0].codePointAt(0) ?? 0;
    found.push({ text: 'U+' + number.toString(16).toUpperCase().padStart(4, '0'), hidden: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ text: text.slice(at), hidden: false });
  return found;
}

/** Cuts a text to a number of characters, without splitting one. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length) + '…';
}

/** Returns a text on one line, for a list. */
export function oneLine(text: string, length = 240): string {
  return cut(text.slice(0, length * 4).replace(/\s+/g, ' ').trim(), length);
}

// Not with Intl: to load its data takes a noticeable part of the first view.

/** Returns a whole number with separators. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

const THOUSANDS = ['', 'K', 'M', 'B', 'T'];

/** Returns a number in at most six characters. */
export function compact(value: number): string {
  if (value < 10_000) return count(value);
  let power = 0;
  while (value >= 999.95 && power < THOUSANDS.length - 1) {
    value /= 1000;
    power++;
  }
  return `${Number(value.toFixed(1))}${THOUSANDS[power]}`;
}

/** Returns a number and its noun: one row, two rows. */
export function plural(value: number, one: string, many = one + 's'): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Returns a size in its largest unit: 512 B, 2.0 MiB. */
export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const power = Math.min(4, Math.floor(Math.log2(size) / 10));
  return `${(size / 1024 ** power).toFixed(1)} ${['KiB', 'MiB', 'GiB', 'TiB'][power - 1]}`;
}
