// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Bytes, concat, toBase64, toHex, utf8 } from '../../src/proof/bytes';
import { canonical, type Json } from '../../src/proof/json';
import type { LogFiles } from '../../src/proof/stored-tree';
import { ENTRIES, FULL_WIDTH, tilePath, widthOf } from '../../src/proof/tiles';

/**
 * A key pair for tests. The logs that it signs have faults that the Java log does not write, or are
 * too large for files beside the tests.
 */
export class Signer {
  private constructor(
    private readonly secret: KeyObject,
    readonly raw: Bytes,
    readonly keyId: string,
  ) {}

  static create(): Signer {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const raw = new Uint8Array(spki.subarray(spki.length - 32));
    return new Signer(privateKey, raw, toHex(sha256(raw)).substring(0, 16));
  }

  sign(message: Uint8Array): Bytes {
    return new Uint8Array(sign(null, message, this.secret));
  }

  /** Returns the material of a vkey of a type. */
  material(type: number): Bytes {
    return concat(Uint8Array.of(type), this.raw);
  }
}

/** Hashes without WebCrypto, which is much slower for short texts. */
const sha256 = (...parts: readonly Uint8Array[]): Bytes => {
  const hash = createHash('sha256');
  parts.forEach((part) => hash.update(part));
  return new Uint8Array(hash.digest());
};

/** Returns the four bytes of a key's id in signature lines. */
function noteId(name: string, material: Uint8Array): Bytes {
  return sha256(utf8(`${name}\n`), material).slice(0, 4);
}

/** Returns a vkey. */
export function vkey(name: string, material: Uint8Array): string {
  return `${name}+${toHex(noteId(name, material))}+${toBase64(material)}`;
}

/** Returns a signature line. */
export function line(name: string, material: Uint8Array, signature: Uint8Array): string {
  return `\u2014 ${name} ${toBase64(concat(noteId(name, material), signature))}\n`;
}

/** Returns the line of a log's signature over a text. */
export function logLine(name: string, by: Signer, text: string): string {
  return line(name, by.material(1), by.sign(utf8(text)));
}

/** Returns the line of a witness's cosignature of a text. */
export function cosigned(name: string, by: Signer, time: bigint, text: string): string {
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, time);
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  return line(name, by.material(4), concat(stamp, by.sign(message)));
}

/** The fields of a row that a test can set; the others follow from them. */
export interface RowFields {
  readonly type?: string;
  readonly details?: { readonly [name: string]: Json };
  readonly signer?: Signer | undefined;
  readonly change?: (record: { [name: string]: Json }) => void;
}

/** The time of every row. */
export const TIMESTAMP = '2026-11-23T01:02:03.456789Z';

/** A log in memory, written as the Java log writes it unless a test asks for a fault. */
export class TestLog {
  readonly records: Bytes[] = [];
  readonly payloads: Bytes[] = [];
  private readonly hashes: Bytes[] = [];

  constructor(
    readonly origin: string,
    readonly signer: Signer,
  ) {}

  /** Appends a row; `signer: undefined` makes an unsigned one. */
  append(fields: RowFields = {}): number {
    const sequence = this.records.length + 1;
    const signer = 'signer' in fields ? fields.signer : this.signer;
    const id = `0198c7e2-0000-7000-8000-${String(sequence).padStart(12, '0')}`;
    const payload = utf8(
      canonical({
        id,
        timestamp: TIMESTAMP,
        agent_id: 'agent:alice',
        nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
        ...(fields.details === undefined
          ? { action: { kind: 'bash', command: 'ls' }, decision: { decision: 'allow' } }
          : { details: fields.details }),
      }),
    );
    const record: { [name: string]: Json } = {
      id,
      timestamp: TIMESTAMP,
      sequence,
      v: 1,
      agent_id: 'agent:alice',
      attest_level: signer === undefined ? 'unsigned' : 'self_signed',
      event_type: fields.type ?? 'governance.check',
      payload_hash: toHex(sha256(payload)),
      ...(signer === undefined ? {} : { key_id: signer.keyId }),
    };
    if (signer !== undefined) {
      const message = utf8(`indelible/row/v1\n${canonical(record)}`);
      record['signature'] = toBase64(signer.sign(message));
    }
    record['prev_hash'] = toHex(this.hashes.at(-1) ?? new Uint8Array(32));
    fields.change?.(record);
    const bytes = utf8(canonical(record));
    this.records.push(bytes);
    this.payloads.push(payload);
    this.hashes.push(sha256(Uint8Array.of(0), bytes));
    return sequence;
  }

  appendAll(count: number, fields: RowFields = {}): void {
    for (let i = 0; i < count; i++) {
      this.append(fields);
    }
  }

  /** Returns a row with its payload, as `log list --output json` prints it. */
  event(sequence: number): string {
    const record = JSON.parse(new TextDecoder().decode(this.records[sequence - 1]));
    const payload = JSON.parse(new TextDecoder().decode(this.payloads[sequence - 1]));
    return canonical({ ...record, payload });
  }

  /** Returns the tree head of a range of leaves, by the definition in RFC 6962. */
  root(from = 0, to = this.hashes.length): Bytes {
    if (to - from <= 1) {
      return this.hashes[from] ?? sha256(new Uint8Array(0));
    }
    const split = from + 2 ** Math.ceil(Math.log2(to - from) - 1);
    return sha256(Uint8Array.of(1), this.root(from, split), this.root(split, to));
  }

  private path(index: number, from: number, to: number): Bytes[] {
    if (to - from <= 1) {
      return [];
    }
    const split = from + 2 ** Math.ceil(Math.log2(to - from) - 1);
    return index < split
      ? [...this.path(index, from, split), this.root(split, to)]
      : [...this.path(index, split, to), this.root(from, split)];
  }

  /** Returns the text of the checkpoint over the first rows. */
  text(size = this.records.length): string {
    return `${this.origin}\n${size}\n${toBase64(this.root(0, size))}\n`;
  }

  /** Returns a signed checkpoint, with further signature lines. */
  checkpoint(size?: number, signer = this.signer, more = ''): string {
    const text = this.text(size);
    return `${text}\n${logLine(this.origin, signer, text)}${more}`;
  }

  /** Returns a receipt of a row with its payload. */
  receipt(sequence: number, checkpoint?: string): string {
    const extra = concat(
      this.records[sequence - 1] as Bytes,
      utf8('\n'),
      this.payloads[sequence - 1] as Bytes,
    );
    const path = this.path(sequence - 1, 0, this.hashes.length);
    return [
      'c2sp.org/tlog-proof@v1',
      `extra ${toBase64(extra)}`,
      `index ${sequence - 1}`,
      ...path.map(toBase64),
      '',
      checkpoint ?? this.checkpoint(),
    ].join('\n');
  }

  /** Returns the files of the exported log. */
  files(checkpoint?: string): Map<string, Bytes> {
    const files = new Map<string, Bytes>();
    const size = this.records.length;
    for (let index = 0; index * FULL_WIDTH < size; index++) {
      const width = widthOf(size, index);
      const entries = this.records
        .slice(index * FULL_WIDTH, index * FULL_WIDTH + width)
        .flatMap((each) => [Uint8Array.of(each.length >> 8, each.length & 0xff), each]);
      files.set(tilePath({ level: ENTRIES, index, width }), concat(...entries));
    }
    let hashes = this.hashes;
    for (let level = 0; hashes.length > 0; level++) {
      const full: Bytes[] = [];
      for (let index = 0; index * FULL_WIDTH < hashes.length; index++) {
        const width = widthOf(hashes.length, index);
        const tile = hashes.slice(index * FULL_WIDTH, index * FULL_WIDTH + width);
        files.set(tilePath({ level, index, width }), concat(...tile));
        if (width === FULL_WIDTH) {
          const span = 256 ** (level + 1);
          full.push(this.root(index * span, (index + 1) * span));
        }
      }
      hashes = full;
    }
    files.set('checkpoint', utf8(checkpoint ?? this.checkpoint()));
    return files;
  }
}

/** Returns files in memory as the files of a log. */
export function inMemory(files: ReadonlyMap<string, Bytes>): LogFiles {
  return { read: async (path) => files.get(path) };
}

/** Appends a row that rotates from one key to another. */
export function rotate(
  log: TestLog,
  from: Signer,
  to: Signer,
  ledger = log.origin.replace('indelible/', ''),
): number {
  const statement = {
    ledger_id: ledger,
    new_key: toBase64(to.raw),
    old_key: toBase64(from.raw),
  };
  const signed = canonical({ ...statement, timestamp: TIMESTAMP });
  const signature = to.sign(utf8(`indelible/key-rotation/v1\n${signed}`));
  return log.append({
    type: 'key.rotated',
    details: { ...statement, new_signature: toBase64(signature) },
    signer: from,
  });
}

/** Appends a row in which one key revokes another. */
export function revoke(log: TestLog, key: Signer, by: Signer, since?: number): number {
  const details = {
    key_id: key.keyId,
    reason: 'stolen',
    ...(since === undefined ? {} : { since_sequence: since }),
  };
  return log.append({ type: 'key.compromised', details, signer: by });
}
