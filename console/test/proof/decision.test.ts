// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../../src/proof/bytes';
import { STEPS, verifyDecision } from '../../src/proof/decision';
import { NO_KEYS, parseKeys, type PinnedKeys } from '../../src/proof/keys';
import { bytes, EVENTS, eventsOf, pinned, reason, RECEIPTS, RESOURCES, states, text } from './resources';

const keys = await pinned();
const [firstVkey, secondVkey] = await vkeysInOrder();
const ids = [...RECEIPTS.keys()].sort();

/** Returns the first key of the log, then the one to which it was rotated. */
async function vkeysInOrder(): Promise<[string, string]> {
  const vkeys = text(RESOURCES, 'vkeys').trim().split('\n');
  const revoked = /"key_id":"([0-9a-f]{16})","reason/.exec(eventsOf('key.compromised')[0] ?? '')?.[1];
  const isFirst = await Promise.all(
    vkeys.map(async (vkey) => (await parseKeys(vkey)).logs[0]?.key.keyId === revoked),
  );
  return [vkeys[isFirst.indexOf(true)] ?? '', vkeys[isFirst.indexOf(false)] ?? ''];
}

function event(id: string): string {
  return EVENTS.find((each) => each.includes(`"id":"${id}","key_id"`)) ?? '';
}

/** Returns the id of an event whose row has a text. */
function idOf(part: string): string {
  return /"id":"([0-9a-f-]{36})","key_id"/.exec(EVENTS.find((each) => each.includes(part)) ?? '')?.[1] ?? '';
}

describe('a decision of the Java log', () => {
  test.each(ids)('receipt proves %s', async (id) => {
    const report = await verifyDecision({ receipt: RECEIPTS.get(id)! }, keys);
    expect(report.steps.map(({ name, status }) => `${name} ${status}`)).toEqual(
      STEPS.map((name) => `${name} ok`),
    );
    expect(report.verdict).toBe('proven');
    expect(report.row?.id).toBe(id);
    expect(JSON.parse(report.payload!).id).toBe(id);
  });

  test('receipt and shown decision agree', async () => {
    const report = await verifyDecision(
      { event: event(ids[0]!), receipt: RECEIPTS.get(ids[0]!)! },
      keys,
    );
    expect(report.verdict).toBe('proven');
  });

  test('shown decision that is not the proven one is wrong', async () => {
    const other = event(ids[1]!);
    const report = await verifyDecision({ event: other, receipt: RECEIPTS.get(ids[0]!)! }, keys);
    expect(states(report)).toMatchObject({ record: 'wrong', payload: 'wrong' });
    expect(report.verdict).toBe('refuted');
  });

  test('decision without a receipt is checked and not proven', async () => {
    const spaced = JSON.stringify(
      { erased: false, event: JSON.parse(event(ids.at(-1)!)) },
      null,
      2,
    );
    const report = await verifyDecision({ event: spaced }, keys);
    expect(states(report)).toEqual({
      payload: 'ok',
      record: 'ok',
      signature: 'ok',
      leaf: 'unknown',
      path: 'unknown',
      checkpoint: 'unknown',
      signatures: 'unknown',
      witnesses: 'unknown',
    });
    expect(report.verdict).toBe('unknown');
  });

  test('without pinned keys nothing is proven', async () => {
    const report = await verifyDecision({ receipt: RECEIPTS.get(ids[0]!)! }, NO_KEYS);
    expect(states(report)).toMatchObject({
      signature: 'unknown',
      checkpoint: 'unknown',
      signatures: 'unknown',
      witnesses: 'unknown',
    });
    expect(report.verdict).toBe('unknown');
  });

  test('receipt without payload proves the record', async () => {
    const receipt = bytes(RESOURCES, 'receipts', 'without-payload.tlog-proof');
    const report = await verifyDecision({ receipt }, keys);
    expect(states(report).payload).toBe('unknown');
    expect(reason(report, 'payload')).toContain('not in the receipt');
    expect(report.verdict).toBe('proven');
  });

  test('erased payload is shown as erased', async () => {
    const receipt = bytes(RESOURCES, 'receipts', 'without-payload.tlog-proof');
    const erased = EVENTS.find((each) => each.includes('"payload":null'))!;
    const related = eventsOf('payload.erased');
    const report = await verifyDecision({ event: erased, receipt, related }, keys);
    expect(states(report).payload).toBe('unknown');
    expect(reason(report, 'payload')).toMatch(/row \d+ records that carol erased it: a request to forget/);
    expect(report.verdict).toBe('proven');
    const forged = related.map((each) => each.replace('carol', 'mallet'));
    const unrecorded = await verifyDecision({ event: erased, receipt, related: forged }, keys);
    expect(reason(unrecorded, 'payload')).toContain('was not given');
  });

  test('key of another log is unknown', async () => {
    const other = { ...keys, logs: keys.logs.map((log) => ({ ...log, name: 'example.org/log' })) };
    const report = await verifyDecision({ receipt: RECEIPTS.get(ids[0]!)! }, other);
    expect(states(report).signatures).toBe('unknown');
    expect(reason(report, 'signatures')).toContain('"example.org/log"');
    expect(report.verdict).toBe('unknown');
  });

  test('key without a name proves any log', async () => {
    const nameless = { ...keys, logs: keys.logs.map((log) => ({ ...log, name: undefined })) };
    const report = await verifyDecision({ receipt: RECEIPTS.get(ids[0]!)! }, nameless);
    expect(report.verdict).toBe('proven');
  });
});

describe('the keys of a log', () => {
  const last = RECEIPTS.get(ids.at(-1)!)!;
  const rotation = eventsOf('key.rotated');
  const revocation = eventsOf('key.compromised');
  let first: PinnedKeys;

  test('rotated key is accepted after a signed rotation only', async () => {
    first = await parseKeys(firstVkey);
    const without = await verifyDecision({ receipt: last }, first);
    expect(states(without)).toMatchObject({ signature: 'unknown', signatures: 'unknown' });
    const report = await verifyDecision({ receipt: last, related: rotation }, first);
    expect(states(report)).toMatchObject({ signature: 'ok', signatures: 'ok' });
    expect(reason(report, 'signature')).toContain('introduces');
    expect(report.verdict).toBe('proven');
  });

  test('forged rotation introduces no key', async () => {
    first = await parseKeys(firstVkey);
    for (const change of [
      (each: string) => each.replace(/"ledger_id":"./, '"ledger_id":"z'),
      (each: string) => each.replace(/"sequence":(\d+)/, '"sequence":1$1'),
      (each: string) => each.replace(/"new_signature":"(.)/, (_, c) => `"new_signature":"${c === 'A' ? 'B' : 'A'}`),
    ]) {
      const related = rotation.map(change);
      expect(related).not.toEqual(rotation);
      const report = await verifyDecision({ receipt: last, related }, first);
      expect(report.verdict).toBe('unknown');
    }
  });

  test('row of a revoked key in doubt is unknown', async () => {
    const doubted = RECEIPTS.get(idOf('"agent_id":"agent:Zoë"'))!;
    const second = await parseKeys(`${firstVkey}\n${secondVkey}`);
    const report = await verifyDecision({ receipt: doubted, related: revocation }, second);
    expect(states(report).signature).toBe('unknown');
    expect(reason(report, 'signature')).toContain('others may have held');
    const early = EVENTS.find((each) => each.includes('"sequence":10,'))!;
    const before = await verifyDecision({ event: early, related: revocation }, second);
    expect(states(before).signature).toBe('ok');
  });

  test('vkey states the log and its own id', async () => {
    await expect(parseKeys(firstVkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))).rejects.toThrow('id of the vkey');
    await expect(parseKeys('a key')).rejects.toThrow('neither a vkey');
    await expect(parseKeys(firstVkey.replace('indelible', 'other'))).rejects.toThrow('id of the vkey');
  });
});

test('nothing given is unknown', async () => {
  const report = await verifyDecision({}, keys);
  expect(new Set(report.steps.map((step) => step.status))).toEqual(new Set(['unknown']));
});

test('text of a receipt can be pasted as it is', () => {
  const receipt = RECEIPTS.get(ids[0]!)!;
  expect(utf8(fromUtf8(receipt, 'receipt'))).toEqual(receipt);
});
