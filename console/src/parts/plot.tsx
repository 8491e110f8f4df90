// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { utc } from '../model/time.ts';
import { localOnHover } from './time.tsx';

/** A value at a time; null if it is not known. */
export interface Point {
  at: number;
  value: number | null;
}

const WIDTH = 400;
const HEIGHT = 72;

/** One value over time, with its current amount. A time without a value is a gap, never zero. */
export function Plot({ title, points, from, to, show }: {
  title: string;
  points: Point[];
  from: number;
  to: number;
  show: (value: number) => string;
}): JSX.Element {
  const [at, setAt] = useState<number>();
  const plot = useRef<SVGSVGElement>(null);
  const known = points.filter((point): point is { at: number; value: number } => point.value !== null);
  const top = Math.max(1e-9, ...known.map((point) => point.value)) * 1.1;
  const x = (time: number) => ((time - from) / Math.max(1, to - from)) * WIDTH;
  const y = (value: number) => HEIGHT - 1 - (value / top) * (HEIGHT - 4);
  const runs: { at: number; value: number }[][] = [[]];
  for (const point of points) {
    if (point.value === null) runs.push([]);
    else runs[runs.length - 1]!.push({ at: point.at, value: point.value });
  }
  const lines = runs.filter((run) => run.length > 0);
  const shown = at === undefined ? known[known.length - 1] : known.reduce<{ at: number; value: number } | undefined>(
    (best, point) => (best === undefined || Math.abs(point.at - at) < Math.abs(best.at - at) ? point : best), undefined);
  return (
    <figure class="line-plot">
      <figcaption>
        <span>{title}</span>
        <b>{shown ? show(shown.value) : 'not known'}</b>
        {at !== undefined && shown && <time {...localOnHover(new Date(shown.at))}>{utc(new Date(shown.at)).slice(11)} UTC</time>}
      </figcaption>
      <svg
        ref={plot}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${shown ? show(shown.value) : 'not known'}, at most ${known.length ? show(Math.max(...known.map((point) => point.value))) : 'not known'} in this time`}
        onPointerMove={(event) => {
          const box = plot.current!.getBoundingClientRect();
          setAt(from + ((event.clientX - box.left) / box.width) * (to - from));
        }}
        onPointerLeave={() => setAt(undefined)}
      >
        {lines.map((run, i) => {
          const path = run.map((point, j) => `${j === 0 ? 'M' : 'L'}${x(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`).join('');
          const last = run[run.length - 1]!;
          return (
            <g key={i}>
              <path class="area" d={`${path}L${x(last.at).toFixed(1)} ${HEIGHT}L${x(run[0]!.at).toFixed(1)} ${HEIGHT}Z`} />
              <path class="line" d={path} />
            </g>
          );
        })}
        {at !== undefined && shown && <line class="cursor" x1={x(shown.at)} x2={x(shown.at)} y1="0" y2={HEIGHT} />}
        <line class="base" x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      </svg>
    </figure>
  );
}
