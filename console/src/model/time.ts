// SPDX-License-Identifier: Apache-2.0

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** The ranges that the console offers, with their names. */
export const RANGES: [value: string, name: string][] = [
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
  ['all', 'All time'],
];

/** Returns the day before now in UTC: its first moment, and that of the next day. */
export function yesterday(now: number): { since: string; until: string } {
  const today = now - (now % 86_400_000);
  return { since: new Date(today - 86_400_000).toISOString(), until: new Date(today).toISOString() };
}

/** Returns the milliseconds of a duration, for example `24h`; undefined for another text. */
export function duration(text: string): number | undefined {
  const match = /^([0-9]{1,6})([smhdw])$/.exec(text);
  return match ? Number(match[1]) * UNITS[match[2] ?? '']! * 1000 : undefined;
}

/** Returns the time that a duration before now or an instant names; undefined for another text. */
export function instant(text: string, now: number): number | undefined {
  const before = duration(text);
  if (before !== undefined) return now - before;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Returns the date in UTC: 2026-11-30. */
export function utcDate(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** Returns the time of day in UTC, to the millisecond: 17:04:05.678. */
export function utcTime(time: Date): string {
  return time.toISOString().slice(11, 23);
}

/** Returns date and time in UTC to the second: 2026-11-30 17:04:05. */
export function utc(time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ');
}

let localFormat: Intl.DateTimeFormat | undefined;

/** Returns the time in the reader's own zone, with the zone's name. */
export function local(time: Date): string {
  localFormat ??= new Intl.DateTimeFormat('en-GB', {
    weekday: 'short', day: 'numeric', month: 'short', year: 'numeric',
    hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short',
  });
  return localFormat.format(time);
}

/** Returns a length of time in its largest unit: 45 s, 12 min, 3 h, 5 d. */
export function length(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 0.001) return '0 s';
  if (size < 1) return `${Math.round(seconds * 1000)} ms`;
  if (size < 10) return `${seconds.toFixed(1)} s`;
  if (size < 90) return `${Math.round(seconds)} s`;
  if (size < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (size < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
