// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { requireSession, type Row } from '../api.ts';

export type FeedState = 'connecting' | 'connected' | 'waiting';

/** Rows that arrive within this time are passed on together. */
const BATCH_MS = 200;

const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

/**
 * Follows new rows of the chain after a sequence; nothing while it is undefined.
 *
 * @param onRows gets rows in the order of the chain
 * @param onGap is called when rows were left out, so that a list must be read again
 */
export function useFeed(after: number | undefined, onRows: (rows: Row[]) => void, onGap: () => void): FeedState {
  const [state, setState] = useState<FeedState>('connecting');
  const handlers = useRef({ onRows, onGap });
  handlers.current = { onRows, onGap };
  useEffect(() => {
    if (after === undefined) return;
    let last = after;
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let waiting: Row[] = [];
    let flush: ReturnType<typeof setTimeout> | undefined;
    const pass = () => {
      flush = undefined;
      const rows = waiting;
      waiting = [];
      handlers.current.onRows(rows);
    };
    const open = () => {
      source = new EventSource(`/v1/events/stream?after=${last}`);
      source.onopen = () => {
        failures = 0;
        setState('connected');
      };
      source.addEventListener('row', (event) => {
        try {
          const row = JSON.parse(event.data as string) as Row;
          if (row.sequence <= last) return;
          last = row.sequence;
          waiting.push(row);
          flush ??= setTimeout(pass, BATCH_MS);
        } catch {
          // A row that cannot be read is in the list when it is read again.
          handlers.current.onGap();
        }
      });
      source.addEventListener('gap', (event) => {
        const to = (JSON.parse(event.data as string) as { to: number }).to;
        last = Math.max(last, to);
        handlers.current.onGap();
      });
      source.onerror = () => {
        // The browser connects again by itself, except after an answer that is no stream.
        setState('waiting');
        if (source?.readyState !== EventSource.CLOSED) return;
        source.close();
        timer = setTimeout(retry, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
      };
    };
    const retry = () => {
      // A daemon that was started again has lost its sessions; then the page asks for a key.
      if (failures > 1) handlers.current.onGap();
      requireSession().then(open, () => {
        timer = setTimeout(retry, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
      });
    };
    setState('connecting');
    open();
    return () => {
      source?.close();
      clearTimeout(timer);
      clearTimeout(flush);
    };
  }, [after]);
  return after === undefined ? 'connecting' : state;
}
