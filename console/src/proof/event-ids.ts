// SPDX-License-Identifier: Apache-2.0
import { FULL_WIDTH } from './tiles';

/** An event id in more than one row. */
interface RepeatedId {
  readonly id: string;
  readonly rows: readonly number[];
}

/**
 * Finds repeated event ids with 8 bytes a row: it keeps a number made of each id, and reads the ids
 * again only where two numbers are equal.
 */
export class EventIds {
  private keys: Float64Array;
  private count = 0;

  constructor(size: number) {
    this.keys = new Float64Array(Math.min(size, 4 * FULL_WIDTH));
  }

  add(id: string): void {
    if (this.count === this.keys.length) {
      const larger = new Float64Array(2 * this.keys.length);
      larger.set(this.keys);
      this.keys = larger;
    }
    this.keys[this.count++] = keyOf(id);
  }

  /**
   * Returns the repeated ids.
   *
   * @param idsOf reads the ids of a bundle again
   */
  async repeated(idsOf: (bundle: number) => Promise<readonly string[]>): Promise<RepeatedId[]> {
    const keys = this.keys.subarray(0, this.count);
    const sorted = keys.slice().sort();
    const suspects = new Set(sorted.filter((key, i) => i > 0 && key === sorted[i - 1]));
    const rows = new Map<string, number[]>();
    for (let from = 0; suspects.size > 0 && from < this.count; from += FULL_WIDTH) {
      const part = keys.subarray(from, from + FULL_WIDTH);
      if (part.some((key) => suspects.has(key))) {
        const ids = await idsOf(from / FULL_WIDTH);
        part.forEach((key, i) => {
          const id = ids[i];
          if (suspects.has(key) && id !== undefined) {
            const found = rows.get(id) ?? [];
            found.push(from + i + 1);
            rows.set(id, found);
          }
        });
      }
    }
    return [...rows].filter(([, each]) => each.length > 1).map(([id, each]) => ({ id, rows: each }));
  }
}

/** Returns a number of 53 bits made of an id: two 32-bit FNV-1a hashes with different starts. */
function keyOf(id: string): number {
  let a = 0x811c9dc5;
  let b = 0x01234567;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff);
}
