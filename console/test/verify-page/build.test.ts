// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyPage } from '../../build-verify.mjs';

const DOCS = join(import.meta.dirname, '../../../docs/verification.md');

test('verify.html is the file whose SHA-256 the docs state', async () => {
  const hash = createHash('sha256')
    .update(await verifyPage())
    .digest('hex');
  const stated = /SHA-256 of `verify\.html`[^`]*`([0-9a-f]{64})`/.exec(readFileSync(DOCS, 'utf8'))?.[1];
  expect(stated, `state ${hash} in docs/verification.md`).toBe(hash);
});

test('the command in the docs builds it', () => {
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  expect(readFileSync(DOCS, 'utf8')).toContain('npm run build:verify');
  expect(scripts['build:verify']).toBe('node build-verify.mjs');
});

test('verify.html names no address and permits no request', async () => {
  const page = await verifyPage();
  expect(page).not.toMatch(/https?:\/\/|\bsrc=|\bhref=|import\(|\bfetch\(|XMLHttpRequest|WebSocket/);
  expect(page).toContain("default-src 'none'");
  expect(page.match(/<script/g)).toHaveLength(1);
});
