// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { address, type Row } from '../api.ts';
import { Card } from './decision.tsx';

/** The proof that the log contains an event. */
export function ProofPanel({ row }: { row: Row }): JSX.Element {
  const receipt = address(`/v1/events/${encodeURIComponent(row.id)}/proof`, { payload: row.payload ? 'true' : undefined });
  return (
    <Card title="Proof">
      <p>A receipt proves to anybody who has the log's public key that this event is in the log, without this server.</p>
      <p><a class="button" href={receipt} download={`${row.id}.tlog-proof`}>Download the receipt</a></p>
      <pre class="command">indelible proof verify {row.id}.tlog-proof --key log.vkey</pre>
    </Card>
  );
}
