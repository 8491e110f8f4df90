// SPDX-License-Identifier: Apache-2.0

/** A text and its replacement. */
export interface Change {
  before: string;
  after: string;
}

/** Returns the replacements of text in the arguments of a tool call, as editors of agents name them. */
export function edits(input: unknown): Change[] {
  if (input === null || typeof input !== 'object') return [];
  const members = input as Record<string, unknown>;
  const before = members['old_string'] ?? members['old_str'];
  const after = members['new_string'] ?? members['new_str'];
  const own = typeof before === 'string' && typeof after === 'string' ? [{ before, after }] : [];
  const more = Array.isArray(members['edits']) ? members['edits'].slice(0, 50).flatMap(edits) : [];
  return [...own, ...more];
}

export interface Line {
  sign: '+' | '-' | ' ';
  text: string;
}

/** Lines on each side, beyond which a comparison takes too long to be worth it. */
const MAX_LINES = 1_000;

/** Returns the lines of two texts with the fewest changes; undefined if there are too many. */
export function lineDiff(before: string, after: string): Line[] | undefined {
  const a = before.split('\n');
  const b = after.split('\n');
  if (a.length > MAX_LINES || b.length > MAX_LINES || before.length + after.length > 200_000) return undefined;
  // common[i][j] is the length of the longest common subsequence of a[i..] and b[j..].
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] =
        a[i] === b[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i]! });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) {
      lines.push({ sign: '-', text: a[i++]! });
    } else {
      lines.push({ sign: '+', text: b[j++]! });
    }
  }
  return lines;
}
