// SPDX-License-Identifier: Apache-2.0
import { type Judgement, ok, type Status } from './step';

/** A result of one check of an exported log. */
export interface Finding extends Judgement {
  /** The check, named as `indelible log verify` names it. */
  readonly check: string;
  /** The row that the result is about. */
  readonly sequence?: number | undefined;
  /** True if the verdict depends on it. */
  readonly counts: boolean;
}

/** A verdict about a log. */
export type LogVerdict = 'intact' | 'broken' | 'unknown';

/** Maximum number of faults that a report names, as in the other implementation. */
export const MAX_NAMED = 1_000;

/** The findings of one verification. */
export class Findings {
  faults = 0;
  private readonly named: Finding[] = [];
  private readonly sound: Finding[] = [];
  private readonly notes: Finding[] = [];
  private readonly faulty = new Set<string>();
  private worst: Status = 'ok';

  /** Adds a fault. After {@link MAX_NAMED} faults, further ones are only counted. */
  fault(check: string, judged: Judgement, sequence?: number): void {
    this.faults++;
    this.faulty.add(check);
    if (this.worst !== 'wrong') {
      this.worst = judged.status;
    }
    if (this.named.length < MAX_NAMED) {
      this.named.push({ check, ...judged, sequence, counts: true });
    }
  }

  /** Adds a property that holds, unless the check has a fault. */
  holds(check: string, reason: string): void {
    if (!this.faulty.has(check)) {
      this.sound.push({ check, ...ok(reason), counts: true });
    }
  }

  /** Adds information on which the verdict does not depend. */
  note(check: string, judged: Judgement, sequence?: number): void {
    this.notes.push({ check, ...judged, sequence, counts: false });
  }

  isFaulty(...checks: readonly string[]): boolean {
    return checks.some((check) => this.faulty.has(check));
  }

  /** Returns `intact` only for a log of which some property was proven, and none has a fault. */
  verdict(): LogVerdict {
    if (this.worst === 'wrong') {
      return 'broken';
    }
    return this.worst === 'ok' && this.sound.length > 0 ? 'intact' : 'unknown';
  }

  all(): readonly Finding[] {
    const order: Readonly<Record<Status, number>> = { wrong: 0, unknown: 1, ok: 2 };
    const faults = [...this.named].sort((a, b) => order[a.status] - order[b.status]);
    return [...faults, ...this.sound, ...this.notes];
  }
}

/** A number of rows, and the first of them. */
export class Count {
  count = 0;
  first = 0;

  at(sequence: number): void {
    this.first = this.count === 0 ? sequence : this.first;
    this.count++;
  }
}

/** Names rows in a reason. */
export function rowsFrom(count: number, first: number): string {
  return count === 1 ? `row ${first}` : `${count} rows from row ${first} on`;
}
