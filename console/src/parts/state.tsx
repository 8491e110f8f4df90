// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../api.ts';
import { Foreign } from './text.tsx';

/** Something that is read from the daemon. */
export interface Loaded<T> {
  /** The last value; stays while another one is read. */
  value: T | undefined;
  /** The reason why the last reading failed. */
  problem: Problem | undefined;
  isLoading: boolean;
  reload: () => void;
}

/**
 * Reads a value, again whenever the key changes, and at an interval if one is given. A hidden tab
 * reads nothing at intervals.
 */
export function useLoaded<T>(key: string, read: (signal: AbortSignal) => Promise<T>, everyMs?: number): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [problem, setProblem] = useState<Problem>();
  const [isLoading, setLoading] = useState(true);
  const [turn, setTurn] = useState(0);
  const reading = useRef(read);
  reading.current = read;
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    const controller = new AbortController();
    setLoading(true);
    reading.current(controller.signal).then(
      (found) => {
        if (controller.signal.aborted) return;
        setValue(found);
        setProblem(undefined);
        setLoading(false);
      },
      (e: unknown) => {
        if (controller.signal.aborted) return;
        setProblem(e instanceof Problem ? e : new Problem(0, 'Error', String(e)));
        setLoading(false);
      },
    );
    return () => controller.abort();
  }, [key, turn]);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, reload]);
  return { value, problem, isLoading, reload };
}

/** A fault, and a button to try again. */
export function Failure({ problem, retry }: { problem: Problem; retry?: () => void }): JSX.Element {
  return (
    <div class="failure" role="alert">
      <strong>{problem.title}</strong>
      <span><Foreign text={problem.message} /></span>
      {retry && <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

/** A place without content, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div>{children}</div>}
    </div>
  );
}

/** Placeholders of rows that are being read. */
export function Skeleton({ rows }: { rows: number }): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-busy="true" aria-label="loading">
      {Array.from({ length: rows }, (_, i) => <div key={i} />)}
    </div>
  );
}
