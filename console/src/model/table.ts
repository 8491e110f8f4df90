// SPDX-License-Identifier: Apache-2.0
import type { Row } from '../api.ts';
import { summary } from './decisions.ts';

const COLUMNS = ['timestamp', 'verdict', 'agent_id', 'kind', 'action', 'rule', 'reason', 'session', 'id', 'sequence'];

/** Returns rows as CSV (RFC 4180). */
export function csv(rows: Row[]): string {
  const lines = rows.map((row) => {
    const { action, decision, session } = row.payload ?? {};
    return [
      row.timestamp, decision?.decision, row.agent_id, action?.kind, action && summary(action),
      decision?.rule_id, decision?.reason, session, row.id, row.sequence,
    ].map(cell).join(',');
  });
  return [COLUMNS.join(','), ...lines, ''].join('\r\n');
}

/** Returns a cell. A spreadsheet runs a text that begins like a formula, unless a quote precedes it. */
function cell(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Returns rows as JSON, one a line. */
export function jsonl(rows: Row[]): string {
  return rows.map((row) => JSON.stringify(row) + '\n').join('');
}
