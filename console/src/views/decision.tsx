// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Action, type Payload, type Row } from '../api.ts';
import { factThatDecided, kindName, list, verdictOf, VERDICT_NAMES, isDecision } from '../model/decisions.ts';
import { edits, lineDiff } from '../model/diff.ts';
import { count } from '../model/text.ts';
import { Empty, Failure, Skeleton, useLoaded } from '../parts/state.tsx';
import { Block, Code, Foreign } from '../parts/text.tsx';
import { Ago, Time } from '../parts/time.tsx';
import { Sign } from '../parts/verdict.tsx';
import { href } from '../router.ts';
import { ProofPanel } from './proof.tsx';

/** One event: what was asked, what was decided and why, and its place in the log. */
export function DecisionView({ id }: { id: string }): JSX.Element {
  const found = useLoaded(id, (signal) => get<{ erased: boolean; event: Row }>(`/v1/events/${encodeURIComponent(id)}`, {}, signal));
  if (found.problem) {
    return (
      <div class="page">
        <Back />
        {found.problem.status === 404
          ? <Empty title="No event has this id"><p>A decision that was made a moment ago may still wait to be recorded.</p></Empty>
          : <Failure problem={found.problem} retry={found.reload} />}
      </div>
    );
  }
  if (!found.value) return <div class="page"><Skeleton rows={10} /></div>;
  const { event, erased } = found.value;
  return (
    <article class="page decision">
      <Back />
      <Heading row={event} erased={erased} />
      <div class="decision-columns">
        <div>
          {erased ? <Erased /> : event.payload && <Asked payload={event.payload} />}
        </div>
        <div>
          <ProofPanel row={event} />
          <Record row={event} />
        </div>
      </div>
    </article>
  );
}

function Back(): JSX.Element {
  return (
    <a class="back" href={href(['decisions'])} onClick={(event) => { if (history.length > 1) { event.preventDefault(); history.back(); } }}>
      ← Back
    </a>
  );
}

function Heading({ row, erased }: { row: Row; erased: boolean }): JSX.Element {
  const verdict = verdictOf(row) ?? 'unknown';
  const decision = row.payload?.decision;
  return (
    <header class={`decision-head ${isDecision(row) ? verdict : 'system'}`}>
      <div class="decision-verdict">
        {isDecision(row) && <Sign verdict={verdict} />}
        <h1>
          {isDecision(row) ? (erased ? 'Decision, payload erased' : VERDICT_NAMES[verdict]) : row.event_type}
          {decision?.rule_id && <> by <a href={href(['decisions'], { rule: decision.rule_id, since: '30d' })} class="mono"><Foreign text={decision.rule_id} /></a></>}
        </h1>
      </div>
      {decision?.reason && <p class="reason"><Foreign text={decision.reason} /></p>}
      <p class="decision-meta">
        <a href={href(['decisions'], { agent: row.agent_id, since: '30d' })}><Foreign text={row.agent_id} /></a>
        <span><Time at={row.timestamp} /></span>
        <span><Ago at={row.timestamp} /></span>
        {row.payload?.session && (
          <a href={href(['session'], { agent: row.agent_id, session: row.payload.session, at: row.id })}>session <Foreign text={row.payload.session} /></a>
        )}
        <a href={href(['session'], { agent: row.agent_id, at: row.id, around: row.timestamp })}>before and after</a>
      </p>
    </header>
  );
}

function Erased(): JSX.Element {
  return (
    <section class="card">
      <h2>The payload was erased</h2>
      <p>What was asked and decided is no longer kept. The record stays in the chain with the payload's hash, and the erasure is an event of its own.</p>
    </section>
  );
}

/** A heading with content. */
export function Card({ title, children, extra }: { title: string; children: ComponentChildren; extra?: ComponentChildren }): JSX.Element {
  return (
    <section class="card">
      <div class="card-head"><h2>{title}</h2>{extra}</div>
      {children}
    </section>
  );
}

function Asked({ payload }: { payload: Payload }): JSX.Element {
  const { action, decision, facts, matched } = payload;
  const decisive = factThatDecided(payload);
  return (
    <>
      {action && <Card title="Asked" extra={<span class="kind">{kindName(action.kind)}</span>}><ActionBody action={action} effective={payload.effective_command} /></Card>}
      {facts && facts.length > 0 && (
        <Card title="What it would do">
          <ul class="facts">{facts.map((fact) => (
            <li key={fact} class={fact === decisive ? 'decided' : undefined}>
              <span class="mono"><Foreign text={fact} /></span>
              {fact === decisive && <span class="tag">decided</span>}
            </li>
          ))}</ul>
        </Card>
      )}
      {matched && matched.length > 0 && (
        <Card title="Rules that match">
          <ul class="matched">
            {matched.map((each) => {
              // A rule in shadow mode is recorded with this addition, and decides nothing.
              const shadow = each.endsWith(' (shadow)');
              const rule = shadow ? each.slice(0, -' (shadow)'.length) : each;
              const decided = each === decision?.rule_id;
              return (
                <li key={each} class={decided ? 'decided' : ''}>
                  <a class="mono" href={href(['decisions'], { ...(shadow ? { text: each } : { rule }), since: '30d' })}><Foreign text={rule} /></a>
                  {decided && <span class="tag">decided</span>}
                  {shadow && <span class="tag">shadow: would have decided</span>}
                </li>
              );
            })}
          </ul>
        </Card>
      )}
      {payload.redactions !== undefined && <Card title="Redacted before recording"><Json value={payload.redactions} /></Card>}
      {payload.approval !== undefined && <Card title="Approval"><Json value={payload.approval} /></Card>}
      {!action && <Card title="Recorded"><Json value={payload.details ?? payload} /></Card>}
    </>
  );
}

/** An action, as its kind is best read. */
export function ActionBody({ action, effective }: { action: Action; effective?: string | undefined }): JSX.Element {
  const text = (name: string) => (typeof action[name] === 'string' ? (action[name] as string) : undefined);
  switch (action.kind) {
    case 'bash': {
      const command = text('command') ?? '';
      return (
        <>
          <Block text={command} mark={effective} label="command" />
          {effective && effective !== command && !command.includes(effective) && (
            <p class="effective"><span>runs</span> <code><Foreign text={effective.slice(0, 2000)} /></code></p>
          )}
          <Members action={action} names={['cwd', 'home', 'shell']} />
        </>
      );
    }
    case 'filesystem_write':
      return <><Block text={text('path') ?? ''} label="path" /><Members action={action} names={['byte_estimate']} /></>;
    case 'network_request':
      return (
        <Block
          text={`${text('scheme') ?? ''}://${text('host') ?? ''}${action['port'] === undefined ? '' : `:${String(action['port'])}`}${text('path') ?? ''}`}
          mark={text('host')}
          label="address"
        />
      );
    case 'process_spawn':
      return (
        <ol class="argv" aria-label="program and arguments">
          {[text('binary') ?? '', ...list(action['args'])].slice(0, 200).map((each, i) => <li key={i}><code><Foreign text={each.slice(0, 4000)} /></code></li>)}
        </ol>
      );
    case 'tool_call':
      return <ToolCall tool={text('tool') ?? ''} input={action['arguments']} />;
    default: {
      const { kind: _, ...members } = action;
      return <Json value={members} />;
    }
  }
}

function ToolCall({ tool, input }: { tool: string; input: unknown }): JSX.Element {
  const changes = edits(input);
  return (
    <>
      <p class="tool mono"><Foreign text={tool.slice(0, 300)} /></p>
      {changes.map((change, i) => <Diff key={i} before={change.before} after={change.after} />)}
      {changes.length > 0 ? <details><summary>All arguments</summary><Json value={input} /></details> : <Json value={input} />}
    </>
  );
}

function Diff({ before, after }: { before: string; after: string }): JSX.Element {
  const lines = lineDiff(before, after);
  if (lines === undefined) return <><Block text={before} label="before" /><Block text={after} label="after" /></>;
  return (
    <pre class="diff" tabIndex={0} aria-label="change">
      {lines.map((line, i) => (
        <span key={i} class={line.sign === '+' ? 'added' : line.sign === '-' ? 'removed' : 'kept'}>
          {line.sign} <Foreign text={line.text} />{'\n'}
        </span>
      ))}
    </pre>
  );
}

function Members({ action, names }: { action: Action; names: string[] }): JSX.Element | null {
  const present = names.filter((name) => action[name] !== undefined);
  if (present.length === 0) return null;
  return (
    <dl class="members">
      {present.map((name) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="mono">{typeof action[name] === 'number' ? count(action[name]) : <Foreign text={String(action[name]).slice(0, 2000)} />}</dd>
        </div>
      ))}
    </dl>
  );
}

const MAX_MEMBERS = 100;

/** A JSON value, folded where it is deep. */
export function Json({ value, name, depth = 0 }: { value: unknown; name?: string; depth?: number }): JSX.Element {
  if (value === null || typeof value !== 'object') {
    return typeof value === 'string' && (value.length > 200 || value.includes('\n')) ? (
      <Block text={value} {...(name === undefined ? {} : { label: name })} />
    ) : (
      <code class={`json-${value === null ? 'null' : typeof value}`}><Foreign text={typeof value === 'string' ? value : JSON.stringify(value) ?? ''} /></code>
    );
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return <code>{Array.isArray(value) ? '[]' : '{}'}</code>;
  const body = (
    <dl class="json">
      {entries.slice(0, MAX_MEMBERS).map(([member, each]) => (
        <div key={member}>
          <dt><Foreign text={member.slice(0, 200)} /></dt>
          <dd><Json value={each} name={member} depth={depth + 1} /></dd>
        </div>
      ))}
      {entries.length > MAX_MEMBERS && <div><dt>…</dt><dd>{count(entries.length - MAX_MEMBERS)} more; the export has all</dd></div>}
    </dl>
  );
  if (depth < 2) return body;
  // Deep values are drawn when they are opened: an agent may nest hundreds of levels.
  return <Folded label={Array.isArray(value) ? `${entries.length} values` : `${entries.length} members`}>{() => body}</Folded>;
}

function Folded({ label, children }: { label: string; children: () => JSX.Element }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}>
      <summary>{label}</summary>
      {open && children()}
    </details>
  );
}

function Record({ row }: { row: Row }): JSX.Element {
  const payload = row.payload;
  return (
    <Card title="On record">
      <dl class="members">
        <div><dt>row</dt><dd>{count(row.sequence)}</dd></div>
        <div><dt>id</dt><dd><Code text={row.id} what="the id" /></dd></div>
        {payload?.principal && <div><dt>principal</dt><dd><Foreign text={payload.principal} /></dd></div>}
        {!payload?.principal && isDecision(row) && <div><dt>agent id</dt><dd>claimed by the caller, without a credential</dd></div>}
        {payload?.policy && <div><dt>policy</dt><dd><Code text={payload.policy} what="the policy's digest" short={19} /></dd></div>}
        <div><dt>payload hash</dt><dd><Code text={row.payload_hash} what="the payload's hash" short={16} /></dd></div>
        <div><dt>previous row</dt><dd><Code text={row.prev_hash} what="the hash of the previous row" short={16} /></dd></div>
        <div><dt>signature</dt><dd>{row.signature ? <>by key <code>{row.key_id}</code></> : 'none on this row'}</dd></div>
      </dl>
    </Card>
  );
}
