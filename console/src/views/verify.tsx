// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem, get, post } from '../api.ts';
import { count, plural } from '../model/text.ts';
import { Failure } from '../parts/state.tsx';
import { Foreign } from '../parts/text.tsx';
import { Card } from './decision.tsx';
import { StatusSign } from './proof.tsx';

interface Job {
  checked: number;
  failure: string | null;
  id: string;
  report: Report | null;
  rows: number;
  since: number;
  state: 'running' | 'done' | 'failed';
}

interface Report {
  faults: number;
  findings: { check: string; counts: boolean; message: string; status: string }[];
  head: { hash: string; sequence: number } | null;
  rows: number;
  verdict: 'intact' | 'broken' | 'unknown';
}

const VERDICTS: Record<Report['verdict'], string> = {
  intact: 'Intact: nothing contradicts what was signed',
  broken: 'Broken: something was changed, removed or forged',
  unknown: 'Not known: something could not be checked',
};

const POLL_MS = 500;

/** Verifies the whole log on the daemon. */
export function VerifyView(): JSX.Element {
  const [job, setJob] = useState<Job>();
  const [problem, setProblem] = useState<Problem>();
  const failed = (e: unknown) => setProblem(e instanceof Problem ? e : new Problem(0, 'Error', String(e)));
  useEffect(() => {
    if (job?.state !== 'running') return;
    const timer = setTimeout(() => get<Job>(`/v1/verify/${job.id}`).then(setJob, failed), POLL_MS);
    return () => clearTimeout(timer);
  }, [job]);
  const start = () => {
    setProblem(undefined);
    post<Job>('/v1/verify').then(setJob, failed);
  };
  const running = job?.state === 'running';
  return (
    <div class="page verify">
      <header class="page-head"><h1>Verify</h1></header>
      <Card title="The whole log, on the daemon" extra={<button type="button" class="primary" onClick={start} disabled={running}>{running ? 'Verifying…' : job ? 'Verify again' : 'Verify'}</button>}>
        <p>
          Checks every row: the hash of its payload, its place in the chain, its signature, the tree and the checkpoints. A
          daemon that verifies its own log proves nothing to somebody who does not trust it: for that, verify a receipt or an
          export elsewhere.
        </p>
        {problem && <Failure problem={problem} />}
        {job && <Progress job={job} />}
        {job?.state === 'failed' && <Failure problem={new Problem(500, 'Not verified', job.failure ?? '')} />}
        {job?.report && <Findings report={job.report} />}
      </Card>
    </div>
  );
}

function Progress({ job }: { job: Job }): JSX.Element {
  const done = job.state === 'done' ? job.rows : job.checked;
  return (
    <div class="progress">
      <progress max={Math.max(1, job.rows)} value={done} aria-label="rows verified" />
      <span role="status">{count(done)} of {plural(job.rows, 'row')}</span>
    </div>
  );
}

/** The findings, those that contradict something first. */
function Findings({ report }: { report: Report }): JSX.Element {
  const rank = (status: string) => (status === 'ok' ? 2 : status === 'unknown' ? 1 : 0);
  const sorted = [...report.findings].sort((a, b) => rank(a.status) - rank(b.status));
  return (
    <div class="findings">
      <p class={`proof-verdict ${report.verdict === 'intact' ? 'proven' : report.verdict === 'broken' ? 'refuted' : 'unknown'}`} role="status">
        <StatusSign status={report.verdict === 'intact' ? 'ok' : report.verdict === 'broken' ? 'wrong' : 'unknown'} />
        {VERDICTS[report.verdict]}
      </p>
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
