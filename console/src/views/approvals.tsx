// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem, daemonNow, get, post, type Caller, type Payload } from '../api.ts';
import { kindName } from '../model/decisions.ts';
import { plural } from '../model/text.ts';
import { length } from '../model/time.ts';
import { Empty, Failure, Skeleton, useLoaded } from '../parts/state.tsx';
import { Foreign } from '../parts/text.tsx';
import { Ago, Time, useTick } from '../parts/time.tsx';
import { Sign } from '../parts/verdict.tsx';
import { href } from '../router.ts';
import { ActionBody } from './decision.tsx';

interface Request {
  action_digest: string;
  agent_id: string;
  expires: string;
  id: string;
  payload: Payload;
  policy: string;
  principal?: string;
  resolution?: { by: string; decision: 'approve' | 'deny'; expires?: string; reason: string; signed: boolean };
  state: 'pending' | 'granted' | 'used' | 'denied' | 'expired' | 'outdated';
  times_asked: number;
  timestamp: string;
}

const STATES: Record<Request['state'], string> = {
  pending: 'waits for an answer',
  granted: 'approved, not used yet',
  used: 'approved and used',
  denied: 'denied',
  expired: 'expired',
  outdated: 'outdated: another policy is in force',
};

const VALIDITIES: [value: string, name: string][] = [['10m', '10 minutes'], ['1h', '1 hour'], ['8h', '8 hours'], ['24h', '24 hours']];

const POLL_MS = 3_000;

/** The requests for approval of the last day: those that wait, and those that were answered. */
export function ApprovalsView({ caller }: { caller: Caller }): JSX.Element {
  const found = useLoaded('approvals', (signal) => get<{ more: boolean; requests: Request[] }>('/v1/approvals', { limit: 200 }, signal), POLL_MS);
  const requests = found.value?.requests ?? [];
  const pending = requests.filter((each) => each.state === 'pending');
  const others = requests.filter((each) => each.state !== 'pending');
  return (
    <div class="page approvals">
      <header class="page-head">
        <h1>Approvals</h1>
        {found.value && <p class="page-sum" role="status">{pending.length === 0 ? 'Nothing waits for an answer.' : `${plural(pending.length, 'request')} ${pending.length === 1 ? 'waits' : 'wait'} for an answer.`}</p>}
      </header>
      {found.problem && <Failure problem={found.problem} retry={found.reload} />}
      {!found.value ? !found.problem && <Skeleton rows={8} /> : requests.length === 0 && <Empty title="No action was held in the last 24 hours" />}
      {pending.map((each) => <Pending key={each.id} request={each} caller={caller} onAnswered={found.reload} />)}
      {others.length > 0 && (
        <section class="card" aria-label="Answered or over">
          <div class="card-head"><h2>Answered or over</h2></div>
          <ul class="answered">{others.map((each) => <Answered key={each.id} request={each} />)}</ul>
        </section>
      )}
    </div>
  );
}

function Pending({ request, caller, onAnswered }: { request: Request; caller: Caller; onAnswered: () => void }): JSX.Element {
  const { payload } = request;
  const decision = payload.decision;
  return (
    <article class="card request" aria-label={`Request of ${request.agent_id}`}>
      <header class="request-head">
        <Sign verdict="escalate" />
        <b><Foreign text={request.agent_id} /></b>
        {request.principal ? <span class="faint">as <Foreign text={request.principal} /></span> : <span class="faint">a claim, without a credential</span>}
        <Ago at={request.timestamp} />
        {request.times_asked > 1 && <span class="tag">asked {request.times_asked} times</span>}
        <Countdown until={request.expires} />
      </header>
      {decision?.reason && <p class="reason"><Foreign text={decision.reason} />{decision.rule_id && <> (<code><Foreign text={decision.rule_id} /></code>)</>}</p>}
      {payload.action && <><span class="kind">{kindName(payload.action.kind)}</span><ActionBody action={payload.action} effective={payload.effective_command} /></>}
      {payload.facts && payload.facts.length > 0 && <ul class="facts">{payload.facts.map((fact) => <li key={fact} class="mono"><Foreign text={fact} /></li>)}</ul>}
      {caller.roles.includes('reader') && <p class="request-links">
        <a href={href(['decision', request.id])}>The record and its proof</a>
        <a href={href(['session'], payload.session ? { agent: request.agent_id, session: payload.session, at: request.id } : { agent: request.agent_id, at: request.id, around: request.timestamp })}>What the agent did before</a>
      </p>}
      {caller.roles.includes('approver') ? <Answer request={request} onAnswered={onAnswered} /> : <p class="faint">To answer needs the role approver.</p>}
    </article>
  );
}

/** The time that is left, kept current. */
function Countdown({ until }: { until: string }): JSX.Element {
  useTick(1000);
  const seconds = (Date.parse(until) - daemonNow()) / 1000;
  return <span class="countdown">{seconds > 0 ? <>expires in <time dateTime={until}>{length(seconds)}</time></> : 'expired'}</span>;
}

function Answer({ request, onAnswered }: { request: Request; onAnswered: () => void }): JSX.Element {
  const reason = useRef<HTMLTextAreaElement>(null);
  const [validity, setValidity] = useState(VALIDITIES[0]![0]);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const current = useRef(true);
  useEffect(() => () => { current.current = false; }, []);
  const answer = (decision: 'approve' | 'deny') => {
    const text = reason.current!.value.trim();
    if (text === '') {
      setProblem(new Problem(400, 'No reason', 'give a reason: it is recorded with the answer'));
      reason.current!.focus();
      return;
    }
    setBusy(true);
    setProblem(undefined);
    post(`/v1/approvals/${encodeURIComponent(request.id)}`, { decision, reason: text, ...(decision === 'approve' ? { for: validity } : {}) })
      .then(onAnswered, (e: unknown) => { if (current.current) setProblem(e instanceof Problem ? e : new Problem(0, 'Error', String(e))); })
      .finally(() => { if (current.current) setBusy(false); });
  };
  return (
    <div class="answer">
      <label for={`reason-${request.id}`}>Reason</label>
      <textarea id={`reason-${request.id}`} ref={reason} rows={2} placeholder="recorded with your answer" />
      <div class="buttons">
        <button type="button" class="primary" disabled={busy} onClick={() => answer('approve')}>Approve</button>
        <label>
          <span class="faint">for</span>{' '}
          <select value={validity} onChange={(event) => setValidity(event.currentTarget.value)}>
            {VALIDITIES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </label>
        <button type="button" class="deny" disabled={busy} onClick={() => answer('deny')}>Deny</button>
      </div>
      {problem && <Failure problem={problem} />}
    </div>
  );
}

function Answered({ request }: { request: Request }): JSX.Element {
  const answer = request.resolution;
  return (
    <li>
      <a href={href(['decision', request.id])}><Time at={request.timestamp} /></a>
      <Foreign text={request.agent_id} />
      <b>{STATES[request.state]}</b>
      {answer && <span class="faint">by <Foreign text={answer.by} />{answer.signed ? ', signed' : ''}: <Foreign text={answer.reason} /></span>}
    </li>
  );
}
