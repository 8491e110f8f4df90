// SPDX-License-Identifier: Apache-2.0

/** State of one step: proven, disproven, or not decided by what was given. Never `ok` by default. */
export type Status = 'ok' | 'wrong' | 'unknown';

/** A result and the reason for it, in words. */
export interface Judgement {
  readonly status: Status;
  readonly reason: string;
}

/** Returns that something is proven. */
export function ok(reason: string): Judgement {
  return { status: 'ok', reason };
}

/** Returns that something is disproven. */
export function wrong(reason: string): Judgement {
  return { status: 'wrong', reason };
}

/** Returns that what was given does not decide it. */
export function unknown(reason: string): Judgement {
  return { status: 'unknown', reason };
}
