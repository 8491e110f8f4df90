// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, utf8 } from '../../src/proof/bytes';
import { type LogReport, verifyExport } from '../../src/proof/export';
import { NO_KEYS, parseKeys, type PinnedKeys } from '../../src/proof/keys';
import { parseEvent } from '../../src/proof/record';
import { cosigned, inMemory, line, revoke, rotate, Signer, TestLog, vkey } from './log-writer';
import { bytes, pinned, RESOURCES, text } from './resources';

const JAVA = readJavaLog();
const javaKeys = await pinned();

function readJavaLog(): Map<string, Bytes> {
  const folder = join(RESOURCES, 'log');
  return new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name, bytes(folder, name)]),
  );
}

/** Verifies files in which some are replaced, or removed with `undefined`. */
function verifyJava(
  changed: Readonly<Record<string, Bytes | undefined>>,
  keys = javaKeys,
): Promise<LogReport> {
  const files = new Map(JAVA);
  for (const [name, content] of Object.entries(changed)) {
    if (content === undefined) {
      files.delete(name);
    } else {
      files.set(name, content);
    }
  }
  return verifyExport(inMemory(files), keys);
}

function faultsOf(report: LogReport): string[] {
  return report.findings
    .filter((finding) => finding.counts && finding.status !== 'ok')
    .map(({ check, status, sequence }) => `${check} ${status}${sequence === undefined ? '' : ` ${sequence}`}`);
}

function flip(content: Bytes, at: number): Bytes {
  const changed = content.slice();
  changed[at] = changed[at]! ^ 1;
  return changed;
}

describe('the exported log of Java', () => {
  test('has the findings of log verify', async () => {
    const progress: number[] = [];
    const report = await verifyExport(inMemory(JAVA), javaKeys, {
      progress: (rows) => progress.push(rows),
    });
    const java = JSON.parse(text(RESOURCES, 'verify.json')) as {
      verdict: string;
      rows: number;
      findings: { check: string; status: string; counts: boolean }[];
    };
    expect(report.verdict).toBe(java.verdict);
    expect(report.rows).toBe(java.rows);
    const named = ({ check, status, counts }: { check: string; status: string; counts: boolean }) =>
      `${check} ${status} ${status === 'ok' || counts}`;
    expect(report.findings.map(named).sort()).toEqual(java.findings.map(named).sort());
    expect(progress).toEqual([256, java.rows]);
  });

  test('is unknown without keys, and with one of two', async () => {
    expect((await verifyJava({}, NO_KEYS)).verdict).toBe('unknown');
    const one = { ...javaKeys, logs: javaKeys.logs.slice(0, 1) };
    const report = await verifyJava({}, one);
    expect(report.verdict).toBe('unknown');
    expect(faultsOf(report).join()).toContain('signature unknown');
  });

  test('of another name is unknown', async () => {
    const logs = javaKeys.logs.map((log) => ({ ...log, name: 'example.org/log' }));
    const report = await verifyJava({}, { ...javaKeys, logs });
    expect(report.verdict).toBe('unknown');
    expect(faultsOf(report)).toContain('checkpoints unknown');
  });

  test('is broken without any of its files', async () => {
    for (const name of JAVA.keys()) {
      const report = await verifyJava({ [name]: undefined });
      const expected = name === 'vkeys' ? 'intact' : name === 'checkpoint' ? 'unknown' : 'broken';
      expect(report.verdict, name).toBe(expected);
    }
  });

  test('is never intact after a flipped bit', async () => {
    for (const [name, content] of JAVA) {
      if (name === 'vkeys') {
        continue;
      }
      const step = Math.max(1, Math.floor(content.length / 11));
      for (let at = 0; at < content.length; at += step) {
        const report = await verifyJava({ [name]: flip(content, at) });
        expect(report.verdict, `${name} byte ${at}`).not.toBe('intact');
        expect(faultsOf(report).join(), `${name} byte ${at}`).not.toBe('');
      }
    }
  });

  test('is never intact with files of wrong length', async () => {
    for (const [name, content] of JAVA) {
      if (name === 'vkeys') {
        continue;
      }
      for (const changed of [
        content.slice(0, -1),
        content.slice(1),
        new Uint8Array(0),
        concat(content, Uint8Array.of(0)),
        concat(content, content),
      ]) {
        expect((await verifyJava({ [name]: changed })).verdict, name).not.toBe('intact');
      }
    }
  });

  test('is intact with full files in place of partial ones', async () => {
    const entries = 'tile/entries/001.p/19';
    const rest = Array.from({ length: 237 }, () => Uint8Array.of(0, 1, 65));
    const report = await verifyJava({
      [entries]: undefined,
      'tile/entries/001': concat(JAVA.get(entries)!, ...rest),
      'tile/0/001.p/19': undefined,
      'tile/0/001': concat(JAVA.get('tile/0/001.p/19')!, new Uint8Array(237 * 32)),
    });
    expect(faultsOf(report)).toEqual([]);
    expect(report.verdict).toBe('intact');
  });
});

describe('a log with a fault', () => {
  const ORIGIN = 'example.org/log';

  async function made(): Promise<{ log: TestLog; keys: PinnedKeys; signer: Signer; witness: Signer }> {
    const signer = Signer.create();
    const witness = Signer.create();
    const keys = await parseKeys(
      `${vkey(ORIGIN, signer.material(1))}\n${vkey('w', witness.material(4))}`,
    );
    return { log: new TestLog(ORIGIN, signer), keys, signer, witness };
  }

  async function report(
    write: (log: TestLog, signer: Signer) => void,
    checkpoint?: (log: TestLog, signer: Signer) => string,
  ): Promise<LogReport> {
    const { log, keys, signer } = await made();
    write(log, signer);
    const files = log.files(checkpoint?.(log, signer));
    return verifyExport(inMemory(files), { ...keys, witnesses: [] });
  }

  test('none: it is intact at each size around a tile', async () => {
    for (const size of [1, 2, 255, 256, 257]) {
      const found = await report((log) => log.appendAll(size));
      expect(faultsOf(found), `${size} rows`).toEqual([]);
      expect(found.verdict, `${size} rows`).toBe('intact');
      expect(found.rows).toBe(size);
    }
  });

  test('a row changed after it was signed', async () => {
    const found = await report((log) => {
      log.appendAll(3);
      log.append({ change: (record) => (record['agent_id'] = 'agent:mallet') });
      log.appendAll(3);
    });
    expect(faultsOf(found)).toEqual(['signature wrong 4']);
    expect(found.verdict).toBe('broken');
  });

  test('a row that does not link', async () => {
    const found = await report((log) => {
      log.appendAll(2);
      log.append({ change: (record) => (record['prev_hash'] = '00'.repeat(32)) });
    });
    expect(faultsOf(found)).toEqual(['link wrong 3']);
  });

  test('rows exchanged, and an entry that is no row', async () => {
    const exchanged = await report((log) => {
      log.appendAll(4);
      [log.records[1], log.records[2]] = [log.records[2]!, log.records[1]!];
    });
    expect(faultsOf(exchanged)).toEqual(['storage wrong']);
    const noRow = await report((log) => {
      log.appendAll(4);
      log.records[2] = utf8('{}');
    });
    expect(faultsOf(noRow)).toEqual(['storage wrong']);
    expect(noRow.verdict).toBe('broken');
  });

  test('an event recorded twice', async () => {
    const found = await report((log, signer) => {
      log.appendAll(300);
      const id = JSON.parse(new TextDecoder().decode(log.records[6])).id as string;
      log.append({
        change: (record) => {
          record['id'] = id;
          const { prev_hash, signature: _, ...signed } = record;
          const names = Object.keys(signed).sort();
          const message = `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(signed[name])}`).join(',')}}`;
          record['signature'] = Buffer.from(signer.sign(utf8(`indelible/row/v1\n${message}`))).toString('base64');
          record['prev_hash'] = prev_hash!;
        },
      });
    });
    expect(faultsOf(found)).toEqual(['event_id wrong 301']);
  });

  test('unsigned rows count only after a signed note', async () => {
    const without = await report((log) => log.appendAll(2, { signer: undefined }));
    expect(faultsOf(without)).toEqual(['signature wrong 1', 'signature wrong 2']);
    const after = await report((log) => {
      log.append({ type: 'audit.row_signatures', details: { row_signatures: 'off' } });
      log.appendAll(3, { signer: undefined });
    });
    expect(after.verdict).toBe('intact');
    expect(after.findings.some(({ check, status }) => check === 'unsigned' && status === 'ok')).toBe(true);
  });

  test('a tamper note without an answer', async () => {
    const note = { type: 'audit.tamper', details: { sequence: 1 } };
    const found = await report((log) => {
      log.append();
      log.append(note);
    });
    expect(faultsOf(found)).toEqual(['tamper wrong 2']);
    const answered = await report((log) => {
      log.append();
      log.append(note);
      log.append({ type: 'audit.answer', details: { note: 2 } });
    });
    expect(faultsOf(answered)).toEqual(['tamper unknown 2']);
    expect(answered.verdict).toBe('unknown');
    const planted = await report((log) => {
      log.append();
      log.append(note);
      log.append({ type: 'audit.answer', details: { note: 2 }, signer: Signer.create() });
    });
    expect(faultsOf(planted)).toContain('tamper wrong 2');
    expect(planted.verdict).toBe('broken');
  });

  test('a loss that the log records is reported', async () => {
    const found = await report((log) => log.append({ type: 'audit.gap', details: { count: 3 } }));
    expect(found.verdict).toBe('intact');
    expect(found.findings.find(({ check }) => check === 'gap')?.reason).toContain('row 1');
  });

  test('a checkpoint over other rows, or by nobody known', async () => {
    const other = await report((log) => log.appendAll(5), (log, signer) => {
      const fork = new TestLog(ORIGIN, signer);
      fork.appendAll(4);
      fork.append({ type: 'x', details: {} });
      expect(fork.records.length).toBe(log.records.length);
      return fork.checkpoint();
    });
    expect(faultsOf(other)).toEqual(['checkpoints wrong']);
    const stranger = Signer.create();
    const unknown = await report((log) => log.appendAll(5), (log) => log.checkpoint(5, stranger));
    expect(faultsOf(unknown)).toEqual(['checkpoints unknown']);
    const older = await report((log) => log.appendAll(5), (log) => log.checkpoint(4));
    expect(older.verdict).toBe('broken');
    const none = await report((log) => log.appendAll(5), (log) => log.checkpoint(0));
    expect(none.verdict).toBe('broken');
  });

  test('a second signature that a row requires must be there', async () => {
    const { log, keys, signer } = await made();
    log.append({ type: 'key.ml_dsa_44_added', details: { public_key: '' } });
    const ed25519 = { ...keys, witnesses: [] };
    const missing = await verifyExport(inMemory(log.files()), ed25519);
    expect(faultsOf(missing)).toEqual(['checkpoints wrong']);
    const material = concat(Uint8Array.of(6), new Uint8Array(1312).fill(7));
    const second = line(ORIGIN, material, new Uint8Array(8 + 2420).fill(1));
    const files = inMemory(log.files(log.checkpoint(1, signer, second)));
    const there = await verifyExport(files, ed25519);
    expect(there.verdict).toBe('intact');
    expect(there.findings).toContainEqual(
      expect.objectContaining({ check: 'checkpoints', status: 'unknown', counts: false }),
    );
    const pinnedToo = await parseKeys(`${vkey(ORIGIN, signer.material(1))}\n${vkey(ORIGIN, material)}`);
    expect((await verifyExport(files, pinnedToo)).verdict).toBe('unknown');
  });

  test('a cosignature decides only over this tree', async () => {
    const { log, keys, witness } = await made();
    log.appendAll(5);
    const textOf = log.text();
    const more = cosigned('w', witness, 1_790_000_000n, textOf);
    const files = log.files(log.checkpoint(5, log.signer, more));
    expect((await verifyExport(inMemory(files), keys)).verdict).toBe('intact');
    expect(faultsOf(await verifyExport(inMemory(log.files()), keys))).toEqual(['witnesses unknown']);
    const forged = cosigned('w', witness, 1_790_000_000n, `${textOf}x\n`);
    const bad = log.files(log.checkpoint(5, log.signer, forged));
    expect(faultsOf(await verifyExport(inMemory(bad), keys))).toEqual(['witnesses wrong']);
  });

  test('a file that cannot be read leaves the verdict open', async () => {
    const { log, keys } = await made();
    log.appendAll(3);
    const files = log.files();
    const failing = {
      read: async (path: string) => {
        if (path.startsWith('tile/entries')) {
          throw new Error('the disk failed');
        }
        return files.get(path);
      },
    };
    const found = await verifyExport(failing, keys);
    expect(faultsOf(found)).toEqual(['storage unknown']);
    expect(found.verdict).toBe('unknown');
  });
});

describe('rows about keys beside an exported log', () => {
  const first = Signer.create();
  const second = Signer.create();
  const log = new TestLog('indelible/0198c7e2-0000-7000-8000-00000000abcd', first);
  log.appendAll(3);
  const rotation = rotate(log, first, second);
  log.append({ signer: second });

  async function reportOf(rows: readonly number[]): Promise<LogReport> {
    const related = rows.map((row) => parseEvent(log.event(row)));
    const pinnedFirst = await parseKeys(vkey(log.origin, first.material(1)));
    const files = inMemory(log.files(log.checkpoint(undefined, second)));
    return verifyExport(files, pinnedFirst, { related });
  }

  test('introduce the next key', async () => {
    const without = await reportOf([]);
    expect(faultsOf(without)).toEqual(['checkpoints unknown', 'signature unknown 5']);
    expect(without.findings.find(({ check }) => check === 'keys')?.status).toBe('unknown');
    const report = await reportOf([rotation]);
    expect(faultsOf(report)).toEqual([]);
    expect(report.findings.find(({ check }) => check === 'keys')?.status).toBe('ok');
    expect(report.verdict).toBe('intact');
  });

  test('revoke a key: rows in doubt are unknown, later ones wrong', async () => {
    const revocation = revoke(log, first, second, 3);
    log.append({ signer: first });
    const report = await reportOf([rotation, revocation]);
    expect(faultsOf(report)).toEqual(['signature wrong 7', 'signature unknown 3']);
    expect(report.verdict).toBe('broken');
  });
});

test('a log of 66,000 rows is read file by file', async () => {
  // One signed note; the other rows are unsigned, so that the test is about reading.
  const signer = Signer.create();
  const log = new TestLog('example.org/large', signer);
  log.append({ type: 'audit.row_signatures', details: { row_signatures: 'off' } });
  log.appendAll(65_999, { signer: undefined });
  const files = log.files();
  const keys = await parseKeys(vkey(log.origin, signer.material(1)));
  const read: string[] = [];
  const report = await verifyExport(
    { read: async (path) => (read.push(path), files.get(path)) },
    keys,
  );
  expect(faultsOf(report)).toEqual([]);
  expect(report.verdict).toBe('intact');
  expect(report.rows).toBe(66_000);
  // Each file once, the bundle before its tile.
  expect(new Set(read).size).toBe(read.length);
  expect(read.length).toBe(files.size);
  expect(read.slice(1, 5)).toEqual(['tile/entries/000', 'tile/0/000', 'tile/entries/001', 'tile/0/001']);
});
