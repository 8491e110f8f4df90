// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ContradictionError, fromBase64, FormatError, fromHex, toHex, utf8 } from '../../src/proof/bytes';
import { Ed25519Key } from '../../src/proof/crypto';
import { canonical, type Json, readCanonical, readSpaced } from '../../src/proof/json';
import { leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../../src/proof/merkle';
import { bytes, hasVectors, text, VECTORS } from './resources';

/** A case of a proof; numbers are up to 2^64-1, so they are read as strings. */
interface ProofCase {
  readonly [name: string]: unknown;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

function proofCases(kind: string): [string, ProofCase][] {
  const folder = join(VECTORS, 'merkle', kind);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => [
      name,
      JSON.parse(text(folder, name).replace(/:\s*(\d+)/g, ':"$1"')) as ProofCase,
    ]);
}

async function holds(verified: () => Promise<void>): Promise<boolean> {
  try {
    await verified();
    return true;
  } catch (e) {
    if (e instanceof ContradictionError || e instanceof FormatError) {
      return false;
    }
    throw e;
  }
}

const raw = (value: unknown) => fromBase64(String(value ?? ''), 'hash');
const hashes = (of: ProofCase) => (of.proof ?? []).map(raw);

describe.skipIf(!hasVectors)('Merkle proofs of transparency-dev', () => {
  test('inclusion', async () => {
    const cases = proofCases('inclusion');
    expect(cases.length).toBeGreaterThan(90);
    for (const [name, each] of cases) {
      const proof = {
        index: BigInt(String(each['leafIdx'])),
        size: BigInt(String(each['treeSize'])),
        path: hashes(each),
      };
      const held = await holds(() =>
        verifyInclusion(proof, raw(each['leafHash']), raw(each['root'])),
      );
      expect(held, name).toBe(!each.wantErr);
    }
  });

  test('consistency', async () => {
    const cases = proofCases('consistency');
    expect(cases.length).toBeGreaterThan(90);
    for (const [name, each] of cases) {
      const proof = {
        size1: BigInt(String(each['size1'])),
        size2: BigInt(String(each['size2'])),
        path: hashes(each),
      };
      const held = await holds(() =>
        verifyConsistency(proof, raw(each['root1']), raw(each['root2'])),
      );
      expect(held, name).toBe(!each.wantErr);
    }
  });
});

describe.skipIf(!hasVectors)('Ed25519 of Wycheproof', () => {
  interface Group {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly { tcId: number; msg: string; sig: string; result: string }[];
  }
  const hex = (value: string) => fromHex(value, value.length / 2, 'hex');

  test('accepts the valid and refuses the invalid signatures', async () => {
    const file = JSON.parse(text(VECTORS, 'ed25519/wycheproof_ed25519_test.json'));
    let checked = 0;
    for (const { publicKey, tests } of file.testGroups as readonly Group[]) {
      const key = await Ed25519Key.of(hex(publicKey.pk));
      for (const { tcId, msg, sig, result } of tests) {
        const verified = await key.verify(hex(msg), hex(sig));
        expect(verified, `case ${tcId}`).toBe(result === 'valid' ? 'valid' : 'invalid');
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(100);
  });
});

describe.skipIf(!hasVectors)('canonical JSON of RFC 8785', () => {
  test.each(hasVectors ? readdirSync(join(VECTORS, 'jcs/input')) : [])('%s', (name) => {
    const input = text(VECTORS, 'jcs/input', name);
    const output = text(VECTORS, 'jcs/output', name).trim();
    const made = canonical(JSON.parse(input) as Json);
    expect(made).toBe(output);
    const outhex = text(VECTORS, 'jcs/outhex', name.replace('.json', '.txt'));
    expect(toHex(utf8(made))).toBe(outhex.replace(/\s/g, ''));
    expect(readCanonical(made, name)).toEqual(JSON.parse(input));
    expect(bytes(VECTORS, 'jcs/output', name).length).toBeGreaterThan(0);
  });
});

describe('hashes', () => {
  test('known values of RFC 6962', async () => {
    expect(toHex(await leafHash(utf8('L123456'))).substring(0, 8)).toBe('395aa064');
    expect(toHex(await leafHash(utf8(''))).substring(0, 8)).toBe('6e340b9c');
    expect(toHex(await nodeHash(utf8('N123'), utf8('N456'))).substring(0, 8)).toBe('aa217fe8');
  });
});

describe('keys', () => {
  const P = 2n ** 255n - 19n;
  const point = (y: bigint) =>
    fromHex(y.toString(16).padStart(64, '0'), 32, 'y').reverse() as Uint8Array<ArrayBuffer>;

  test('points of small order and other encodings are no keys', async () => {
    const eighth = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
    const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
    // The double of a point of order 8 has order 4, so its y is 0: d y^4 + 2 y^2 - 1 = 0.
    const y = (P - eighth) % P;
    for (const each of [eighth, y, 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n]) {
      expect((D * each ** 4n + 2n * each ** 2n - 1n) % P).toBe(0n);
    }
    for (const bad of [0n, 1n, P - 1n, P, P + 1n, eighth, y, 2n ** 255n - 1n]) {
      await expect(Ed25519Key.of(point(bad)), `y ${bad}`).rejects.toThrow(FormatError);
      await expect(Ed25519Key.of(point(bad | (1n << 255n)))).rejects.toThrow(FormatError);
    }
    await expect(Ed25519Key.of(new Uint8Array(31))).rejects.toThrow(FormatError);
  });

  test('32 bytes that are no point verify nothing', async () => {
    const key = await Ed25519Key.of(point(2n));
    expect(await key.verify(utf8(''), new Uint8Array(64))).toBe('invalid');
  });
});

describe('strict JSON', () => {
  test.each([
    ['{"a":1,"a":2}', 'a repeated name'],
    ['{"b":1,"a":2}', 'another order'],
    ['{"a":1}{}', 'text after the value'],
    ['{"a":1.0}', 'another number'],
    ['{"a":12345678901234567890}', 'a number that a double cannot hold'],
    ['{"a":1e400}', 'a number that is too large'],
    ['{"a":-0}', 'a negative zero'],
    ['{"a":"\\ud800"}', 'half of a surrogate pair'],
    ['{"a":"\\u0041"}', 'another spelling of a letter'],
    ['{"a":"\\/"}', 'another spelling of a slash'],
    ['\ufeff{}', 'a byte order mark'],
    ['{"a":NaN}', 'not a number'],
    ['', 'nothing'],
  ])('%s is refused: %s', (json) => {
    expect(() => readCanonical(json, 'text')).toThrow(FormatError);
    expect(() => readSpaced(json, 'text')).toThrow(FormatError);
  });

  test('deep nesting is refused', () => {
    const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(readCanonical(deep(400), 'text')).toBeInstanceOf(Array);
    for (const levels of [502, 1_000_000]) {
      expect(() => readCanonical(deep(levels), 'text')).toThrow(FormatError);
    }
  });

  test('space between tokens is read where it is allowed', () => {
    const value = { a: ' " \\ ', b: [1, { c: null }], é: '\u2028😀\n' };
    const spaced = JSON.stringify(value, null, 3);
    expect(readSpaced(spaced, 'text')).toEqual(value);
    expect(() => readCanonical(spaced, 'text')).toThrow(FormatError);
    expect(readCanonical(canonical(value), 'text')).toEqual(value);
  });

  test('a member named as in the prototype is a member', () => {
    expect(() => readCanonical('{"__proto__":1}', 'text')).not.toThrow();
  });
});
