// SPDX-License-Identifier: Apache-2.0
import { FormatError } from './bytes';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Maximum nesting depth; deeper text is an attempt to exhaust the stack. */
const MAX_DEPTH = 500;

/** A string of JSON, or white space between two tokens. */
const STRING_OR_SPACE = /("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\n\r]+/g;

/**
 * Returns the canonical form (RFC 8785).
 *
 * @throws FormatError if a value has none: a number that is not finite, or half of a surrogate pair
 */
export function canonical(value: Json): string {
  return write(value, 0);
}

function write(value: Json, depth: number): string {
  if (depth > MAX_DEPTH) {
    throw new FormatError(`the JSON is nested deeper than ${MAX_DEPTH} levels`);
  }
  if (typeof value === 'string') {
    return writeString(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      throw new FormatError('a number in the JSON is too large for a double');
    }
    // ECMAScript defines the canonical form of numbers; only the sign of zero differs.
    return String(value === 0 ? 0 : value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((each: Json) => write(each, depth + 1)).join(',')}]`;
  }
  if (value !== null && typeof value === 'object') {
    const object = value as JsonObject;
    // Sorted by UTF-16 code units, as the default order compares.
    const members = Object.keys(object)
      .sort()
      .map((name) => `${writeString(name)}:${write(object[name] as Json, depth + 1)}`);
    return `{${members.join(',')}}`;
  }
  return String(value);
}

function writeString(text: string): string {
  if (/\p{Surrogate}/u.test(text)) {
    throw new FormatError('a string in the JSON has half of a surrogate pair');
  }
  return JSON.stringify(text);
}

/**
 * Reads JSON that is in canonical form. Thereby refuses what two readers could read differently:
 * repeated names, numbers that a double cannot hold, text after the value.
 *
 * @throws FormatError if it is not JSON, or not in canonical form
 */
export function readCanonical(text: string, what: string): Json {
  const value = parse(text, what);
  if (canonical(value) !== text) {
    throw new FormatError(
      `${what} is not in canonical form: it may have been changed, or repeat a name`,
    );
  }
  return value;
}

/**
 * Reads JSON that is in canonical form except for white space between its tokens, as tools add it.
 *
 * @throws FormatError if it is not JSON, or differs from its canonical form in more than space
 */
export function readSpaced(text: string, what: string): Json {
  // In text that is not JSON, the expression could take quadratic time.
  parse(text, what);
  return readCanonical(text.replace(STRING_OR_SPACE, '$1'), what);
}

function parse(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new FormatError(`${what} is not JSON`);
  }
}

/** Returns true for an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the member of an object; undefined if the object itself does not have it. */
export function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Returns a member that must be a string. */
export function stringMember(object: JsonObject, name: string, what: string): string {
  const value = member(object, name);
  if (typeof value !== 'string') {
    throw new FormatError(`${what} has no text as its ${name}`);
  }
  return value;
}

/** Returns a member that must be a whole number that a double holds exactly. */
export function wholeMember(object: JsonObject, name: string, what: string): number {
  const value = member(object, name);
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new FormatError(`${what} has no whole number as its ${name}`);
  }
  return value;
}
