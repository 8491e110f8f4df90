// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { daemonNow, get, type Named, type Page, type Row, type Stats, type Verdict, type VerdictCounts } from '../api.ts';
import {
  FILTERS, VERDICTS, VERDICT_NAMES, isDecision, kindName, matches, query, readFilter, summary, total, verdictOf, writeFilter,
  type Filter, type FilterName,
} from '../model/decisions.ts';
import { csv, jsonl } from '../model/table.ts';
import { compact, count, oneLine, plural } from '../model/text.ts';
import { RANGES, instant, utc, yesterday } from '../model/time.ts';
import { useFeed } from '../parts/feed.ts';
import { Histogram, bucketLength, type Range } from '../parts/histogram.tsx';
import { Empty, Failure, Skeleton, useLoaded } from '../parts/state.tsx';
import { Foreign } from '../parts/text.tsx';
import { Time } from '../parts/time.tsx';
import { VerdictLabel } from '../parts/verdict.tsx';
import { go, href } from '../router.ts';

const PAGE_ROWS = 100;

/** Live rows that are shown on the first page; older ones are on the next. */
const MAX_ROWS = 300;

/** Rows that a stream may be behind when it begins: fewer than the daemon allows, because rows arrive meanwhile. */
const RESUMED_ROWS = 4_000;

/** The time after which a page is read again while the index is further behind. */
const RELOAD_MS = 2_000;

/** Rows that an export has at most. */
const MAX_EXPORT = 20_000;

/** New rows change histogram and facets after this time. */
const STATS_INTERVAL_MS = 5_000;

/** All decisions: a histogram and facets above and beside a live list. */
export function DecisionsView({ parameters }: { parameters: Record<string, string> }): JSX.Element {
  const filter = readFilter(parameters);
  const cursor = parameters['cursor'];
  const key = JSON.stringify(query(filter));
  const change = (next: Partial<Filter>) => go(href(['decisions'], writeFilter({ ...filter, ...next })));
  const toggle = (name: FilterName, value: string) => change({ [name]: filter[name] === value ? undefined : value });
  return (
    <div class="decisions">
      <Toolbar filter={filter} change={change} />
      <Overview id={key} filter={filter} change={change} toggle={toggle}>
        <List id={key + (cursor ?? '')} filter={filter} cursor={cursor} />
      </Overview>
    </div>
  );
}

function Toolbar({ filter, change }: { filter: Filter; change: (next: Partial<Filter>) => void }): JSX.Element {
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.key === '/' && !isTyping(event)) {
        event.preventDefault();
        search.current?.focus();
        search.current?.select();
      }
    };
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  }, []);
  const isNamed = filter.until === undefined && RANGES.some(([value]) => value === filter.since);
  const text = (time: string) => { const at = instant(time, daemonNow()); return at === undefined ? time : utc(new Date(at)).slice(0, 16); };
  return (
    <div class="toolbar" role="search">
      <h1 class="sr">Decisions</h1>
      <div class="search">
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9Zm3.300 7.800 3.700 3.700" /></svg>
        <input
          ref={search}
          key={filter.text ?? ''}
          type="search"
          aria-label="Search text in actions and reasons"
          placeholder="Search commands, paths, reasons…"
          defaultValue={filter.text ?? ''}
          onKeyDown={(event) => {
            if (event.key === 'Enter') change({ text: event.currentTarget.value || undefined });
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
          onInput={(event) => { if (event.currentTarget.value === '' && filter.text) change({ text: undefined }); }}
        />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <select
        aria-label="Time range"
        value={isNamed ? filter.since : 'custom'}
        onChange={({ currentTarget: { value } }) => {
          if (value === 'yesterday') change(yesterday(daemonNow()));
          else if (value !== 'custom') change({ since: value, until: undefined });
        }}
      >
        {!isNamed && <option value="custom">{text(filter.since)} – {filter.until ? text(filter.until) : 'now'} UTC</option>}
        {RANGES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        <option value="yesterday">Yesterday (UTC)</option>
      </select>
      <select
        aria-label="Events"
        value={filter.type ?? 'decisions'}
        onChange={(event) => { const type = event.currentTarget.value; change({ type: type === 'decisions' ? undefined : type }); }}
      >
        <option value="decisions">Decisions</option>
        <option value="all">All events</option>
        {filter.type !== undefined && filter.type !== 'all' && <option value={filter.type}>{filter.type}</option>}
      </select>
      <Chips filter={filter} change={change} />
    </div>
  );
}

/** The conditions in force, each with a button that removes it. */
function Chips({ filter, change }: { filter: Filter; change: (next: Partial<Filter>) => void }): JSX.Element | null {
  const chosen = FILTERS.filter((name) => name !== 'type' && filter[name] !== undefined);
  if (chosen.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters in force">
      {chosen.map((name) => (
        <li key={name}>
          <button type="button" class="chip" onClick={() => change({ [name]: undefined })} aria-label={`Remove the filter ${name}: ${filter[name]}`}>
            <span class="chip-name">{name}</span>
            <Foreign text={label(name, filter[name]!)} />
            <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="m4.500 4.500 7 7m0-7-7 7" /></svg>
          </button>
        </li>
      ))}
      {chosen.length > 1 && (
        <li>
          <button type="button" class="quiet" onClick={() => change(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}>Clear all</button>
        </li>
      )}
    </ul>
  );
}

function label(name: FilterName, value: string): string {
  if (name === 'verdict') return VERDICT_NAMES[value as Verdict] ?? value;
  return oneLine(name === 'kind' ? kindName(value) : value, 48);
}

/** Histogram and facets, around the list. */
function Overview({ id, filter, change, toggle, children }: {
  id: string;
  filter: Filter;
  change: (next: Partial<Filter>) => void;
  toggle: (name: FilterName, value: string) => void;
  children: JSX.Element;
}): JSX.Element {
  const isLive = filter.until === undefined;
  const asked = askedRange(filter);
  const stats = useLoaded(
    id,
    (signal) => get<Stats>('/v1/stats', { ...query(filter), top: 12, bucket: asked && bucketLength(asked) }, signal),
    isLive ? STATS_INTERVAL_MS : undefined,
  );
  const value = stats.value;
  return (
    <>
      <section class="overview" aria-label="Decisions over time">
        {value ? (
          <>
            <Histogram
              stats={value}
              range={asked ?? rangeOf(value)}
              onSelect={(chosen) => change({ since: new Date(chosen.from).toISOString(), until: new Date(chosen.to).toISOString() })}
              onVerdict={(verdict) => toggle('verdict', verdict)}
            />
            {value.from !== undefined && <p class="notice">Counted in the newest rows only, from row {count(value.from)} on: the rest takes longer than a second.</p>}
            {value.indexed < value.last && <p class="notice">The index lacks the last {plural(value.last - value.indexed, 'row')}.</p>}
          </>
        ) : stats.problem ? (
          <Failure problem={stats.problem} retry={stats.reload} />
        ) : (
          <div class="histogram-space" aria-busy="true" />
        )}
      </section>
      <div class="columns">
        <Facets id={id} filter={filter} stats={value} toggle={toggle} />
        <section class="rows-column" aria-label="Decisions">{children}</section>
      </div>
    </>
  );
}

/** Returns the range that is asked for; undefined for all time. */
function askedRange(filter: Filter): Range | undefined {
  const now = daemonNow();
  const from = filter.since === 'all' ? undefined : instant(filter.since, now);
  const to = (filter.until === undefined ? undefined : instant(filter.until, now)) ?? now;
  return from === undefined ? undefined : { from, to };
}

/** Returns the range from the first row on. */
function rangeOf(stats: Stats): Range {
  const now = daemonNow();
  const first = stats.buckets[0];
  return { from: first ? Date.parse(first.start) : now - 3_600_000, to: now };
}

function Facets({ id, filter, stats, toggle }: {
  id: string;
  filter: Filter;
  stats: Stats | undefined;
  toggle: (name: FilterName, value: string) => void;
}): JSX.Element {
  // A facet with a chosen value also shows what the others would find.
  const others = useLoaded(
    id,
    async (signal) => {
      const found: Partial<Record<FilterName, Stats>> = {};
      for (const name of ['verdict', 'agent', 'kind', 'rule'] as const) {
        if (filter[name] !== undefined) {
          found[name] = await get<Stats>('/v1/stats', { ...query({ ...filter, [name]: undefined }), top: 12 }, signal);
        }
      }
      return found;
    },
  ).value;
  // On a narrow screen the facets are above the list, so they show on request only.
  const [isOpen, setOpen] = useState(false);
  if (stats === undefined) return <aside class="facets" aria-label="Filters"><Skeleton rows={12} /></aside>;
  const of = (name: FilterName) => (filter[name] === undefined ? stats : (others?.[name] ?? stats));
  const verdicts: Named[] = VERDICTS.map((verdict) => {
    const decisions: VerdictCounts = { allow: 0, warn: 0, refuse: 0, escalate: 0, unknown: 0 };
    decisions[verdict] = of('verdict').decisions[verdict];
    return { name: verdict, decisions };
  });
  return (
    <aside class={`facets ${isOpen ? 'open' : ''}`} aria-label="Filters">
      <button type="button" class="facets-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>Filters</button>
      <Facet title="Verdict" name="verdict" values={verdicts} more={0} filter={filter} toggle={toggle} />
      <Facet title="Agent" name="agent" values={of('agent').agents} more={of('agent').more_agents} filter={filter} toggle={toggle} />
      <Facet title="Kind" name="kind" values={of('kind').kinds} more={0} filter={filter} toggle={toggle} />
      <Facet title="Rule" name="rule" values={of('rule').rules} more={of('rule').more_rules} filter={filter} toggle={toggle} />
    </aside>
  );
}

function Facet({ title, name, values, more, filter, toggle }: {
  title: string;
  name: FilterName;
  values: Named[];
  more: number;
  filter: Filter;
  toggle: (name: FilterName, value: string) => void;
}): JSX.Element | null {
  const largest = Math.max(1, ...values.map((each) => total(each.decisions)));
  const chosen = filter[name];
  const missing = chosen !== undefined && !values.some((each) => each.name === chosen);
  return (
    <details class="facet" open>
      <summary><h2>{title}</h2></summary>
      {values.length === 0 && !missing && <p class="none">none</p>}
      <ul>
        {missing && (
          <li><button type="button" aria-pressed={true} onClick={() => toggle(name, chosen)}><span class="facet-name"><Foreign text={oneLine(chosen, 60)} /></span></button></li>
        )}
        {values.map((each) => (
          <li key={each.name}>
            <button type="button" aria-pressed={chosen === each.name} onClick={() => toggle(name, each.name)} title={oneLine(each.name, 200)}>
              <span class="facet-name">
                {name === 'verdict' ? <VerdictLabel verdict={each.name as Verdict} /> : <Foreign text={name === 'kind' ? kindName(each.name) : oneLine(each.name, 60)} />}
              </span>
              <span class="facet-count">{compact(total(each.decisions))}</span>
              <Share counts={each.decisions} largest={largest} />
            </button>
          </li>
        ))}
      </ul>
      {more > 0 && <p class="none">and {compact(more)} more</p>}
    </details>
  );
}

/** A bar with the share of each verdict. */
function Share({ counts, largest }: { counts: VerdictCounts; largest: number }): JSX.Element {
  let x = 0;
  return (
    <svg class="share" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
      {(['refuse', 'escalate', 'warn', 'allow', 'unknown'] as const).map((verdict) => {
        const width = counts[verdict] === 0 ? 0 : Math.max(1, (counts[verdict] / largest) * 100);
        const bar = <rect key={verdict} class={`bar ${verdict}`} x={x} width={width} y="0" height="2" />;
        x += width;
        return width === 0 ? null : bar;
      })}
    </svg>
  );
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.tagName === 'INPUT' || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT' || event.ctrlKey || event.metaKey || event.altKey;
}

function List({ id, filter, cursor }: { id: string; filter: Filter; cursor: string | undefined }): JSX.Element {
  const page = useLoaded(id, (signal) => get<Page>('/v1/events', { ...query(filter), limit: PAGE_ROWS, cursor }, signal));
  const [arrived, setArrived] = useState<Row[]>([]);
  const [isPaused, setPaused] = useState(false);
  // Rows that arrive while the reader is further down wait, so that nothing moves under the eye.
  const [hold, setHold] = useState<number>();
  const list = useRef<HTMLOListElement>(null);
  const isLive = cursor === undefined && filter.until === undefined && page.value !== undefined;
  // The page is complete up to the index, which may be behind the last row.
  const covered = page.value === undefined ? 0 : Math.max(page.value.indexed, page.value.last - RESUMED_ROWS);
  const isIndexFarBehind = isLive && page.value!.indexed < covered;
  useEffect(() => {
    if (!isIndexFarBehind) return;
    const timer = setTimeout(page.reload, RELOAD_MS);
    return () => clearTimeout(timer);
  }, [isIndexFarBehind, page.value]);
  const feed = useFeed(
    isLive ? covered : undefined,
    (rows) => {
      const found = rows.filter((row) => matches(row, filter, daemonNow())).reverse();
      if (found.length === 0) return;
      setArrived((before) => [...found, ...before].slice(0, MAX_ROWS));
      if (isPaused || scrollY > 200) setHold((before) => before ?? found[found.length - 1]!.sequence - 1);
    },
    page.reload,
  );
  useEffect(() => { setArrived([]); setHold(undefined); }, [id]);
  const showHeld = () => { setHold(undefined); scrollTo({ top: 0 }); };
  const fresh = isLive ? arrived.filter((row) => row.sequence > page.value!.indexed && matches(row, filter, daemonNow())) : [];
  const shown = fresh.filter((row) => hold === undefined || row.sequence <= hold);
  const held = fresh.length - shown.length;
  const rows = [...shown, ...(page.value?.events ?? [])].slice(0, isLive ? MAX_ROWS : PAGE_ROWS);
  const next = page.value?.next ?? undefined;
  const older = next === undefined ? undefined : href(['decisions'], { ...writeFilter(filter), cursor: next });
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>('a.row') ?? [])];
      const now = links.indexOf(document.activeElement as HTMLAnchorElement);
      const focus = (to: number) => { event.preventDefault(); links[Math.min(links.length - 1, Math.max(0, to))]?.focus(); };
      if (event.key === 'j' || (event.key === 'ArrowDown' && now >= 0)) focus(now + 1);
      else if (event.key === 'k' || (event.key === 'ArrowUp' && now >= 0)) focus(now - 1);
      else if (event.key === 'Home' && now >= 0) focus(0);
      else if (event.key === 'End' && now >= 0) focus(links.length - 1);
      else if (event.key === 'n' && older) { event.preventDefault(); go(older); }
      else if (event.key === 'p' && cursor !== undefined) { event.preventDefault(); history.back(); }
    };
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  }, [older, cursor]);
  useEffect(() => { if (cursor !== undefined) scrollTo(0, 0); }, [cursor]);
  return (
    <>
      <div class="list-head">
        <span class="live">
          {isLive ? (
            <button type="button" class="quiet" aria-pressed={!isPaused} onClick={() => { setPaused(!isPaused); if (isPaused) showHeld(); }} title={isPaused ? 'New decisions wait' : 'New decisions appear by themselves'}>
              <span class={`dot ${feed === 'connected' && !isPaused ? 'live-dot' : ''}`} aria-hidden="true" />
              {isPaused ? 'Paused' : feed === 'connected' ? 'Live' : feed === 'waiting' ? 'Reconnecting…' : 'Connecting…'}
            </button>
          ) : cursor !== undefined ? (
            <a class="button quiet" href={href(['decisions'], writeFilter(filter))}>← Newest</a>
          ) : null}
          {held > 0 && <button type="button" class="primary small" onClick={showHeld}>{plural(held, 'new decision')}</button>}
        </span>
        <span class="exports">
          <Export filter={filter} />
        </span>
      </div>
      <div class="list-columns" aria-hidden="true">
        <span>Time (UTC)</span><span>Verdict</span><span>Agent</span><span>Action</span><span>Rule</span>
      </div>
      {page.problem && <Failure problem={page.problem} retry={page.reload} />}
      {page.value === undefined && !page.problem ? (
        <Skeleton rows={16} />
      ) : (
        <ol class={`rows ${page.isLoading ? 'stale' : ''}`} ref={list}>
          {rows.map((row, i) => <RowLine key={row.id} row={row} isNew={i < shown.length} />)}
        </ol>
      )}
      {page.value && rows.length === 0 && <NoRows filter={filter} page={page.value} />}
      {page.value && (older || cursor !== undefined) && (
        <nav class="pager" aria-label="Pages">
          {cursor !== undefined && <button type="button" onClick={() => history.back()}>← Newer <kbd aria-hidden="true">p</kbd></button>}
          {older && <a class="button" href={older}>Older → <kbd aria-hidden="true">n</kbd></a>}
        </nav>
      )}
    </>
  );
}

function NoRows({ filter, page }: { filter: Filter; page: Page }): JSX.Element {
  const chosen = FILTERS.some((name) => filter[name] !== undefined);
  if (page.last === 0) {
    return (
      <Empty title="The log is empty">
        <p>Ask for a first decision:</p>
        <pre class="command">indelible check bash 'rm -rf build'</pre>
      </Empty>
    );
  }
  if (page.next !== null) {
    return <Empty title="Nothing found yet"><p>The search came to row {count(page.reached)}. Go on with “Older”.</p></Empty>;
  }
  return (
    <Empty title={chosen ? 'No decision matches these filters' : 'No decisions in this time'}>
      {filter.since !== 'all' && (
        <a class="button" href={href(['decisions'], writeFilter({ ...filter, since: 'all', until: undefined }))}>Search all time</a>
      )}
    </Empty>
  );
}

function RowLine({ row, isNew }: { row: Row; isNew: boolean }): JSX.Element {
  const action = row.payload?.action;
  const decision = row.payload?.decision;
  return (
    <li class={isNew ? 'new' : undefined}>
      <a class="row" href={href(['decision', row.id])}>
        <span class="cell-time"><Time at={row.timestamp} form="list" /></span>
        <span class="cell-verdict">{isDecision(row) ? <VerdictLabel verdict={verdictOf(row) ?? 'unknown'} /> : <span class="event-type">{row.event_type}</span>}</span>
        <span class="cell-agent"><Foreign text={oneLine(row.agent_id, 80)} /></span>
        <span class="cell-action">
          {action && <span class="kind">{kindName(action.kind)}</span>}
          <span class="mono">
            {action ? <Foreign text={oneLine(summary(action))} /> : !row.payload ? <em>the payload was erased</em> : <Foreign text={oneLine(JSON.stringify(row.payload.details ?? {}))} />}
          </span>
        </span>
        <span class="cell-rule">{decision?.rule_id && <Foreign text={oneLine(decision.rule_id, 60)} />}</span>
      </a>
    </li>
  );
}

/** Saves what the filter finds as a file. */
function Export({ filter }: { filter: Filter }): JSX.Element {
  const [state, setState] = useState('');
  const save = async (form: 'csv' | 'jsonl') => {
    const rows: Row[] = [];
    try {
      let cursor: string | undefined;
      do {
        const page: Page = await get<Page>('/v1/events', { ...query(filter), limit: 1000, cursor });
        rows.push(...page.events);
        cursor = page.next ?? undefined;
        setState(`${count(rows.length)} rows…`);
      } while (cursor !== undefined && rows.length < MAX_EXPORT);
      const text = form === 'csv' ? csv(rows) : jsonl(rows);
      const url = URL.createObjectURL(new Blob([text], { type: form === 'csv' ? 'text/csv' : 'application/jsonl' }));
      const link = document.createElement('a');
      link.href = url;
      link.download = `decisions-${utc(new Date(daemonNow())).replace(/[: ]/g, '-')}.${form}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      setState(cursor === undefined ? `${plural(rows.length, 'row')} saved` : `the newest ${count(rows.length)} rows saved: narrow the filter for all`);
    } catch (e) {
      setState(e instanceof Error ? e.message : String(e));
    }
  };
  return (
    <>
      <span class="export-state" role="status">{state}</span>
      <button type="button" class="quiet" onClick={() => void save('csv')}>CSV</button>
      <button type="button" class="quiet" onClick={() => void save('jsonl')}>JSONL</button>
    </>
  );
}
