// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Problem, clockDifference, daemonNow, get, getAnyStatus, post, type Caller, type Page } from '../api.ts';
import type { AuditHealth } from '../app.tsx';
import { bytes, compact, count, oneLine, plural } from '../model/text.ts';
import { length } from '../model/time.ts';
import { Plot, type Point } from '../parts/plot.tsx';
import { Failure, Skeleton, useLoaded } from '../parts/state.tsx';
import { Block, Code, Foreign } from '../parts/text.tsx';
import { Ago, Time } from '../parts/time.tsx';
import { href } from '../router.ts';
import { Card } from './decision.tsx';

const STATUS_INTERVAL_MS = 5_000;
const HOUR_MS = 3_600_000;

/** The object that `indelible status --output json` prints; null for what cannot be read. */
interface Status {
  anchor: { anchored: number | null; newest_row: string | null; not_anchored: number | null } | null;
  approval: { deferred_audit_dlq_size: number | null };
  checkpoint: { newest_row: string | null; origin: string; size: number } | null;
  escalations: number | null;
  head: { hash: string; sequence: number } | null;
  health: { source: string; reason: string }[];
  index: { indexed: number | null; not_indexed: number | null };
  keys: string[] | null;
  policy: string | null;
  refusals: number | null;
  revoked_keys: string[];
  row_signatures: string;
  rows: number | null;
  state: string;
  tally: { sequence: number } | null;
  tamper_notes: { answered_by: number | null; rows_lost: boolean; sequence: number }[];
  waiting: { alive: number; ended: number; oldest: string | null } | null;
  witnesses: { cosigned: number | null; last: Cosignature[]; not_cosigned: number | null } | null;
}

/** The last cosignature of a witness. */
interface Cosignature {
  /** Rows under it: 0 without a cosignature, null if that is unknown. */
  size: number | null;
  time: string | null;
  witness: string;
}

interface Hour {
  interval_seconds: number;
  samples: Sample[];
}

interface Sample {
  appended: number;
  at: string;
  decided: number;
  deciding_micros: number;
  journal_bytes: number | null;
  lag_millis: number | null;
  pending: number;
}

interface DeadLetter {
  agent_id: string;
  attempts: number;
  event_type: string;
  failed_at: string;
  failure_reason: string;
  id: string;
  letter: number;
  payload: string;
  replayed_as: string | null;
  timestamp: string;
}

/** The state of the log, and what to do about it. */
export function HealthView({ caller }: { caller: Caller }): JSX.Element {
  const health = useLoaded('health', (signal) => getAnyStatus<AuditHealth>('/health/audit', signal), STATUS_INTERVAL_MS);
  const status = useLoaded('status', (signal) => get<Status>('/v1/status', {}, signal), STATUS_INTERVAL_MS);
  const hour = useLoaded('hour', (signal) => get<Hour>('/v1/status/hour', {}, signal), 10_000);
  return (
    <div class="page health">
      <header class="page-head"><h1>Health</h1></header>
      {status.problem && <Failure problem={status.problem} retry={status.reload} />}
      {health.value && <State health={health.value} />}
      <Clock />
      {hour.value ? <Plots hour={hour.value} /> : <div class="plots-space" aria-busy="true" />}
      {status.value ? <Numbers status={status.value} journal={hour.value?.samples.at(-1)?.journal_bytes} /> : !status.problem && <Skeleton rows={8} />}
      <DeadLetters caller={caller} onReplayed={status.reload} />
    </div>
  );
}

function State({ health }: { health: AuditHealth }): JSX.Element {
  const good = health.state === 'recording' && health.entries.length === 0;
  return (
    <section class={`state ${good ? 'good' : 'bad'}`} aria-label="State">
      <p class="state-word"><span class="dot" aria-hidden="true" /> {health.state}</p>
      {good ? <p>Every decision is recorded. No fault is known.</p> : (
        <ul>{health.entries.map((each) => <li key={each.source}><b>{each.source}</b> <Foreign text={each.reason} /></li>)}</ul>
      )}
    </section>
  );
}

function Clock(): JSX.Element | null {
  const difference = clockDifference() / 1000;
  if (Math.abs(difference) < 5) return null;
  return <p class="notice">The clock of this browser is {length(Math.abs(difference))} {difference > 0 ? 'behind' : 'ahead of'} the daemon's. Ages here are by the daemon's clock.</p>;
}

/** Returns a value for each pair of samples in sequence; null over a gap or a restart. */
function between(hour: Hour, value: (before: Sample, after: Sample, seconds: number) => number | null): Point[] {
  return hour.samples.slice(1).map((after, i) => {
    const before = hour.samples[i]!;
    const seconds = (Date.parse(after.at) - Date.parse(before.at)) / 1000;
    const isGap = seconds <= 0 || seconds > hour.interval_seconds * 3 || after.decided < before.decided;
    return { at: Date.parse(after.at), value: isGap ? null : value(before, after, seconds) };
  });
}

function Plots({ hour }: { hour: Hour }): JSX.Element {
  const to = daemonNow();
  const range = { from: to - HOUR_MS, to };
  const rate = between(hour, (before, after, seconds) => (after.decided - before.decided) / seconds);
  const latency = between(hour, (before, after) =>
    after.decided === before.decided ? null : (after.deciding_micros - before.deciding_micros) / (after.decided - before.decided));
  const lag = hour.samples.map((each) => ({ at: Date.parse(each.at), value: each.lag_millis }));
  return (
    <section class="plots" aria-label="The last hour">
      <Plot title="Decisions" points={rate} {...range} show={(value) => `${value < 10 ? value.toFixed(1) : compact(Math.round(value))} per second`} />
      <Plot title="Time of a decision" points={latency} {...range} show={(value) => (value < 1000 ? `${value.toFixed(0)} µs` : `${(value / 1000).toFixed(1)} ms`)} />
      <Plot title="Oldest waiting event" points={lag} {...range} show={(value) => length(value / 1000)} />
      <p class="hint">The last hour, in UTC; this process only.</p>
    </section>
  );
}

function known(value: number | null | undefined): string {
  return value === null || value === undefined ? 'not known' : count(value);
}

/** The age of a checkpoint, which states no time itself: it is no older than the newest row under it. */
function AtMost({ newestRow }: { newestRow: string | null }): JSX.Element {
  if (newestRow === null) return <>its age cannot be told</>;
  return <span title="A checkpoint states no time. It was signed after the newest row under it was recorded.">at most <Ago at={newestRow} /></span>;
}

function Cosigned({ last }: { last: Cosignature }): JSX.Element {
  if (last.size === null) return <>not known</>;
  if (last.size === 0) return <>nothing yet</>;
  return (
    <>
      {plural(last.size, 'row')},{' '}
      {last.time === null ? 'its age cannot be told' : <span title="By the clock of the witness, which signed this time."><Ago at={last.time} /></span>}
    </>
  );
}

function Numbers({ status, journal }: { status: Status; journal: number | null | undefined }): JSX.Element {
  const last = status.head?.sequence ?? 0;
  const behind = status.checkpoint ? last - status.checkpoint.size : undefined;
  return (
    <div class="numbers">
      <Card title="Log">
        <dl class="members">
          <div><dt>rows</dt><dd>{known(status.rows)}</dd></div>
          <div><dt>refused</dt><dd>{known(status.refusals)}</dd></div>
          <div><dt>held</dt><dd>{known(status.escalations)}</dd></div>
          <div><dt>head</dt><dd>{status.head ? <Code text={status.head.hash} what="the hash of the last row" short={16} /> : 'no row yet'}</dd></div>
          <div><dt>signatures</dt><dd>{status.row_signatures}</dd></div>
          <div><dt>index</dt><dd>{status.index.not_indexed === 0 ? 'complete' : status.index.not_indexed === null ? 'not known' : `lacks ${plural(status.index.not_indexed, 'row')}`}</dd></div>
        </dl>
      </Card>
      <Card title="Evidence">
        <dl class="members">
          <div><dt>checkpoint</dt><dd>{status.checkpoint ? <>{count(status.checkpoint.size)} rows{behind ? `, ${plural(behind, 'row')} after it` : ''}</> : 'none yet'}</dd></div>
          {status.checkpoint && <div><dt>signed</dt><dd><AtMost newestRow={status.checkpoint.newest_row} /></dd></div>}
          {status.checkpoint && <div><dt>origin</dt><dd><Foreign text={status.checkpoint.origin} /></dd></div>}
          <div><dt>witnesses</dt><dd>{status.witnesses === null ? 'none are asked' : `${known(status.witnesses.cosigned)} rows cosigned by a quorum`}</dd></div>
          {status.witnesses?.last.map((last) => (
            <div key={last.witness}><dt class="part"><Foreign text={oneLine(last.witness, 40)} /></dt><dd><Cosigned last={last} /></dd></div>
          ))}
          <div><dt>anchor</dt><dd>{status.anchor === null ? 'none is configured' : <>{known(status.anchor.anchored)} rows{status.anchor.anchored ? <>, <AtMost newestRow={status.anchor.newest_row} /></> : ''}</>}</dd></div>
          <div><dt>keys</dt><dd>{status.keys === null ? 'not known' : status.keys.join(', ')}{status.revoked_keys.length > 0 && <> · revoked: {status.revoked_keys.join(', ')}</>}</dd></div>
          <div><dt>tampering</dt><dd>{status.tamper_notes.length === 0 ? 'none is reported' : `${plural(status.tamper_notes.length, 'note')} in the chain`}</dd></div>
        </dl>
      </Card>
      <Card title="Delivery">
        <dl class="members">
          <div><dt>waiting</dt><dd>{status.waiting === null ? 'not known' : `${count(status.waiting.alive)} here, ${count(status.waiting.ended)} of processes that ended`}</dd></div>
          {status.waiting?.oldest && <div><dt>the oldest</dt><dd><Ago at={status.waiting.oldest} /></dd></div>}
          <div><dt>journal</dt><dd>{journal === null || journal === undefined ? 'not known' : `${bytes(journal)} on disk`}</dd></div>
          <div><dt>dead letters</dt><dd>{known(status.approval.deferred_audit_dlq_size)}</dd></div>
          <div><dt>last tally</dt><dd>{status.tally === null ? 'not known' : status.tally.sequence === 0 ? 'none yet' : <>row {count(status.tally.sequence)} <Newest type="audit.tally" /></>}</dd></div>
          <div><dt>asked = recorded</dt><dd>{status.tally === null ? 'not known' : <a href={href(['verify'])}>verify compares the tallies with the rows</a>}</dd></div>
        </dl>
      </Card>
    </div>
  );
}

/** The age of the newest row of a type. */
function Newest({ type }: { type: string }): JSX.Element | null {
  const page = useLoaded(type, (signal) => get<Page>('/v1/events', { type, limit: 1 }, signal), 30_000);
  const row = page.value?.events[0];
  return row ? <span class="faint">(<Ago at={row.timestamp} />)</span> : null;
}

/** Events that could not be appended, and a way to try again. */
function DeadLetters({ caller, onReplayed }: { caller: Caller; onReplayed: () => void }): JSX.Element | null {
  const [after, setAfter] = useState<number>();
  const page = useLoaded(String(after ?? ''), (signal) => get<{ dead_letters: DeadLetter[]; next: number | null }>('/v1/dlq', { limit: 50, after }, signal), 15_000);
  if (!page.value) return page.problem ? <Failure problem={page.problem} retry={page.reload} /> : null;
  const letters = page.value.dead_letters;
  return (
    <Card title="Dead letters">
      {letters.length === 0 ? <p class="faint">None: every accepted event is in the chain or waits to be appended.</p> : (
        <ul class="letters">
          {letters.map((letter) => (
            <Letter key={letter.letter} letter={letter} mayReplay={caller.roles.includes('operator')} onReplayed={() => { page.reload(); onReplayed(); }} />
          ))}
        </ul>
      )}
      {(page.value.next !== null || after !== undefined) && (
        <nav class="pager" aria-label="Pages of dead letters">
          {after !== undefined && <button type="button" onClick={() => setAfter(undefined)}>← First</button>}
          {page.value.next !== null && <button type="button" onClick={() => setAfter(page.value!.next!)}>Next →</button>}
        </nav>
      )}
    </Card>
  );
}

function Letter({ letter, mayReplay, onReplayed }: { letter: DeadLetter; mayReplay: boolean; onReplayed: () => void }): JSX.Element {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const replay = () => {
    setBusy(true);
    setProblem(undefined);
    post(`/v1/dlq/${letter.letter}/replay`)
      .then(onReplayed, (e: unknown) => setProblem(e instanceof Problem ? e : new Problem(0, 'Error', String(e))))
      .finally(() => setBusy(false));
  };
  return (
    <li>
      <div class="letter-head">
        <b>{letter.letter}</b>
        <span><Foreign text={oneLine(letter.agent_id, 80)} /></span>
        <span class="faint">{letter.event_type}</span>
        <Time at={letter.timestamp} />
        {letter.replayed_as !== null ? <a class="tag" href={href(['decision', letter.replayed_as])}>replayed</a>
          : mayReplay ? <button type="button" onClick={replay} disabled={busy}>{busy ? 'Replaying…' : 'Replay'}</button>
          : <span class="faint">replay needs the role operator</span>}
      </div>
      <p class="letter-reason"><Foreign text={oneLine(letter.failure_reason, 600)} /> <span class="faint">({plural(letter.attempts, 'attempt')}, <Ago at={letter.failed_at} />)</span></p>
      {problem && <Failure problem={problem} />}
      <details><summary>Payload</summary><Block text={letter.payload} label="payload" /></details>
    </li>
  );
}
