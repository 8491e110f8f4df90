// SPDX-License-Identifier: Apache-2.0
import { type Bytes, concat, equal, FormatError } from './bytes';
import { sha256 } from './crypto';
import { nodeHash } from './merkle';
import { type Judgement, ok, wrong } from './step';
import { FULL_WIDTH, parseTile, type TilePath, tilePath } from './tiles';

/** The files of an exported log. */
export interface LogFiles {
  /** Returns the bytes of a file; undefined if there is none of that path. */
  read(path: string): Promise<Bytes | undefined>;
}

/** Stops the reading of a log that cannot be read further. */
export class UnreadableError extends Error {}

interface StoredFile {
  readonly path: TilePath;
  readonly bytes: Bytes;
}

/**
 * Reads a tile or bundle. A server may have removed a partial one after the full one was there.
 *
 * @throws UnreadableError if neither is there
 */
export async function stored(files: LogFiles, path: TilePath): Promise<StoredFile> {
  const full = { ...path, width: FULL_WIDTH };
  for (const each of path.width === FULL_WIDTH ? [path] : [path, full]) {
    const bytes = await files.read(tilePath(each));
    if (bytes !== undefined) {
      return { path: each, bytes };
    }
  }
  throw new UnreadableError(`${tilePath(path)}: the file is missing`);
}

/** The tree of the rows, computed from them and compared with the stored tiles. */
export class StoredTree {
  private readonly files: LogFiles;
  private readonly size: number;

  /** The hashes of the tile of each level that is not full yet. */
  private readonly open: Bytes[][] = [[]];

  /** The number of full tiles of each level. */
  private readonly full: number[] = [0];

  private fault: string | undefined;

  constructor(files: LogFiles, size: number) {
    this.files = files;
    this.size = size;
  }

  /** Adds the leaves of one bundle. */
  async add(leaves: readonly Bytes[]): Promise<void> {
    await this.push(0, leaves);
  }

  /** Adds hashes that fill at most the open tile of a level. */
  private async push(level: number, hashes: readonly Bytes[]): Promise<void> {
    const open = (this.open[level] ??= []);
    open.push(...hashes);
    if (open.length < FULL_WIDTH) {
      return;
    }
    const index = this.full[level] ?? 0;
    this.full[level] = index + 1;
    this.open[level] = [];
    await this.compare({ level, index, width: FULL_WIDTH }, open);
    await this.push(level + 1, [await rootOf(open)]);
  }

  /** Compares a tile of the rows with the stored one; after the first fault, no more are read. */
  private async compare(path: TilePath, hashes: readonly Bytes[]): Promise<void> {
    if (this.fault !== undefined) {
      return;
    }
    try {
      const found = await stored(this.files, path);
      const tile = parseTile(found.path, found.bytes).slice(0, path.width);
      if (!equal(concat(...tile), concat(...hashes))) {
        this.fault = `${tilePath(path)} is not the tile of the rows`;
      }
    } catch (e) {
      if (!(e instanceof FormatError || e instanceof UnreadableError)) {
        throw e;
      }
      this.fault = e.message;
    }
  }

  /** Compares the partial tiles, and returns the result for all tiles. */
  async end(): Promise<Judgement> {
    for (const [level, open] of this.open.entries()) {
      if (open.length > 0) {
        await this.compare({ level, index: this.full[level] ?? 0, width: open.length }, open);
      }
    }
    return this.fault === undefined
      ? ok(`its tiles are those of ${this.size} rows`)
      : wrong(this.fault);
  }

  /** Returns the root of the rows: the partial tiles, from the lowest level, are its right edge. */
  async root(): Promise<Bytes> {
    let right: Bytes | undefined;
    for (const open of this.open) {
      const hashes = right === undefined ? open : [...open, right];
      right = hashes.length === 0 ? undefined : await rootOf(hashes);
    }
    return right ?? sha256(new Uint8Array(0));
  }
}

/**
 * Returns the root of a tree over hashes: pairs are joined level by level, and a last one without a
 * sibling moves up (RFC 9162 section 2.1.1).
 */
async function rootOf(hashes: readonly Bytes[]): Promise<Bytes> {
  let level = hashes;
  while (level.length > 1) {
    const pairs: Promise<Bytes>[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      pairs.push(nodeHash(level[i] as Bytes, level[i + 1] as Bytes));
    }
    const joined = await Promise.all(pairs);
    level = level.length % 2 === 0 ? joined : [...joined, level.at(-1) as Bytes];
  }
  return level[0] as Bytes;
}
