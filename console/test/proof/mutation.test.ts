// SPDX-License-Identifier: Apache-2.0
import { afterAll, describe, expect, test } from 'vitest';
import { type Bytes, concat, fromBase64, fromUtf8, toBase64, utf8 } from '../../src/proof/bytes';
import { type StepName, STEPS, verifyDecision } from '../../src/proof/decision';
import { canonical, type Json } from '../../src/proof/json';
import { parseKeys } from '../../src/proof/keys';
import { cosigned, line, logLine, Signer, TestLog, vkey } from './log-writer';
import { pinned, RECEIPTS } from './resources';

/**
 * Wrong receipts and notes, each made from one that verifies by one change. Every one must have a
 * step that is wrong, or that is not decided although it was before, and none may throw.
 */
const ORIGIN = 'indelible/0198c7e2-0000-7000-8000-00000000abcd';
const WITNESS = 'witness.example';

const signer = Signer.create();
const stranger = Signer.create();
const witness = Signer.create();
const second = Signer.create();

const log = new TestLog(ORIGIN, signer);
log.appendAll(21);
const TEXT = log.text();
const LOG_LINE = logLine(ORIGIN, signer, TEXT);
const COSIGNATURE = cosigned(WITNESS, witness, 1_790_000_000n, TEXT);
const SECOND = cosigned('second.example', second, 1_790_000_001n, TEXT);
const NOTE = `${TEXT}\n${LOG_LINE}${COSIGNATURE}${SECOND}`;
const RECEIPT = log.receipt(14, NOTE);
const keys = await parseKeys(
  [
    vkey(ORIGIN, signer.material(1)),
    vkey(WITNESS, witness.material(4)),
    vkey('second.example', second.material(4)),
  ].join('\n'),
);

let wrong = 0;

/** Wrong receipts that are not refuted, because they may be true of a log that is not pinned. */
const undecided: string[] = [];

/** Verifies that a receipt is not proven, and that a given step says so. */
async function disproven(name: string, receipt: string | Bytes, step?: StepName): Promise<void> {
  const changed = typeof receipt === 'string' ? utf8(receipt) : receipt;
  expect(fromUtf8Lenient(changed), name).not.toBe(RECEIPT);
  const { steps, verdict } = await verifyDecision({ receipt: changed }, keys);
  const states = steps.map((each) => `${each.name} ${each.status}`).join(', ');
  expect(steps.map((each) => each.name)).toEqual(STEPS);
  expect(verdict, `${name}: ${states}`).not.toBe('proven');
  if (step !== undefined) {
    expect(steps.find((each) => each.name === step)?.status, `${name}: ${states}`).not.toBe('ok');
  }
  for (const each of steps) {
    expect(each.reason, `${name}, ${each.name}`).not.toBe('');
    expect(each.reason, `${name}, ${each.name}`).not.toContain('could not be checked');
  }
  if (verdict === 'unknown') {
    undecided.push(name);
  }
  wrong++;
}

const fromUtf8Lenient = (bytes: Bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const lines = RECEIPT.split('\n');
const extra = fromBase64(lines[1]!.substring(6), 'extra');
const record = fromUtf8(extra, 'extra').split('\n')[0]!;
const payload = fromUtf8(extra, 'extra').split('\n')[1]!;
const PATH_FROM = 3;
const path = lines.slice(PATH_FROM, lines.indexOf(''));

/** Returns the receipt with another record and payload. */
function withExtra(newRecord: string, newPayload = `\n${payload}`): string {
  return [lines[0], `extra ${toBase64(utf8(newRecord + newPayload))}`, ...lines.slice(2)].join('\n');
}

/** Returns the receipt with another path. */
function withPath(newPath: readonly string[]): string {
  return [...lines.slice(0, PATH_FROM), ...newPath, ...lines.slice(PATH_FROM + path.length)].join('\n');
}

function withNote(note: string): string {
  return RECEIPT.replace(NOTE, note);
}

/** Flips one bit of a base64 text at a byte. */
function flipped(base64: string, at: number, bit = 0): string {
  const bytes = fromBase64(base64, 'base64');
  bytes[at] = bytes[at]! ^ (1 << bit);
  return toBase64(bytes);
}

function inRecord(change: (fields: { [name: string]: Json }) => void): string {
  const fields = JSON.parse(record) as { [name: string]: Json };
  change(fields);
  return canonical(fields);
}

test('the unchanged receipt is proven', async () => {
  const report = await verifyDecision({ receipt: utf8(RECEIPT) }, keys);
  expect(report.steps.map((each) => `${each.name} ${each.status}`)).toEqual(
    STEPS.map((name) => `${name} ok`),
  );
  expect(report.verdict).toBe('proven');
});

describe('a wrong receipt is not proven', () => {
  test('each field of the record changed', async () => {
    for (const name of Object.keys(JSON.parse(record) as object)) {
      await disproven(`${name} removed`, withExtra(inRecord((fields) => delete fields[name])));
      await disproven(
        `${name} changed`,
        withExtra(
          inRecord((fields) => {
            const value = fields[name];
            fields[name] = typeof value === 'number' ? value + 1 : `${String(value)}0`;
          }),
        ),
      );
      await disproven(`${name} null`, withExtra(inRecord((fields) => (fields[name] = null))));
      const member = new RegExp(`("${name}":(?:"[^"]*"|[0-9]+))`);
      await disproven(`${name} twice`, withExtra(record.replace(member, '$1,$1')), 'record');
      await disproven(`${name} spaced`, withExtra(record.replace(`"${name}":`, `"${name}": `)), 'record');
    }
  });

  test('the form of the record changed', async () => {
    await disproven('member added', withExtra(inRecord((fields) => (fields['w'] = 1))), 'record');
    await disproven('record empty', withExtra(''));
    await disproven('record is a list', withExtra(`[${record}]`));
    await disproven('order changed', withExtra(record.replace(/("v":1)/, '$1').replace(/^\{(.*),"v":1\}$/, '{"v":1,$1}')), 'record');
    await disproven('byte order mark', withExtra(`\ufeff${record}`), 'record');
    await disproven('escaped letter', withExtra(record.replace('agent:alice', '\\u0061gent:alice')), 'record');
    await disproven('upper-case hash', withExtra(record.replace(/"prev_hash":"[^"]*"/, (each) => each.toUpperCase().replace('PREV_HASH', 'prev_hash'))));
    await disproven('number with fraction', withExtra(record.replace('"sequence":14', '"sequence":14.0')));
    await disproven('record cut', withExtra(record.slice(0, -1)));
    await disproven('not UTF-8', [lines[0], `extra ${toBase64(concat(Uint8Array.of(0xff), extra))}`, ...lines.slice(2)].join('\n'));
  });

  test('the signature of the row changed', async () => {
    const signature = JSON.parse(record).signature as string;
    for (const [name, changed] of [
      ['65 bytes', toBase64(concat(fromBase64(signature, 's'), Uint8Array.of(0)))],
      ['63 bytes', toBase64(fromBase64(signature, 's').slice(0, 63))],
      ['empty', ''],
      ['first bit', flipped(signature, 0)],
      ['last bit', flipped(signature, 63, 4)],
      ['url alphabet', signature.replace(/[+/]/g, '-').replace(/=*$/, '')],
      ['of another key', toBase64(stranger.sign(utf8('indelible/row/v1\n')))],
    ] as const) {
      const row = inRecord((fields) => (fields['signature'] = changed));
      await disproven(`row signature ${name}`, withExtra(row), 'signature');
    }
  });

  test('the payload changed', async () => {
    for (const [name, changed] of [
      ['bit', payload.replace('ls', 'lr')],
      ['byte at its end', `${payload} `],
      ['newline at its end', `${payload}\n`],
      ['empty', ''],
      ['a member twice', payload.replace('"nonce"', '"nonce":"","nonce"')],
      ['cut', payload.slice(0, -1)],
    ] as const) {
      await disproven(`payload: ${name}`, withExtra(record, `\n${changed}`), 'payload');
    }
  });

  test('the payload is of another row', async () => {
    const other = fromUtf8(log.payloads[2]!, 'payload');
    await disproven('payload of another row', withExtra(record, `\n${other}`), 'payload');
  });

  test('index and path changed', async () => {
    for (const index of ['12', '14', '0', '20', '21', '-1', '013', '13.0', '', '18446744073709551615', '9223372036854775808', '0x0d', ' 13', '13 ']) {
      await disproven(`index ${index}`, RECEIPT.replace('index 13', `index ${index}`));
    }
    for (let i = 0; i < path.length; i++) {
      const at = (changed: readonly string[]) => withPath([...path.slice(0, i), ...changed, ...path.slice(i + 1)]);
      await disproven(`hash ${i} flipped at its start`, at([flipped(path[i]!, 0, 7)]), 'path');
      await disproven(`hash ${i} flipped at its end`, at([flipped(path[i]!, 31)]), 'path');
      await disproven(`hash ${i} missing`, at([]), 'path');
      await disproven(`hash ${i} twice`, at([path[i]!, path[i]!]), 'path');
      await disproven(`hash ${i} cut`, at([toBase64(fromBase64(path[i]!, 'hash').slice(1))]), 'path');
      await disproven(`hash ${i} with space`, at([` ${path[i]!}`]), 'path');
      if (i > 0) {
        const swapped = [...path];
        [swapped[i - 1], swapped[i]] = [swapped[i]!, swapped[i - 1]!];
        await disproven(`hashes ${i - 1} and ${i} swapped`, withPath(swapped), 'path');
      }
    }
    await disproven('path reversed', withPath([...path].reverse()), 'path');
    await disproven('path empty', withPath([]), 'path');
    await disproven('root as path', withPath([TEXT.split('\n')[2]!]), 'path');
    await disproven('64 hashes', withPath(Array.from({ length: 64 }, () => path[0]!)), 'path');
    const other = (log.receipt(13, NOTE)).split('\n').slice(PATH_FROM).join('\n');
    await disproven('path of another row', [...lines.slice(0, PATH_FROM), other].join('\n'), 'path');
  });

  test('the frame changed', async () => {
    await disproven('other header', RECEIPT.replace('@v1', '@v2'));
    await disproven('header missing', lines.slice(1).join('\n'));
    await disproven('extra missing', [lines[0], ...lines.slice(2)].join('\n'));
    await disproven('extra empty', [lines[0], 'extra ', ...lines.slice(2)].join('\n'));
    await disproven('extra after index', [lines[0], lines[2], lines[1], ...lines.slice(3)].join('\n'));
    await disproven('extra twice', [lines[0], lines[1], lines[1], ...lines.slice(2)].join('\n'));
    await disproven('extra without padding', RECEIPT.replace(lines[1]!, lines[1]!.replace(/=*$/, 'A')));
    await disproven('byte order mark', `\ufeff${RECEIPT}`);
    await disproven('carriage returns', RECEIPT.replaceAll('\n', '\r\n'));
    await disproven('NUL', RECEIPT.replace('index', 'index\0'));
    await disproven('not UTF-8', concat(utf8(RECEIPT), Uint8Array.of(0xff)));
    await disproven('nothing', '');
    await disproven('too long', concat(utf8(RECEIPT), new Uint8Array(3 * 1024 * 1024).fill(0x0a)));
    await disproven('empty line missing', RECEIPT.replace('\n\n', '\n'));
    for (const share of [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]) {
      await disproven(`cut at ${share}`, RECEIPT.slice(0, RECEIPT.length * share));
    }
  });

  test('the text of the checkpoint changed', async () => {
    const [origin, size, root] = TEXT.split('\n');
    const other = (changed: string) => withNote(NOTE.replace(TEXT, changed));
    await disproven('origin', other(`${origin}x\n${size}\n${root}\n`), 'signatures');
    await disproven('origin empty', other(`\n${size}\n${root}\n`), 'signatures');
    for (const each of ['20', '22', '13', '0', '021', '-21', '21.0', '9223372036854775808', '']) {
      await disproven(`size ${each}`, other(`${origin}\n${each}\n${root}\n`), 'signatures');
    }
    await disproven('root flipped', other(`${origin}\n${size}\n${flipped(root!, 5, 3)}\n`), 'signatures');
    await disproven('root cut', other(`${origin}\n${size}\n${root!.slice(4)}\n`), 'signatures');
    await disproven('root missing', other(`${origin}\n${size}\n`), 'signatures');
    await disproven('extension added', other(`${TEXT}extension\n`), 'signatures');
    await disproven('empty line added', other(`${TEXT}\n`), 'signatures');
    await disproven('newline missing', other(TEXT.slice(0, -1)), 'signatures');
  });

  test('the signature of the log changed', async () => {
    const other = (changed: string) => withNote(NOTE.replace(LOG_LINE, changed));
    const signature = LOG_LINE.trim().split(' ')[2]!;
    const bytes = fromBase64(signature, 'line');
    const withBytes = (changed: Uint8Array) => LOG_LINE.replace(signature, toBase64(changed));
    await disproven('missing', other(''), 'signatures');
    await disproven('id changed', other(LOG_LINE.replace(signature, flipped(signature, 1))), 'signatures');
    for (const at of [4, 20, 35, 36, 50, 66]) {
      await disproven(`byte ${at}`, other(LOG_LINE.replace(signature, flipped(signature, at))), 'signatures');
    }
    await disproven('65 bytes', other(withBytes(concat(bytes, Uint8Array.of(0)))), 'signatures');
    await disproven('63 bytes', other(withBytes(bytes.slice(0, -1))), 'signatures');
    await disproven('no signature', other(withBytes(bytes.slice(0, 4))), 'signatures');
    await disproven('name changed', other(LOG_LINE.replace(ORIGIN, 'other')), 'signatures');
    await disproven('hyphen for dash', other(LOG_LINE.replace('\u2014', '-')), 'signatures');
    await disproven('without newline', withNote(NOTE.slice(0, -1)), 'signatures');
    await disproven('text after it', `${RECEIPT}x\n`);
    await disproven('line after it', `${RECEIPT}\n`);
    await disproven('101 lines', withNote(NOTE + LOG_LINE.repeat(100)), 'signatures');
    await disproven('of another key under this name', other(logLine(ORIGIN, stranger, TEXT)), 'signatures');
    await disproven('of another key under this id', other(line(ORIGIN, signer.material(1), stranger.sign(utf8(TEXT)))), 'signatures');
    await disproven('over another text', other(logLine(ORIGIN, signer, `${TEXT}x\n`)), 'signatures');
    await disproven('without the last newline of the text', other(logLine(ORIGIN, signer, TEXT.trimEnd())), 'signatures');
    await disproven('as a cosignature', other(cosigned(ORIGIN, signer, 1n, TEXT)), 'signatures');
    await disproven('valid and invalid', other(LOG_LINE + LOG_LINE.replace(signature, flipped(signature, 40))), 'signatures');
    const smaller = log.checkpoint(20);
    await disproven('checkpoint of a smaller tree', withNote(smaller), 'path');
    const fork = new TestLog(ORIGIN, signer);
    fork.appendAll(20);
    fork.append({ type: 'x', details: {} });
    await disproven('checkpoint of another tree', withNote(fork.checkpoint()), 'path');
    const strange = new TestLog('other/log', stranger);
    strange.appendAll(21);
    await disproven('all of another log', strange.receipt(14), 'signatures');
  });

  test('a cosignature changed', async () => {
    const bytes = fromBase64(COSIGNATURE.trim().split(' ')[2]!, 'line');
    const witnessed = (name: string, changed: string) =>
      disproven(`cosignature ${name}`, withNote(NOTE.replace(COSIGNATURE, changed)), 'witnesses');
    const encoded = (changed: Uint8Array) => `\u2014 ${WITNESS} ${toBase64(changed)}\n`;
    await witnessed('missing', '');
    for (const at of [0, 3, 4, 11, 12, 40, 75]) {
      const changed = bytes.slice();
      changed[at] = changed[at]! ^ 1;
      await witnessed(`byte ${at}`, encoded(changed));
    }
    await witnessed('with a byte more', encoded(concat(bytes, Uint8Array.of(0))));
    await witnessed('with a byte less', encoded(bytes.slice(0, -1)));
    await witnessed('without time', line(WITNESS, witness.material(4), witness.sign(utf8(TEXT))));
    await witnessed('of another witness', cosigned(WITNESS, stranger, 1n, TEXT));
    await witnessed('under another name', cosigned('other.example', witness, 1n, TEXT));
    await witnessed('of another text', cosigned(WITNESS, witness, 1n, TEXT.replace('21', '22')));
    await witnessed('as a note signature', line(WITNESS, witness.material(4), witness.sign(utf8(TEXT))));
    await witnessed('valid and forged', COSIGNATURE + encoded(bytes.map((byte, i) => (i === 70 ? byte ^ 1 : byte))));
    const MAX = cosigned(WITNESS, witness, 2n ** 63n, TEXT);
    await witnessed('with a time above 2^63-1', MAX);
  });
});

describe('a wrong receipt of the Java log is not proven', () => {
  test('each byte region flipped', async () => {
    const java = await pinned();
    for (const [id, receipt] of RECEIPTS) {
      for (let at = 5; at < receipt.length; at += 97) {
        const changed = receipt.slice();
        changed[at] = changed[at]! ^ 1;
        const report = await verifyDecision({ receipt: changed }, java);
        const states = report.steps.map((each) => `${each.name} ${each.status}`).join(', ');
        expect(report.steps.every((each) => each.status === 'ok'), `${id} byte ${at}: ${states}`).toBe(false);
        wrong++;
      }
    }
  });
});

test('an ML-DSA-44 cosignature is unknown, and its reason names the type', async () => {
  const material = concat(Uint8Array.of(6), new Uint8Array(1312).fill(7));
  const pq = line('pq.example', material, new Uint8Array(8 + 2420).fill(1));
  const extended = await parseKeys(
    `${vkey(ORIGIN, signer.material(1))}\n${vkey('pq.example', material)}`,
  );
  const report = await verifyDecision({ receipt: utf8(RECEIPT + pq) }, extended);
  const step = report.steps.find((each) => each.name === 'witnesses');
  expect(step?.status).toBe('unknown');
  expect(step?.reason).toContain('ML-DSA-44');
  expect(report.verdict).toBe('unknown');
  const short = line('pq.example', material, new Uint8Array(72));
  const forged = await verifyDecision({ receipt: utf8(RECEIPT + short) }, extended);
  expect(forged.verdict).toBe('refuted');
});

test('a pinned ML-DSA-44 key of the log leaves its signature unknown', async () => {
  const material = concat(Uint8Array.of(6), new Uint8Array(1312).fill(7));
  const vkeys = `${vkey(ORIGIN, signer.material(1))}\n${vkey(ORIGIN, material)}`;
  const both = await parseKeys(vkeys);
  const second = line(ORIGIN, material, new Uint8Array(8 + 2420).fill(1));
  const verdictOf = async (receipt: string) => {
    const { verdict, steps } = await verifyDecision({ receipt: utf8(receipt) }, both);
    return [verdict, steps.find(({ name }) => name === 'signatures')!] as const;
  };
  const [signed, step] = await verdictOf(RECEIPT + second);
  expect(signed).toBe('unknown');
  expect(step.reason).toContain('ML-DSA-44');
  expect((await verdictOf(RECEIPT))[0]).toBe('unknown');
  expect((await verdictOf(RECEIPT + line(ORIGIN, material, new Uint8Array(64))))[0]).toBe('refuted');
  const one = await parseKeys(vkey(ORIGIN, signer.material(1)));
  expect((await verifyDecision({ receipt: utf8(RECEIPT + second) }, one)).verdict).toBe('proven');
});

afterAll(() => {
  expect(undecided).toEqual([
    'extra missing',
    'missing',
    'id changed',
    'name changed',
    'of another key under this name',
    'as a cosignature',
    'all of another log',
    'cosignature missing',
    'cosignature byte 0',
    'cosignature byte 3',
    'cosignature of another witness',
    'cosignature under another name',
  ]);
  console.log(`${wrong} wrong receipts and notes`);
  expect(wrong).toBeGreaterThan(200);
});
