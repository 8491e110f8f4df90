// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { toBase64, utf8 } from '../../src/proof/bytes';
import { type DecisionReport, verifyDecision } from '../../src/proof/decision';
import { canonical } from '../../src/proof/json';
import { parseKeys } from '../../src/proof/keys';
import { logLine, revoke, rotate, Signer, TestLog, vkey } from './log-writer';
import { reason, states } from './resources';

const LEDGER = '0198c7e2-0000-7000-8000-00000000abcd';
const ORIGIN = `indelible/${LEDGER}`;

describe('keys that the chain introduces and revokes', () => {
  const first = Signer.create();
  const second = Signer.create();
  const third = Signer.create();
  const log = new TestLog(ORIGIN, first);
  log.appendAll(2);
  const rotation = rotate(log, first, second);
  const bySecond = log.append({ signer: second });
  const revocation = revoke(log, first, second, 2);
  const byRevoked = log.append({ signer: first });
  const again = rotate(log, second, third);
  const byThird = log.append({ signer: third });
  const related = [rotation, revocation, again].map((row) => log.event(row));

  async function verified(
    row: number,
    given: readonly string[] = related,
    signer = third,
  ): Promise<DecisionReport> {
    const receipt = utf8(log.receipt(row, log.checkpoint(undefined, signer)));
    return verifyDecision({ receipt, related: given }, await parseKeys(vkey(ORIGIN, first.material(1))));
  }

  test('a chain of rotations is followed in any order', async () => {
    for (const given of [related, [...related].reverse()]) {
      const report = await verified(byThird, given);
      expect(states(report)).toMatchObject({ signature: 'ok', signatures: 'ok' });
      expect(report.verdict).toBe('proven');
    }
    const gap = await verified(byThird, [related[0]!, related[1]!]);
    expect(states(gap)).toMatchObject({ signature: 'unknown', signatures: 'unknown' });
  });

  test('revoked key signs no later row', async () => {
    const report = await verified(byRevoked);
    expect(states(report).signature).toBe('wrong');
    expect(reason(report, 'signature')).toContain(`row ${revocation} revoked`);
    expect(report.verdict).toBe('refuted');
  });

  test('rows that others may have signed are unknown', async () => {
    expect(states(await verified(1)).signature).toBe('ok');
    expect(states(await verified(2)).signature).toBe('unknown');
    expect(states(await verified(rotation)).signature).toBe('unknown');
  });

  test('revoked key signs no later checkpoint', async () => {
    const report = await verified(bySecond, related, first);
    expect(states(report)).toMatchObject({ signatures: 'wrong', checkpoint: 'unknown' });
    expect(reason(report, 'signatures')).toContain('not valid at its size');
  });

  test('key signs no checkpoint before the row that introduces it', async () => {
    const young = new TestLog(ORIGIN, first);
    young.appendAll(2);
    const early = utf8(young.receipt(1, young.checkpoint(2, third)));
    const pinned = await parseKeys(vkey(ORIGIN, first.material(1)));
    const report = await verifyDecision({ receipt: early, related }, pinned);
    expect(states(report).signatures).toBe('wrong');
  });

  test('a valid key decides although a revoked one signed too', async () => {
    const text = log.text();
    const note = `${text}\n${logLine(ORIGIN, first, text)}${logLine(ORIGIN, third, text)}`;
    const receipt = utf8(log.receipt(byThird, note));
    const pinned = await parseKeys(vkey(ORIGIN, first.material(1)));
    expect((await verifyDecision({ receipt, related }, pinned)).verdict).toBe('proven');
  });

  test('rotation of another ledger introduces no key', async () => {
    const other = new TestLog(ORIGIN, first);
    const row = rotate(other, first, second, LEDGER.replace('abcd', 'abce'));
    other.append({ signer: second });
    const receipt = utf8(other.receipt(2, other.checkpoint(undefined, second)));
    const pinned = await parseKeys(vkey(ORIGIN, first.material(1)));
    const report = await verifyDecision({ receipt, related: [other.event(row)] }, pinned);
    expect(report.verdict).toBe('unknown');
  });

  test('nobody but a valid key rotates or revokes', async () => {
    const other = new TestLog(ORIGIN, first);
    other.append();
    const rows = [revoke(other, first, third), rotate(other, third, second)];
    // Signed by the first key, after that key revoked itself.
    rows.push(revoke(other, first, first), rotate(other, first, third));
    const unsigned = other.append({ type: 'key.compromised', details: { key_id: first.keyId, reason: '' }, signer: undefined });
    const given = [...rows, unsigned].map((row) => other.event(row));
    const pinned = await parseKeys(vkey(ORIGIN, first.material(1)));
    const receipt = (row: number, signer: Signer) => utf8(other.receipt(row, other.checkpoint(undefined, signer)));
    const before = await verifyDecision({ receipt: receipt(1, first), related: given.slice(0, 2) }, pinned);
    expect(before.verdict).toBe('proven');
    const after = await verifyDecision({ receipt: receipt(1, third), related: given }, pinned);
    expect(states(after).signatures).toBe('unknown');
  });

  test('lost key that was replaced without a signature of it is not followed', async () => {
    const other = new TestLog(ORIGIN, first);
    other.append();
    const row = other.append({
      type: 'key.replaced',
      details: { ledger_id: LEDGER, new_key: toBase64(second.raw), reason: 'lost' },
      signer: second,
    });
    const receipt = utf8(other.receipt(1, other.checkpoint(undefined, second)));
    const pinned = await parseKeys(vkey(ORIGIN, first.material(1)));
    const report = await verifyDecision({ receipt, related: [other.event(row)] }, pinned);
    expect(report.verdict).toBe('unknown');
  });

  test('erasure counts only if a valid key signed it, of this row, after it', async () => {
    const other = new TestLog(ORIGIN, first);
    other.append();
    const record = JSON.parse(new TextDecoder().decode(other.records[0])) as Record<string, string>;
    const details = {
      sequence: 1,
      event_id: record['id']!,
      payload_hash: record['payload_hash']!,
      reason: 'a request',
      by: 'carol',
    };
    const good = other.append({ type: 'payload.erased', details });
    const stranger = other.append({ type: 'payload.erased', details, signer: third });
    const wrongHash = other.append({ type: 'payload.erased', details: { ...details, payload_hash: '00'.repeat(32) } });
    const event = canonical({ ...record, payload: null });
    const pinned = await parseKeys(vkey(ORIGIN, first.material(1)));
    const why = async (row: number): Promise<string> =>
      reason(await verifyDecision({ event, related: [other.event(row)] }, pinned), 'payload');
    expect(await why(good)).toContain('row 2 records that carol erased it: a request');
    expect(await why(stranger)).toContain('was not given');
    expect(await why(wrongHash)).toContain('was not given');
  });
});
