// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Row, VerdictCounts } from '../../src/api.ts';
import { factThatDecided, matches, query, readFilter, summary, writeFilter } from '../../src/model/decisions.ts';
import { edits, lineDiff } from '../../src/model/diff.ts';
import { csv, jsonl } from '../../src/model/table.ts';
import { bytes, compact, count, cut, oneLine, pieces } from '../../src/model/text.ts';
import { duration, instant, length, yesterday } from '../../src/model/time.ts';
import { bucketLength, buckets, ceiling } from '../../src/parts/histogram.tsx';
import { href, readRoute } from '../../src/router.ts';

function row(over: Partial<Row> = {}): Row {
  return {
    id: 'e1', agent_id: 'agent:a', attest_level: 'self_signed', event_type: 'governance.refusal',
    payload: {
      action: { kind: 'bash', command: 'rm -rf /' },
      decision: { decision: 'refuse', rule_id: 'delete-system', reason: 'no' },
      session: 's-1',
    },
    payload_hash: '00', prev_hash: '00', sequence: 7, timestamp: '2026-11-30T12:00:00.000001Z', ...over,
  };
}

describe('text of agents', () => {
  it('shows characters that reorder or hide text', () => {
    expect(pieces('a\u202eb\u200bc').map((piece) => piece.text)).toEqual(['a', 'U+202E', 'b', 'U+200B', 'c']);
    expect(pieces('a\u0000\u001b[31m').filter((piece) => piece.hidden).map((piece) => piece.text)).toEqual(['U+0000', 'U+001B']);
    expect(pieces('\u{e0041}\ud800')[1]).toEqual({ text: 'U+D800', hidden: true });
  });

  it('leaves text that shows as it is', () => {
    for (const text of ['a b\n\tc', 'äöü ñ', '日本語', 'עברית', '👍🏽', '<b>"&amp;"</b>']) {
      expect(pieces(text)).toEqual([{ text, hidden: false }]);
    }
    expect(pieces('')).toEqual([]);
  });

  it('cuts between characters', () => {
    expect(cut('ab👍', 3)).toBe('ab…');
    expect(cut('abc', 3)).toBe('abc');
    expect(oneLine('a\n  b\tc')).toBe('a b c');
    expect(oneLine('x'.repeat(1 << 20)).length).toBeLessThan(300);
  });
});

describe('times', () => {
  it('reads durations and instants', () => {
    expect(duration('24h')).toBe(86_400_000);
    expect(duration('1y')).toBeUndefined();
    expect(instant('1m', 90_000)).toBe(30_000);
    expect(instant('2026-11-30T00:00:00Z', 0)).toBe(Date.UTC(2026, 10, 30));
    expect(instant('yesterday', 0)).toBeUndefined();
  });

  it('knows the last day in UTC', () => {
    const day = { since: '2026-11-29T00:00:00.000Z', until: '2026-11-30T00:00:00.000Z' };
    expect(yesterday(Date.parse('2026-11-30T00:00:00Z'))).toEqual(day);
    expect(yesterday(Date.parse('2026-11-30T23:59:59.999Z'))).toEqual(day);
  });

  it('writes lengths in their largest unit', () => {
    expect([0, 0.0421, 3.21, 59, 600, 7200, 172_800].map(length)).toEqual(['0 s', '42 ms', '3.2 s', '59 s', '10 min', '2 h', '2 d']);
  });
});

describe('numbers', () => {
  it('have separators', () => {
    expect([0, 999, 1000, 1_234_567, -1234].map(count)).toEqual(['0', '999', '1,000', '1,234,567', '-1,234']);
  });

  it('are short where there is little space', () => {
    const values = [9_999, 10_000, 12_345, 999_940, 999_950, 1_260_000, 10_000_005, 3e9];
    expect(values.map(compact)).toEqual(['9,999', '10K', '12.3K', '999.9K', '1M', '1.3M', '10M', '3B']);
  });

  it('of bytes have a unit', () => {
    expect([0, 1023, 1024, 2_097_152, 3.5 * 2 ** 30].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '2.0 MiB', '3.5 GiB']);
  });
});

describe('a decision', () => {
  it('was caused by the longest fact that its reason names', () => {
    const facts = ['deletes /', 'deletes /home recursively', 'changes guard /home'];
    const caused = (reason: string) => factThatDecided({ decision: { decision: 'refuse', reason }, facts });
    expect(caused('no: deletes /home recursively')).toBe('deletes /home recursively');
    expect(caused('no')).toBeUndefined();
    expect(factThatDecided({})).toBeUndefined();
  });
});

describe('filters', () => {
  it('survive the address', () => {
    const filter = readFilter({ since: '7d', agent: 'agent:a&b=c', text: 'ü #?' });
    const address = href(['decisions'], writeFilter(filter));
    expect(readFilter(readRoute(address).parameters)).toEqual(filter);
    expect(href(['decisions'], writeFilter(readFilter({})))).toBe('#/decisions');
  });

  it('select decisions unless a type is named', () => {
    expect(query(readFilter({})).verdict).toBe('any');
    expect(query(readFilter({ type: 'audit.gap' }))).toMatchObject({ type: 'audit.gap', verdict: undefined });
    expect(query(readFilter({ since: 'all' })).since).toBeUndefined();
  });

  it('select new rows as the daemon does', () => {
    const now = Date.parse('2026-11-30T13:00:00Z');
    const found = (parameters: Record<string, string>, each = row()) => matches(each, readFilter(parameters), now);
    expect(found({})).toBe(true);
    expect(found({ since: '30m' })).toBe(false);
    expect(found({ verdict: 'refuse', agent: 'agent:a', rule: 'delete-system', kind: 'bash', session: 's-1', text: 'rm -' })).toBe(true);
    for (const other of [{ verdict: 'allow' }, { agent: 'agent:b' }, { rule: 'x' }, { kind: 'read' }, { session: 's' }, { text: 'RM -' }]) {
      expect(found(other as Record<string, string>), JSON.stringify(other)).toBe(false);
    }
    const erased = row({ payload: null });
    expect(found({}, erased)).toBe(true);
    expect(found({ verdict: 'refuse' }, erased)).toBe(false);
    expect(found({}, row({ event_type: 'access.log_read' }))).toBe(false);
    expect(found({ type: 'access.log_read' }, row({ event_type: 'access.log_read' }))).toBe(true);
  });

  it('read a broken address without an error', () => {
    expect(readRoute('#/decision/%E0%A4%A').path).toEqual(['decision', '%E0%A4%A']);
    expect(readRoute('').path).toEqual([]);
  });
});

describe('actions', () => {
  it('are a line', () => {
    expect(summary({ kind: 'network_request', scheme: 'https', host: 'a.example', port: 443, path: '/x' })).toBe('https://a.example:443/x');
    expect(summary({ kind: 'process_spawn', binary: 'git', args: ['push', '--force'] })).toBe('git push --force');
    expect(summary({ kind: 'tool_call', tool: 't', arguments: { a: 1 } })).toBe('t {"a":1}');
    expect(summary({ kind: 'new_kind', x: 1 })).toContain('new_kind');
  });

  it('of editors are differences', () => {
    const changes = edits({ edits: [{ old_string: 'a\nb\nc', new_string: 'a\nB\nc' }, { old_string: 1 }] });
    expect(changes).toHaveLength(1);
    expect(lineDiff(changes[0]!.before, changes[0]!.after)!.map((line) => line.sign + line.text)).toEqual([' a', '-b', '+B', ' c']);
    expect(lineDiff('x\n'.repeat(5000), '')).toBeUndefined();
  });
});

describe('exports', () => {
  it('run no formula in a spreadsheet', () => {
    const text = csv([row({ agent_id: '=HYPERLINK("http://x")' }), row({ agent_id: 'a,"b"\n' })]);
    expect(text).toContain('"\'=HYPERLINK(""http://x"")"');
    expect(text).toContain('"a,""b""\n"');
    expect(text.startsWith('timestamp,verdict,')).toBe(true);
  });

  it('have a row a line', () => {
    expect(jsonl([row(), row({ id: 'e2' })]).trim().split('\n').map((line) => (JSON.parse(line) as Row).id)).toEqual(['e1', 'e2']);
  });
});

describe('histogram', () => {
  const none: VerdictCounts = { allow: 0, warn: 0, refuse: 0, escalate: 0, unknown: 0 };

  it('has a bar for each interval, also without rows', () => {
    const start = Date.UTC(2026, 10, 30);
    const stats = { bucket_seconds: 3600, buckets: [{ start: new Date(start + 3_600_000).toISOString(), decisions: { ...none, refuse: 2 } }] };
    const bars = buckets(stats as never, { from: start + 60_000, to: start + 3 * 3_600_000 });
    expect(bars.map((bar) => bar.counts.refuse)).toEqual([0, 2, 0]);
    expect(bars[0]!.start).toBe(start);
  });

  it('has a limited number of bars', () => {
    for (const hours of [0.01, 0.25, 1, 24, 168, 720, 24 * 3650]) {
      const to = hours * 3_600_000;
      expect(to / 1000 / Number.parseInt(bucketLength({ from: 0, to }))).toBeLessThanOrEqual(72);
    }
  });

  it('has round scales', () => {
    expect([0, 1, 3, 11, 99, 100, 2300].map(ceiling)).toEqual([1, 1, 5, 20, 100, 100, 5000]);
  });
});
