// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type Bytes, utf8 } from '../../src/proof/bytes';
import { type FileReport, type GivenFile, verifyFiles } from '../../src/proof/files';
import { parseKeys } from '../../src/proof/keys';
import { answer, type VerifyAnswer } from '../../src/proof/worker';
import { rotate, Signer, TestLog, vkey } from './log-writer';
import { EVENTS, eventsOf, pinned, RECEIPTS, RESOURCES, text } from './resources';

const keys = await pinned();
const [id, receipt] = [...RECEIPTS][0]!;
const event = EVENTS.find((each) => each.includes(`"id":"${id}","key_id"`))!;

function given(path: string, content: string | Bytes): GivenFile {
  const bytes = typeof content === 'string' ? utf8(content) : content;
  return { path, size: bytes.length, bytes: async () => bytes };
}

function verdicts(reports: readonly FileReport[]): string[] {
  return reports.map((each) => (each.kind === 'unread' ? 'unread' : each.report.verdict));
}

describe('files that a reader gives', () => {
  test('a receipt, a decision, and both together', async () => {
    expect(verdicts(await verifyFiles([given('a', receipt)], keys))).toEqual(['proven']);
    expect(verdicts(await verifyFiles([given('a', event)], keys))).toEqual(['unknown']);
    const both = [given('event.json', event), given('a.tlog-proof', receipt)];
    expect(verdicts(await verifyFiles(both, keys))).toEqual(['proven']);
  });

  test('one receipt and another decision contradict', async () => {
    const other = EVENTS.find((each) => each !== event)!;
    const reports = await verifyFiles([given('event.json', other), given('a', receipt)], keys);
    expect(verdicts(reports)).toEqual(['refuted']);
  });

  test('many receipts and the rows of a list', async () => {
    const files = [...RECEIPTS].map(([name, bytes]) => given(`${name}.tlog-proof`, bytes));
    const reports = await verifyFiles([...files, given('rows.jsonl', EVENTS.join('\n'))], keys);
    expect(new Set(verdicts(reports).slice(0, files.length))).toEqual(new Set(['proven']));
    for (const each of reports) {
      expect(each.kind).toBe('decision');
    }
  });

  test('rows about keys count for the decisions beside them', async () => {
    const first = /"key_id":"([0-9a-f]{16})","reason/.exec(eventsOf('key.compromised')[0]!)![1];
    const vkeys = text(RESOURCES, 'vkeys').trim().split('\n');
    const parsed = await Promise.all(vkeys.map((each) => parseKeys(each)));
    const old = parsed.find(({ logs }) => logs[0]?.key.keyId === first)!;
    const last = [...RECEIPTS].sort(([a], [b]) => (a < b ? 1 : -1))[0]![1];
    expect(verdicts(await verifyFiles([given('a', last)], old))).toEqual(['unknown']);
    const related = given('rotation.json', eventsOf('key.rotated')[0]!);
    expect(verdicts(await verifyFiles([given('a', last), related], old))).toEqual(['proven']);
    expect(verdicts(await verifyFiles([related], old))).toEqual(['unknown']);
  });

  test('a folder of an exported log, wherever it is', async () => {
    const signer = Signer.create();
    const log = new TestLog('example.org/log', signer);
    log.appendAll(3);
    const pin = await parseKeys(vkey(log.origin, signer.material(1)));
    for (const folder of ['', 'log/', 'some/where/']) {
      const files = [...log.files()].map(([path, bytes]) => given(folder + path, bytes));
      const reports = await verifyFiles([...files, given(`${folder}vkeys`, 'x')], pin);
      expect(verdicts(reports), folder).toEqual(['intact']);
    }
    const huge = { path: 'tile/entries/000.p/3', size: 2 ** 40, bytes: async () => utf8('') };
    const files = [...log.files()].map(([path, bytes]) => given(path, bytes));
    expect(
      verdicts(await verifyFiles([...files.filter(({ path }) => path !== huge.path), huge], pin)),
    ).toEqual(['unknown']);
  });

  test('rows about keys count for the log beside them, and are no decisions', async () => {
    const first = Signer.create();
    const log = new TestLog('indelible/0198c7e2-0000-7000-8000-00000000abcd', first);
    const second = Signer.create();
    const rotation = rotate(log, first, second);
    const files = [...log.files(log.checkpoint(1, second))].map(([path, bytes]) => given(`log/${path}`, bytes));
    const pin = await parseKeys(vkey(log.origin, first.material(1)));
    expect(verdicts(await verifyFiles(files, pin))).toEqual(['unknown']);
    const beside = given('rotation.json', log.event(rotation));
    expect(verdicts(await verifyFiles([...files, beside], pin))).toEqual(['intact']);
  });

  test('other files are named, and nothing is ok by default', async () => {
    const failing = { path: 'x', size: 1, bytes: () => Promise.reject(new Error('gone')) };
    const reports = await verifyFiles(
      [
        given('.DS_Store', 'x'),
        given('text', 'hello'),
        given('empty', ''),
        given('cose', Uint8Array.of(0xd2, 0x84)),
        given('binary', Uint8Array.of(0xff, 0xfe)),
        given('vkeys', text(RESOURCES, 'vkeys')),
        failing,
        { path: 'large', size: 2 ** 31, bytes: async () => utf8('') },
      ],
      keys,
    );
    expect(verdicts(reports)).toEqual(Array(7).fill('unread'));
    expect(verdicts(await verifyFiles([given('object', '{}')], keys))).toEqual(['refuted']);
    expect(verdicts(await verifyFiles([given('broken', '{"a":')], keys))).toEqual(['refuted']);
    expect(await verifyFiles([], keys)).toEqual([]);
  });

  test('at most a thousand decisions are verified at once, and the rest is named', async () => {
    const rows = Array.from({ length: 1_002 }, () => event).join('\n');
    const reports = await verifyFiles([given('rows', rows)], keys);
    expect(reports.length).toBe(1_001);
    expect(reports.at(-1)).toMatchObject({ kind: 'unread', name: '2 further decisions' });
  });
});

test('the worker answers with progress and reports', async () => {
  const answers: VerifyAnswer[] = [];
  const send = (each: VerifyAnswer) => answers.push(each);
  const file = new Blob([receipt]);
  await answer({ keys: text(RESOURCES, 'vkeys'), files: [{ path: 'a', file }] }, send);
  expect(answers.at(-1)).toHaveProperty('reports.0.report.verdict', 'proven');
  await answer({ keys: 'no key', files: [{ path: 'a', file }] }, send);
  expect(answers.at(-1)).toHaveProperty('failure');
});
