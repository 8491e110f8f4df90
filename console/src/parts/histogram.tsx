// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Stats, Verdict, VerdictCounts } from '../api.ts';
import { VERDICT_NAMES, total } from '../model/decisions.ts';
import { compact, count } from '../model/text.ts';
import { utc } from '../model/time.ts';
import { localOnHover } from './time.tsx';
import { Sign } from './verdict.tsx';

const STACK: (Verdict | 'unknown')[] = ['refuse', 'escalate', 'warn', 'allow', 'unknown'];

/** A band of the plot. Its verdicts are stacked, the first one on its base line. */
interface Band {
  verdicts: (Verdict | 'unknown')[];
  base: number;
  height: number;
}

/**
 * What was stopped or questioned has a band and a scale of its own: among thousands of permitted
 * decisions, a few refusals would not show.
 */
const BANDS: [stopped: Band, permitted: Band] = [
  { verdicts: ['refuse', 'escalate', 'warn', 'unknown'], base: 60, height: 56 },
  { verdicts: ['allow'], base: 100, height: 32 },
];

const HEIGHT = 101;
const WIDTH = 1000;

export interface Range {
  from: number;
  to: number;
}

/** The buckets of a range, including those without rows. */
export function buckets(stats: Stats, range: Range): { start: number; counts: VerdictCounts }[] {
  const step = stats.bucket_seconds * 1000;
  const known = new Map(stats.buckets.map((each) => [Date.parse(each.start), each.decisions]));
  const none: VerdictCounts = { allow: 0, warn: 0, refuse: 0, escalate: 0, unknown: 0 };
  const first = Math.floor(range.from / step) * step;
  const found = [];
  for (let start = first; start < range.to && found.length < 600; start += step) {
    found.push({ start, counts: known.get(start) ?? none });
  }
  return found;
}

/** Returns the decisions that a band shows. */
function amount(counts: VerdictCounts, band: Band): number {
  return band.verdicts.reduce((sum, verdict) => sum + counts[verdict], 0);
}

/** The lengths of buckets, in seconds. */
const LENGTHS = [1, 5, 15, 30, 60, 300, 900, 1200, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200];

/** The daemon reads the rows at the edge of each bar; with more bars, that takes most of its time. */
const MAX_BARS = 72;

/** Returns the length of a bucket that suits a range, as a parameter of `/v1/stats`. */
export function bucketLength(range: Range): string {
  const seconds = (range.to - range.from) / 1000;
  const found = LENGTHS.find((each) => seconds / each <= MAX_BARS) ?? Math.ceil(seconds / MAX_BARS);
  return `${found}s`;
}

/** Returns a round number of a scale, at least as large as a value. */
export function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= value) ?? value;
}

/**
 * Decisions over time, by verdict. Dragging selects a range; a click selects a bucket; the arrow
 * keys move over the buckets, and Enter selects one.
 */
export function Histogram({ stats, range, onSelect, onVerdict }: {
  stats: Stats;
  range: Range;
  onSelect: (range: Range) => void;
  onVerdict: (verdict: Verdict) => void;
}): JSX.Element {
  const bars = buckets(stats, range);
  const step = stats.bucket_seconds * 1000;
  const [at, setAt] = useState<number>();
  const [drag, setDrag] = useState<[number, number]>();
  const plot = useRef<SVGSVGElement>(null);
  const tops = BANDS.map((band) => ceiling(Math.max(1, ...bars.map((bar) => amount(bar.counts, band)))));
  const width = WIDTH / Math.max(1, bars.length);
  const bucketAt = (event: PointerEvent) => {
    const box = plot.current!.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    return Math.min(bars.length - 1, Math.max(0, Math.floor(share * bars.length)));
  };
  const select = (from: number, to: number) => {
    const [low, high] = from <= to ? [from, to] : [to, from];
    const first = bars[low], last = bars[high];
    if (first && last) onSelect({ from: first.start, to: last.start + step });
  };
  const keys = (event: KeyboardEvent) => {
    const now = at ?? bars.length - 1;
    const next: Record<string, number> = {
      ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: bars.length - 1,
    };
    const to = next[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setAt(Math.min(bars.length - 1, Math.max(0, to)));
    } else if (event.key === 'Enter' && at !== undefined) {
      select(at, at);
    }
  };
  const shown = at === undefined ? undefined : bars[at];
  return (
    <figure class="histogram">
      <figcaption>
        <ul class="legend">
          {STACK.filter((verdict) => verdict !== 'unknown' || stats.decisions.unknown > 0).map((verdict) => (
            <li key={verdict}>
              {verdict === 'unknown' ? (
                <span class="legend-item"><Sign verdict={verdict} /><span class="legend-name">{VERDICT_NAMES[verdict]}</span> <b>{compact(stats.decisions[verdict])}</b></span>
              ) : (
                <button type="button" class="legend-item" onClick={() => onVerdict(verdict)} title={`Show only: ${VERDICT_NAMES[verdict].toLowerCase()}`} aria-label={`Show only: ${VERDICT_NAMES[verdict].toLowerCase()}, ${count(stats.decisions[verdict])}`}>
                  <Sign verdict={verdict} /><span class="legend-name">{VERDICT_NAMES[verdict]}</span> <b>{compact(stats.decisions[verdict])}</b>
                </button>
              )}
            </li>
          ))}
        </ul>
        <output class="bucket" aria-live="polite">
          {shown && (
            <span {...localOnHover(new Date(shown.start))}>
              {utc(new Date(shown.start)).slice(5, 16)} UTC ·{' '}
              {total(shown.counts) === 0
                ? 'none'
                : STACK.filter((verdict) => shown.counts[verdict] > 0)
                    .map((verdict) => `${count(shown.counts[verdict])} ${VERDICT_NAMES[verdict].toLowerCase()}`)
                    .join(', ')}
            </span>
          )}
        </output>
      </figcaption>
      <div class="plot">
        <svg
          ref={plot}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="slider"
          tabIndex={0}
          aria-label="Decisions over time"
          aria-valuemin={0}
          aria-valuemax={Math.max(0, bars.length - 1)}
          aria-valuenow={at ?? Math.max(0, bars.length - 1)}
          aria-valuetext={shown ? `${utc(new Date(shown.start))} UTC: ${count(total(shown.counts))} decisions` : `${bars.length} intervals; arrow keys move, Enter zooms`}
          onKeyDown={keys}
          onBlur={() => setAt(undefined)}
          onPointerLeave={() => { if (!drag) setAt(undefined); }}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            plot.current!.setPointerCapture(event.pointerId);
            const bucket = bucketAt(event);
            setDrag([bucket, bucket]);
          }}
          onPointerMove={(event) => {
            const bucket = bucketAt(event);
            setAt(bucket);
            if (drag) setDrag([drag[0], bucket]);
          }}
          onPointerUp={(event) => {
            if (!drag) return;
            setDrag(undefined);
            select(drag[0], bucketAt(event));
          }}
          onPointerCancel={() => setDrag(undefined)}
        >
          {BANDS.map((band, i) => (
            <line key={i} class="grid" x1="0" x2={WIDTH} y1={band.base - band.height} y2={band.base - band.height} />
          ))}
          {drag && (
            <rect class="selection" x={Math.min(...drag) * width} width={(Math.abs(drag[1] - drag[0]) + 1) * width} y="0" height={HEIGHT} />
          )}
          {at !== undefined && !drag && <rect class="hover" x={at * width} width={width} y="0" height={HEIGHT} />}
          {BANDS.map((band, b) => bars.map((bar, i) => {
            let y = band.base;
            return band.verdicts.map((verdict) => {
              const value = bar.counts[verdict];
              if (value === 0) return null;
              // A single one among many still shows.
              const height = Math.max(1.5, (value / tops[b]!) * band.height);
              y -= height;
              return <rect key={`${i}${verdict}`} class={`bar ${verdict}`} x={i * width + width * 0.09} width={width * 0.82} y={y} height={height} />;
            });
          }))}
          {BANDS.map((band, i) => <line key={i} class="base" x1="0" x2={WIDTH} y1={band.base + 0.5} y2={band.base + 0.5} />)}
        </svg>
        <span class="scale scale-stopped" aria-hidden="true">{compact(tops[0]!)}</span>
        <span class="scale scale-permitted" aria-hidden="true">{compact(tops[1]!)}</span>
      </div>
      <Axis from={bars[0]?.start ?? range.from} to={(bars[bars.length - 1]?.start ?? range.to) + step} />
    </figure>
  );
}

/** The times below a plot. */
export function Axis({ from, to }: Range): JSX.Element {
  const long = to - from > 36 * 3_600_000;
  const parts = 4;
  return (
    <div class="axis" aria-hidden="true">
      {Array.from({ length: parts + 1 }, (_, i) => {
        const time = new Date(from + ((to - from) * i) / parts);
        const text = utc(time);
        return <span key={i} {...localOnHover(time)}>{long ? text.slice(5, 16) : text.slice(11, 16)}</span>;
      })}
    </div>
  );
}
