// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem, get, post } from '../api.ts';
import { Findings, RowProgress, type LogFindings } from '../parts/judgement.tsx';
import { Failure } from '../parts/state.tsx';
import { Card } from './decision.tsx';
import { VerifyFiles } from './verify-files.tsx';

interface Job {
  checked: number;
  failure: string | null;
  id: string;
  report: LogFindings | null;
  rows: number;
  since: number;
  state: 'running' | 'done' | 'failed';
}

const POLL_MS = 500;

/** Verifies the whole log on the daemon, and files in the browser. */
export function VerifyView(): JSX.Element {
  return (
    <div class="page verify">
      <header class="page-head"><h1>Verify</h1></header>
      <VerifyLog />
      <VerifyFiles />
    </div>
  );
}

/** Verifies the whole log on the daemon. */
function VerifyLog(): JSX.Element {
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
    <Card title="The whole log, on the daemon" extra={<button type="button" class="primary" onClick={start} disabled={running}>{running ? 'Verifying…' : job ? 'Verify again' : 'Verify'}</button>}>
      <p>
        Checks every row: the hash of its payload, its place in the chain, its signature, the tree and the checkpoints. A
        daemon that verifies its own log proves nothing to somebody who does not trust it: for that, verify a receipt or an
        export elsewhere.
      </p>
      {problem && <Failure problem={problem} />}
      {job && <RowProgress rows={job.state === 'done' ? job.rows : job.checked} of={job.rows} />}
      {job?.state === 'failed' && <Failure problem={new Problem(500, 'Not verified', job.failure ?? '')} />}
      {job?.report && <Findings report={job.report} />}
    </Card>
  );
}
