// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Problem, daemonNow, get, post, type Action, type Caller, type Page, type Stats, type Verdict, type VerdictCounts } from '../api.ts';
import { VERDICT_NAMES, total } from '../model/decisions.ts';
import { compact, count, oneLine, plural } from '../model/text.ts';
import { buckets } from '../parts/histogram.tsx';
import { Empty, Failure, Skeleton, useLoaded } from '../parts/state.tsx';
import { Block, Code, Foreign } from '../parts/text.tsx';
import { Time } from '../parts/time.tsx';
import { Sign, VerdictLabel } from '../parts/verdict.tsx';
import { href } from '../router.ts';
import { Card } from './decision.tsx';

interface Rule {
  agents: string[];
  description: string;
  except: string[];
  expires: string | null;
  id: string;
  labels: string[];
  mode: 'enforce' | 'shadow';
  reason: string;
  severity: string;
  when: string;
}

interface Policy {
  digest: string;
  files: { name: string | null; text: string }[] | null;
  remarks: string[] | null;
  rules: number | null;
  table: Rule[] | null;
}

const DAYS = 30;

/** The rules in force, what they decided, and what they would decide. */
export function PolicyView({ caller }: { caller: Caller }): JSX.Element {
  const policy = useLoaded('policy', (signal) => get<Policy>('/v1/policy', {}, signal));
  const stats = useLoaded('hits', (signal) => get<Stats>('/v1/stats', { since: `${DAYS}d`, bucket: '1d', top: 1000, verdict: 'any' }, signal));
  if (policy.problem) return <div class="page"><Failure problem={policy.problem} retry={policy.reload} /></div>;
  if (!policy.value) return <div class="page"><Skeleton rows={16} /></div>;
  const { digest, remarks, table, files } = policy.value;
  return (
    <div class="page policy">
      <header class="page-head">
        <h1>Policy</h1>
        <p class="page-sum">{table ? plural(table.length, 'rule') : 'not made of rules'} · <Code text={digest} what="the digest" short={19} /></p>
      </header>
      <Try />
      {remarks && remarks.length > 0 && (
        <Card title="Remarks"><ul class="remarks">{remarks.map((remark, i) => <li key={i}><Foreign text={remark} /></li>)}</ul></Card>
      )}
      {table && <Rules table={table} stats={stats.value} />}
      <InForce digest={digest} />
      <Reload caller={caller} onReloaded={policy.reload} />
      {files?.map((file, i) => (
        <details class="card" key={i}><summary>{file.name ?? 'rules'}</summary><Block text={file.text} label="rules as written" /></details>
      ))}
    </div>
  );
}

function Rules({ table, stats }: { table: Rule[]; stats: Stats | undefined }): JSX.Element {
  const [open, setOpen] = useState<string>();
  const hits = new Map(stats?.rules.map((each) => [each.name, each.decisions]));
  const most = Math.max(1, ...[...hits.values()].map(total));
  return (
    <Card title={`Rules, with their decisions of the last ${DAYS} days`}>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Rules">
        <table class="rules">
          <thead><tr><th scope="col">Rule</th><th scope="col">Effect</th><th scope="col">Reason</th><th scope="col" class="number">Decided</th></tr></thead>
          <tbody>
            {table.map((rule) => {
              const counts = hits.get(rule.id);
              return [
                <tr key={rule.id}>
                  <th scope="row">
                    <button type="button" class="rule-name" aria-expanded={open === rule.id} onClick={() => setOpen(open === rule.id ? undefined : rule.id)}>
                      <Foreign text={oneLine(rule.id, 80)} />
                    </button>
                    {rule.mode === 'shadow' && <span class="tag">shadow</span>}
                  </th>
                  <td><Severity severity={rule.severity} /></td>
                  <td class="rule-reason"><Foreign text={oneLine(rule.reason, 160)} /></td>
                  <td class="number">
                    {stats === undefined ? '…' : counts ? <a href={href(['decisions'], { rule: rule.id, since: `${DAYS}d` })}>{compact(total(counts))}</a> : <span class="faint">0</span>}
                    <svg class="share" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">{counts && <rect class={`bar ${barOf(counts)}`} width={Math.max(1, (total(counts) / most) * 100)} height="2" />}</svg>
                  </td>
                </tr>,
                open === rule.id && <tr key={rule.id + '+'} class="rule-more"><td colSpan={4}><RuleDetails rule={rule} /></td></tr>,
              ];
            })}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function barOf(counts: VerdictCounts): Verdict {
  return (['refuse', 'escalate', 'warn', 'allow'] as const).find((verdict) => counts[verdict] > 0) ?? 'allow';
}

function Severity({ severity }: { severity: string }): JSX.Element {
  return severity in VERDICT_NAMES ? (
    <span class={`verdict ${severity}`}><Sign verdict={severity as Verdict} /> {severity}</span>
  ) : (
    <span>{severity}</span>
  );
}

function RuleDetails({ rule }: { rule: Rule }): JSX.Element {
  const now = daemonNow();
  const shadow = rule.mode === 'shadow';
  // A rule in shadow mode decides nothing; the decisions that it matched name it.
  const query = shadow ? { text: `${rule.id} (shadow)` } : { rule: rule.id };
  const stats = useLoaded(rule.id, (signal) => get<Stats>('/v1/stats', { ...query, verdict: 'any', since: `${DAYS}d`, bucket: '1d' }, signal));
  const bars = stats.value ? buckets(stats.value, { from: now - DAYS * 86_400_000, to: now }) : [];
  const most = Math.max(1, ...bars.map((bar) => total(bar.counts)));
  return (
    <div class="rule-details">
      {rule.description && <p><Foreign text={rule.description} /></p>}
      <dl class="members">
        <div><dt>when</dt><dd class="mono"><Foreign text={rule.when} /></dd></div>
        {rule.agents.length > 0 && <div><dt>agents</dt><dd class="mono">{rule.agents.join(', ')}</dd></div>}
        {rule.except.length > 0 && <div><dt>except</dt><dd class="mono">{rule.except.join(', ')}</dd></div>}
        {rule.expires && <div><dt>expires</dt><dd><Time at={rule.expires} /></dd></div>}
        {rule.labels.length > 0 && <div><dt>labels</dt><dd>{rule.labels.join(', ')}</dd></div>}
        <div>
          <dt>{shadow ? 'would decide' : 'decided'}</dt>
          <dd>
            {stats.value ? (
              <>
                <svg class="spark" viewBox={`0 0 ${bars.length * 4} 24`} role="img" aria-label={`${count(total(stats.value.decisions))} decisions in ${DAYS} days`}>
                  {bars.map((bar, i) => <rect key={i} class={`bar ${shadow ? 'warn' : barOf(bar.counts)}`} x={i * 4} width="3" y={24 - Math.max(total(bar.counts) ? 2 : 0.5, (total(bar.counts) / most) * 24)} height={Math.max(total(bar.counts) ? 2 : 0.5, (total(bar.counts) / most) * 24)} />)}
                </svg>{' '}
                <a href={href(['decisions'], { ...query, since: `${DAYS}d` })}>{plural(total(stats.value.decisions), 'decision')}</a>
                {stats.value.from !== undefined && ' in the newest rows'}
              </>
            ) : stats.problem ? stats.problem.message : '…'}
          </dd>
        </div>
      </dl>
    </div>
  );
}

interface Explained {
  decision: { decision: Verdict; effective_command?: string; matched?: string[]; reason: string | null; rule_id: string | null };
  facts: string[];
}

/** Decides about an action without recording it. */
function Try(): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const [found, setFound] = useState<Explained>();
  const [problem, setProblem] = useState<Problem>();
  const ask = () => {
    const text = field.current!.value.trim();
    if (text === '') return;
    let action: Action;
    try {
      action = text.startsWith('{') ? (JSON.parse(text) as Action) : { kind: 'bash', command: text };
    } catch (e) {
      setFound(undefined);
      setProblem(new Problem(400, 'Not JSON', e instanceof Error ? e.message : String(e)));
      return;
    }
    post<Explained>('/v1/policy/explain', { agent_id: 'agent:try', action }).then(
      (answer) => { setFound(answer); setProblem(undefined); },
      (e: unknown) => { setFound(undefined); setProblem(e instanceof Problem ? e : new Problem(0, 'Error', String(e))); },
    );
  };
  return (
    <Card title="Try an action">
      <div class="try">
        <textarea
          ref={field}
          rows={2}
          spellcheck={false}
          aria-label="A command, or an action as JSON"
          placeholder={'rm -rf build      or      {"kind":"filesystem_write","path":"/etc/passwd"}'}
          onKeyDown={(event) => { if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); ask(); } }}
        />
        <button type="button" class="primary" onClick={ask}>Decide</button>
      </div>
      {problem && <Failure problem={problem} />}
      {found && (
        <div class={`tried ${found.decision.decision}`} role="status">
          <p>
            <VerdictLabel verdict={found.decision.decision} />
            {found.decision.rule_id && <> by <code><Foreign text={found.decision.rule_id} /></code></>}
            {found.decision.reason && <>: <Foreign text={found.decision.reason} /></>}
          </p>
          <dl class="members">
            {found.decision.effective_command && <div><dt>runs</dt><dd class="mono"><Foreign text={found.decision.effective_command} /></dd></div>}
            <div><dt>facts</dt><dd class="mono">{found.facts.length === 0 ? 'none' : found.facts.slice(0, 100).map((fact) => <div key={fact}><Foreign text={fact} /></div>)}</dd></div>
            {found.decision.matched && <div><dt>matched</dt><dd class="mono">{found.decision.matched.join(', ')}</dd></div>}
          </dl>
        </div>
      )}
      <p class="hint">Nothing is recorded. The daemon does not know where a command would run, unless the action has <code>cwd</code> and <code>home</code>.</p>
    </Card>
  );
}

/** The policies that were in force, and since when. */
function InForce({ digest }: { digest: string }): JSX.Element {
  const page = useLoaded(digest, (signal) => get<Page>('/v1/events', { type: 'policy.loaded', limit: 50 }, signal));
  return (
    <Card title="In force since">
      {page.problem ? <Failure problem={page.problem} retry={page.reload} /> : !page.value ? <Skeleton rows={2} /> : page.value.events.length === 0 ? (
        <Empty title="No policy is on record yet" />
      ) : (
        <ol class="in-force">
          {page.value.events.map((row) => {
            const details = row.payload?.details as { digest?: string; policy?: string } | undefined;
            const loaded = details?.digest ?? details?.policy ?? '';
            return (
              <li key={row.id}>
                <Time at={row.timestamp} />
                <a class="mono" href={href(['decision', row.id])}>{loaded.slice(0, 19) || row.id}</a>
                {loaded === digest && <span class="tag">in force</span>}
              </li>
            );
          })}
        </ol>
      )}
    </Card>
  );
}

function Reload({ caller, onReloaded }: { caller: Caller; onReloaded: () => void }): JSX.Element | null {
  const [state, setState] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  if (!caller.roles.includes('operator')) return null;
  const reload = () => {
    setProblem(undefined);
    post<{ changed: boolean }>('/v1/policy/reload').then(
      (answer) => { setState(answer.changed ? 'The changed rules are in force.' : 'The rules are unchanged.'); onReloaded(); },
      (e: unknown) => setProblem(e instanceof Problem ? e : new Problem(0, 'Error', String(e))),
    );
  };
  return (
    <Card title="Rules in the data directory">
      <div class="buttons"><button type="button" onClick={reload}>Load them again</button><span role="status">{state}</span></div>
      {problem && <Failure problem={problem} />}
    </Card>
  );
}
