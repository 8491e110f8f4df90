// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { count, plural } from '../model/text.ts';
import type { DecisionReport, Step, StepName } from '../proof/decision.ts';
import type { Status } from '../proof/step.ts';
import { Foreign } from './text.tsx';

const NAMES: Record<StepName, string> = {
  payload: 'Payload',
  record: 'Record',
  signature: 'Row signature',
  leaf: 'Leaf',
  path: 'Path to the root',
  checkpoint: 'Checkpoint',
  signatures: "Log's signature",
  witnesses: 'Witnesses',
};

const STATUS_NAMES: Record<Status, string> = { ok: 'proven', wrong: 'disproven', unknown: 'not known' };

const DECISION_VERDICTS: Record<DecisionReport['verdict'], [Status, string]> = {
  proven: ['ok', 'Proven: this record is in the log that your key signed'],
  refuted: ['wrong', 'Refuted: the evidence contradicts itself'],
  unknown: ['unknown', 'Not proven'],
};

const LOG_VERDICTS: Record<LogFindings['verdict'], [Status, string]> = {
  intact: ['ok', 'Intact: nothing contradicts what was signed'],
  broken: ['wrong', 'Broken: something was changed, removed or forged'],
  unknown: ['unknown', 'Not known: something could not be checked'],
};

/** The classes of a verdict's line. */
const VERDICT_CLASSES: Record<Status, string> = { ok: 'proven', wrong: 'refuted', unknown: 'unknown' };

/** Result of verifying a log, by the daemon or in the browser. */
export interface LogFindings {
  findings: { check: string; counts: boolean; message: string; status: string }[];
  verdict: 'intact' | 'broken' | 'unknown';
}

/** A verdict in one line. */
export function Verdict({ status, text }: { status: Status; text: string }): JSX.Element {
  return <p class={`proof-verdict ${VERDICT_CLASSES[status]}`} role="status"><StatusSign status={status} />{text}</p>;
}

/** The verdict about a decision. */
export function DecisionVerdict({ verdict }: Pick<DecisionReport, 'verdict'>): JSX.Element {
  const [status, text] = DECISION_VERDICTS[verdict];
  return <Verdict status={status} text={text} />;
}

/** The steps of a proof, each with its reason. */
export function Steps({ steps }: { steps: readonly Step[] }): JSX.Element {
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li key={step.name} class={step.status}>
          <StatusSign status={step.status} />
          <details>
            <summary><span>{NAMES[step.name]}</span><span class="sr">: {STATUS_NAMES[step.status]}</span></summary>
            <p><Foreign text={step.reason} /></p>
          </details>
        </li>
      ))}
    </ol>
  );
}

/** The verdict about a log and the findings, those that contradict something first. */
export function Findings({ report }: { report: LogFindings }): JSX.Element {
  const rank = (status: string) => (status === 'ok' ? 2 : status === 'unknown' ? 1 : 0);
  const sorted = [...report.findings].sort((a, b) => rank(a.status) - rank(b.status));
  const [status, text] = LOG_VERDICTS[report.verdict];
  return (
    <div class="findings">
      <Verdict status={status} text={text} />
      <ul>
        {sorted.map((finding, i) => (
          <li key={i}>
            <StatusSign status={finding.status === 'ok' || finding.status === 'unknown' ? finding.status : 'wrong'} />
            <span class="finding-check">{finding.check.replaceAll('_', ' ')}<span class="sr">: {finding.status}</span></span>
            <span class="finding-message"><Foreign text={finding.message} />{!finding.counts && <em> (does not count for the verdict)</em>}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The progress of a verification. */
export function RowProgress({ rows, of }: { rows: number; of: number }): JSX.Element {
  return (
    <div class="progress">
      <progress max={Math.max(1, of)} value={rows} aria-label="rows verified" />
      <span role="status">{count(rows)} of {plural(of, 'row')}</span>
    </div>
  );
}

/** The sign of a status: shape and colour. */
export function StatusSign({ status }: { status: Status }): JSX.Element {
  return (
    <svg class={`status-sign ${status}`} viewBox="0 0 16 16" aria-hidden="true">
      {status === 'ok' ? <><circle cx="8" cy="8" r="7" /><path class="sign" d="m4.800 8.300 2.200 2.200 4.200-4.700" /></>
        : status === 'wrong' ? <><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5Z" /><path class="sign" d="m5.500 5.500 5 5m0-5-5 5" /></>
        : <><circle cx="8" cy="8" r="6.300" class="ring" /><path class="sign-dark" d="M6.300 6.400a1.800 1.800 0 1 1 2.500 1.700c-.6.3-.8.6-.8 1.300m0 2v.1" /></>}
    </svg>
  );
}
