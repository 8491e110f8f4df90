// SPDX-License-Identifier: Apache-2.0
import { type Bytes, FormatError, slice } from './bytes';
import { HASH_BYTES } from './merkle';

/** The number of hashes of a full tile, and of entries of a full bundle. */
export const FULL_WIDTH = 256;

/** The level of entry bundles, below the tiles of level 0. */
export const ENTRIES = 'entries';

/** The place of a tile or an entry bundle in a log (C2SP tlog-tiles). */
export interface TilePath {
  readonly level: number | typeof ENTRIES;
  /** The index in the level, from 0. */
  readonly index: number;
  /** The number of hashes or entries, 1 to 256; a partial tile has fewer than 256. */
  readonly width: number;
}

/** Returns the path of a file of a log, relative to the log's directory. */
export function tilePath({ level, index, width }: TilePath): string {
  const groups = [group(index)];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${group(rest)}`);
  }
  return `tile/${level}/${groups.join('/')}${width === FULL_WIDTH ? '' : `.p/${width}`}`;
}

function group(index: number): string {
  return String(index % 1000).padStart(3, '0');
}

/** Returns the width of the tile at an index of a level that has this many hashes. */
export function widthOf(hashes: number, index: number): number {
  return Math.min(FULL_WIDTH, hashes - index * FULL_WIDTH);
}

/**
 * Reads the hashes of a tile.
 *
 * @throws FormatError if it does not have exactly this many
 */
export function parseTile(path: TilePath, bytes: Bytes): readonly Bytes[] {
  if (bytes.length !== path.width * HASH_BYTES) {
    throw new FormatError(
      `${tilePath(path)} has ${bytes.length} bytes, not ${path.width * HASH_BYTES}`,
    );
  }
  return Array.from({ length: path.width }, (_, i) =>
    slice(bytes, i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}

/**
 * Reads the entries of a bundle: each is its length in two bytes, big-endian, and its bytes.
 *
 * @throws FormatError if it does not have exactly this many
 */
export function parseBundle(path: TilePath, bytes: Bytes): readonly Bytes[] {
  const entries: Bytes[] = [];
  let at = 0;
  while (entries.length < path.width) {
    const end = at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
    if (at + 2 > bytes.length || end > bytes.length) {
      throw new FormatError(
        `${tilePath(path)} ends in entry ${entries.length + 1} of ${path.width}`,
      );
    }
    entries.push(slice(bytes, at + 2, end));
    at = end;
  }
  if (at !== bytes.length) {
    throw new FormatError(`${tilePath(path)} has ${bytes.length - at} bytes after its entries`);
  }
  return entries;
}
