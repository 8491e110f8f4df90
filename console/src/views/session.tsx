// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { get, type Page, type Row } from '../api.ts';
import { kindName, summary, verdictOf } from '../model/decisions.ts';
import { oneLine, plural } from '../model/text.ts';
import { length } from '../model/time.ts';
import { Empty, Failure, Skeleton, useLoaded } from '../parts/state.tsx';
import { Foreign } from '../parts/text.tsx';
import { Time } from '../parts/time.tsx';
import { VerdictLabel } from '../parts/verdict.tsx';
import { href } from '../router.ts';

/** An agent without a session is shown for this time before and after an event. */
const AROUND_MS = 30 * 60_000;

/** After a longer pause than this, the time between two events is shown. */
const PAUSE_SECONDS = 60;

/** What one agent did, in order: what it was refused, and what it tried next. */
export function SessionView({ parameters }: { parameters: Record<string, string> }): JSX.Element {
  const { agent, session, at, around, cursor } = parameters;
  const time = around === undefined ? undefined : Date.parse(around);
  const query = {
    agent, session, verdict: 'any', order: 'oldest', limit: 500, cursor,
    since: time ? new Date(time - AROUND_MS).toISOString() : undefined,
    until: time ? new Date(time + AROUND_MS).toISOString() : undefined,
  };
  const page = useLoaded(JSON.stringify(query), (signal) => get<Page>('/v1/events', query, signal));
  const marked = useRef<HTMLLIElement>(null);
  useEffect(() => { marked.current?.scrollIntoView({ block: 'center' }); }, [page.value]);
  const rows = page.value?.events ?? [];
  const refused = rows.filter((row) => isStopped(row)).length;
  return (
    <div class="page session">
      <header class="page-head">
        <p class="crumb"><a href={href(['decisions'], { ...(agent ? { agent } : {}), since: '30d' })}>{agent ? <Foreign text={agent} /> : 'every agent'}</a></p>
        <h1>{session ? <>Session <Foreign text={session} /></> : 'Before and after'}</h1>
        {page.value && rows.length > 0 && (
          <p class="page-sum">
            {plural(rows.length, 'decision')}, {refused} of them refused or held, in {length((Date.parse(rows[rows.length - 1]!.timestamp) - Date.parse(rows[0]!.timestamp)) / 1000)}
          </p>
        )}
      </header>
      {page.problem && <Failure problem={page.problem} retry={page.reload} />}
      {!page.value && !page.problem && <Skeleton rows={12} />}
      {page.value && rows.length === 0 && <Empty title="Nothing is on record here" />}
      <ol class="timeline">
        {rows.map((row, i) => {
          const before = rows[i - 1];
          const pause = before ? (Date.parse(row.timestamp) - Date.parse(before.timestamp)) / 1000 : 0;
          return (
            <li key={row.id} {...(row.id === at ? { ref: marked } : {})} class={`${isStopped(row) ? `stopped ${verdictOf(row)}` : ''} ${row.id === at ? 'marked' : ''}`}>
              {pause > PAUSE_SECONDS && <p class="pause">{length(pause)} later</p>}
              <a href={href(['decision', row.id])} aria-current={row.id === at ? 'true' : undefined}>
                <span class="cell-time"><Time at={row.timestamp} form="list" /></span>
                <VerdictLabel verdict={verdictOf(row) ?? 'unknown'} />
                <span class="timeline-action">
                  {row.payload?.action && <span class="kind">{kindName(row.payload.action.kind)}</span>}
                  <span class="mono">{row.payload?.action ? <Foreign text={oneLine(summary(row.payload.action), 400)} /> : <em>the payload was erased</em>}</span>
                  {isStopped(row) && row.payload?.decision?.reason && <span class="timeline-reason"><Foreign text={oneLine(row.payload.decision.reason, 300)} /></span>}
                </span>
                {before && isStopped(before) && <span class="tag">tried next</span>}
              </a>
            </li>
          );
        })}
      </ol>
      {page.value?.next && <nav class="pager"><a class="button" href={href(['session'], { ...parameters, cursor: page.value.next })}>Later →</a></nav>}
    </div>
  );
}

function isStopped(row: Row): boolean {
  const verdict = verdictOf(row);
  return verdict === 'refuse' || verdict === 'escalate';
}
