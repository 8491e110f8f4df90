// SPDX-License-Identifier: Apache-2.0
import type { DecisionReport, StepName } from '../src/proof/decision';
import type { LogReport } from '../src/proof/export';
import type { FileReport } from '../src/proof/files';
import type { Judgement, Status } from '../src/proof/step';
import { count, element, foreign, visible } from './dom';

const STATES: Readonly<Record<Status, string>> = { ok: '✓ ok', wrong: '✗ wrong', unknown: '? unknown' };

const STEP_NAMES: Readonly<Record<StepName, string>> = {
  payload: 'Payload hash',
  record: 'Record',
  signature: 'Signature of the row',
  leaf: 'Leaf',
  path: 'Path to the root',
  checkpoint: 'Checkpoint',
  signatures: 'Signature of the log',
  witnesses: 'Witnesses',
};

const DECISION_VERDICTS: Readonly<Record<DecisionReport['verdict'], readonly [Status, string, string]>> = {
  proven: ['ok', 'Proven', 'The record is in the log that a pinned key signed.'],
  refuted: ['wrong', 'Refuted', 'At least one step is wrong.'],
  unknown: ['unknown', 'Unknown', 'What was given does not decide it.'],
};

const LOG_VERDICTS: Readonly<Record<LogReport['verdict'], readonly [Status, string, string]>> = {
  intact: ['ok', 'Intact', 'Every row is in its place, and in the tree of a checkpoint that a pinned key signed.'],
  broken: ['wrong', 'Broken', 'At least one check found a fault.'],
  unknown: ['unknown', 'Unknown', 'What was given does not decide it.'],
};

/** Counts the verdicts in words. */
export function summaryOf(reports: readonly FileReport[]): string {
  const titles = reports.map((each) => titleOf(each));
  return [...new Set(titles)]
    .map((title) => `${count(titles.filter((each) => each === title).length)} ${title.toLowerCase()}`)
    .join(', ');
}

function titleOf(each: FileReport): string {
  switch (each.kind) {
    case 'log':
      return LOG_VERDICTS[each.report.verdict][1];
    case 'decision':
      return DECISION_VERDICTS[each.report.verdict][1];
    case 'unread':
      return 'Not verified';
  }
}

/** Shows the result of verifying one log, one decision or one file. */
export function article(each: FileReport): HTMLElement {
  switch (each.kind) {
    case 'log':
      return element('article', '', verdict(each.name, LOG_VERDICTS[each.report.verdict]), ...log(each.report));
    case 'decision':
      return element('article', '', verdict(each.name, DECISION_VERDICTS[each.report.verdict]), ...decision(each.report));
    case 'unread':
      return element('article', '', verdict(each.name, ['unknown', 'Not verified', `${each.reason}.`]));
  }
}

function verdict(name: string, [status, title, text]: readonly [Status, string, string]): HTMLElement {
  return element(
    'div',
    `verdict ${status}`,
    element('h3', '', foreign(name)),
    element('p', '', element('strong', '', title)),
    element('p', '', visible(text)),
  );
}

function decision({ row, payload, steps, checkpoint, verdict: found }: DecisionReport): HTMLElement[] {
  const facts: HTMLElement[] = [];
  const fact = (name: string, ...value: (Node | string)[]): void => {
    facts.push(element('dt', '', name), element('dd', '', ...value));
  };
  if (row !== undefined && found !== 'proven') {
    facts.push(element('p', 'caution', `The following is ${found === 'refuted' ? 'refuted' : 'not proven'}.`));
  }
  if (row !== undefined) {
    fact('Row', count(row.sequence) + (checkpoint ? ` of ${checkpoint.size}` : ''));
    fact('Log', foreign(checkpoint?.origin ?? 'not stated'));
    fact('Event', foreign(row.id));
    fact('Agent', foreign(row.agentId));
    fact('Type', foreign(row.eventType));
    fact('Time', foreign(row.timestamp));
  }
  if (payload !== undefined) {
    fact('Payload', element('pre', '', foreign(indented(payload))));
  }
  const judged = steps.map(({ name, ...judgement }) => step(STEP_NAMES[name], judgement));
  return [
    ...(facts.length > 0 ? [element('dl', 'facts', ...facts)] : []),
    element('ol', 'steps', ...judged),
  ];
}

function log({ rows, checkpoint, findings, faults }: LogReport): HTMLElement[] {
  const named = findings.filter((each) => each.counts && each.status !== 'ok').length;
  const facts = element('dl', 'facts');
  const fact = (name: string, value: Node | string): void => {
    facts.append(element('dt', '', name), element('dd', '', value));
  };
  fact('Rows', `${count(rows)} checked`);
  if (checkpoint !== undefined) {
    fact('Log', foreign(checkpoint.origin));
    fact('Checkpoint', `over ${checkpoint.size} rows`);
  }
  if (faults > named) {
    fact('Faults', `${count(faults)}, of which ${count(named)} are named`);
  }
  const judged = findings.map((each) => {
    const reason = each.sequence === undefined ? each.reason : `row ${each.sequence}: ${each.reason}`;
    return step(each.check, { status: each.status, reason });
  });
  return [facts, element('ol', 'steps', ...judged)];
}

function step(name: string, { status, reason }: Judgement): HTMLElement {
  return element(
    'li',
    '',
    element('span', `state ${status}`, STATES[status]),
    element('span', 'name', name),
    element('span', 'reason', foreign(reason)),
  );
}

/** Returns the payload with line breaks, for reading. */
function indented(payload: string): string {
  return JSON.stringify(JSON.parse(payload), null, 2);
}
