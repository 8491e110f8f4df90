// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem, get, post } from '../api.ts';
import { count, plural } from '../model/text.ts';
import { Failure } from '../parts/state.tsx';
import { Foreign } from '../parts/text.tsx';
import { Card } from './decision.tsx';

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
  verdict?: string;
  [member: string]: unknown;
}

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

function Findings({ report }: { report: Report }): JSX.Element {
  const lists = Object.entries(report).filter(([, value]) => Array.isArray(value) && value.length > 0);
  return (
    <div class={`findings ${report.verdict === 'intact' ? 'good' : 'bad'}`}>
      <p class="finding-verdict">{report.verdict === 'intact' ? 'Intact' : String(report.verdict)}</p>
      {lists.map(([name, values]) => (
        <div key={name}>
          <h3>{name.replaceAll('_', ' ')}</h3>
          <ul>{(values as unknown[]).slice(0, 200).map((value, i) => <li key={i}><Foreign text={typeof value === 'string' ? value : JSON.stringify(value)} /></li>)}</ul>
        </div>
      ))}
    </div>
  );
}
