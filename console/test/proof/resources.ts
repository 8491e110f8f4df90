// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../src/proof/bytes';
import { type DecisionReport, type StepName } from '../../src/proof/decision';
import { parseKeys, type PinnedKeys } from '../../src/proof/keys';

/** The log and the receipts that `make.sh` made with the Java command. */
export const RESOURCES = join(import.meta.dirname, '../resources');

/** The vectors of others, beside the checkout; absent in a user's clone. */
export const VECTORS = join(import.meta.dirname, '../../../../shared/vectors');

export const hasVectors = existsSync(VECTORS);
if (!hasVectors) {
  console.warn(`${VECTORS} is not there: the tests that read vectors are skipped`);
}

export function bytes(...path: readonly string[]): Bytes {
  return new Uint8Array(readFileSync(join(...path)));
}

export function text(...path: readonly string[]): string {
  return readFileSync(join(...path), 'utf8');
}

/** The rows in the form of `log list --output json`. */
export const EVENTS: readonly string[] = text(RESOURCES, 'events.jsonl').trim().split('\n');

/** Returns the rows of a type. */
export function eventsOf(type: string): readonly string[] {
  return EVENTS.filter((event) => event.includes(`"event_type":"${type}"`));
}

/** The receipts with their payloads, by event id. */
export const RECEIPTS: ReadonlyMap<string, Bytes> = new Map(
  readdirSync(join(RESOURCES, 'receipts'))
    .filter((name) => /^[0-9a-f-]{36}\./.test(name))
    .map((name) => [name.substring(0, 36), bytes(RESOURCES, 'receipts', name)]),
);

/** Returns the keys of the log and of its witness. */
export function pinned(): Promise<PinnedKeys> {
  return parseKeys(text(RESOURCES, 'vkeys') + text(RESOURCES, 'witnesses'));
}

/** Returns the state of each step. */
export function states(report: DecisionReport): Record<StepName, string> {
  return Object.fromEntries(report.steps.map(({ name, status }) => [name, status])) as Record<
    StepName,
    string
  >;
}

/** Returns the reason of a step. */
export function reason(report: DecisionReport, name: StepName): string {
  return report.steps.find((step) => step.name === name)?.reason ?? '';
}
