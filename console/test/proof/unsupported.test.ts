// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RECEIPTS, RESOURCES, states, text } from './resources';

const receipt = [...RECEIPTS.values()][0]!;

/** Loads the verifier again: once loaded, it tests the Ed25519 of the browser only once. */
async function verify() {
  const { parseKeys } = await import('../../src/proof/keys');
  const { verifyDecision } = await import('../../src/proof/decision');
  const keys = await parseKeys(text(RESOURCES, 'vkeys') + text(RESOURCES, 'witnesses'));
  return verifyDecision({ receipt }, keys);
}

describe('a browser that cannot check signatures', () => {
  beforeEach(() => vi.resetModules());
  afterEach(() => vi.restoreAllMocks());

  test.each([
    ['has no Ed25519', () => Promise.reject(new DOMException('no', 'NotSupportedError'))],
    ['accepts each signature', () => Promise.resolve(true)],
    ['refuses each signature', () => Promise.resolve(false)],
  ])('%s: the steps are unknown, with that reason', async (_, result) => {
    vi.spyOn(crypto.subtle, 'verify').mockImplementation(result);
    const report = await verify();
    expect(states(report)).toEqual({
      payload: 'ok',
      record: 'ok',
      signature: 'unknown',
      leaf: 'ok',
      path: 'ok',
      checkpoint: 'unknown',
      signatures: 'unknown',
      witnesses: 'unknown',
    });
    expect(report.verdict).toBe('unknown');
    expect(report.steps.find(({ name }) => name === 'signatures')?.reason).toContain('no Ed25519');
  });

  test('without WebCrypto every step is unknown', async () => {
    vi.spyOn(crypto, 'subtle', 'get').mockReturnValue(undefined as unknown as SubtleCrypto);
    const { NO_KEYS } = await import('../../src/proof/keys');
    const { verifyDecision } = await import('../../src/proof/decision');
    const report = await verifyDecision({ receipt }, NO_KEYS);
    expect(new Set(Object.values(states(report)))).toEqual(new Set(['unknown']));
    expect(report.steps[0]?.reason).toContain('WebCrypto');
  });
});
