// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { daemonNow } from '../api.ts';
import { length, local, utc, utcDate, utcTime } from '../model/time.ts';

/**
 * Has an element show a time in the reader's zone on hover. The text is written then: for a list of
 * times, it would take most of the time of drawing.
 */
export function localOnHover(time: Date, more?: string): { onPointerEnter: (event: PointerEvent) => void } {
  return {
    onPointerEnter: ({ currentTarget }) => {
      (currentTarget as Element).setAttribute('title', more === undefined ? local(time) : `${local(time)}\n${more}`);
    },
  };
}

/** A time in UTC; the reader's own time shows on hover. */
export function Time({ at, form = 'full' }: { at: string; form?: 'full' | 'list' }): JSX.Element {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return <span>{at}</span>;
  const today = utcDate(new Date(daemonNow())) === utcDate(time);
  return (
    <time dateTime={at} {...localOnHover(time, at)}>
      {form === 'full' ? (
        <>{utc(time)} UTC</>
      ) : (
        <>
          {!today && <span class="day">{utcDate(time).slice(5)} </span>}
          {utcTime(time).slice(0, 8)}
          <span class="fraction">{utcTime(time).slice(8)}</span>
        </>
      )}
    </time>
  );
}

/** The clocks of daemon, witnesses and browser agree to this at best. */
const MOMENT_SECONDS = 2;

/** The age of a time, kept current. */
export function Ago({ at }: { at: string }): JSX.Element {
  useTick(1000);
  const seconds = (daemonNow() - Date.parse(at)) / 1000;
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return <span>{at}</span>;
  return (
    <time dateTime={at} {...localOnHover(time, `${utc(time)} UTC`)}>
      {Math.abs(seconds) < MOMENT_SECONDS ? 'a moment ago' : seconds < 0 ? `in ${length(-seconds)}` : `${length(Math.round(seconds))} ago`}
    </time>
  );
}

/** Draws the component again after each interval. */
export function useTick(milliseconds: number): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
