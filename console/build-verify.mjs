// SPDX-License-Identifier: Apache-2.0
// Builds verify.html: one file, without network, from the sources of the console. Equal sources
// and an equal package-lock.json make equal bytes. Prints the SHA-256 of the file.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

const ROOT = import.meta.dirname;
const OUTPUT = join(ROOT, 'target', 'verify.html');

/** Returns the text of verify.html. */
export async function verifyPage() {
  const script = await bundle();
  const style = read('page.css');
  for (const [text, end] of [[script, /<\/script|<!--|<script/i], [style, /<\/style/i]]) {
    if (end.test(text)) {
      throw new Error(`a source has ${end}, which ends it inside HTML`);
    }
  }
  // Everything but this script and this style is refused; nothing can be fetched.
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash(script, 'base64')}'`,
    `style-src 'sha256-${hash(style, 'base64')}'`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts = { POLICY: policy, STYLE: style, SCRIPT: script };
  return read('page.html').replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
}

/** Returns the page and its worker as one script that can be read. */
async function bundle() {
  const { output } = [
    await build({
      root: ROOT,
      configFile: false,
      logLevel: 'warn',
      mode: 'production',
      build: {
        write: false,
        minify: false,
        target: 'es2022',
        copyPublicDir: false,
        rollupOptions: {
          // Otherwise the folder in which the build is started appears in comments.
          cwd: ROOT,
          input: join(ROOT, 'verify', 'main.ts'),
          output: { format: 'iife', comments: { annotation: false, jsdoc: true, legal: false } },
        },
      },
    }),
  ].flat()[0];
  if (output.length !== 1) {
    throw new Error(`${output.length} files instead of one script`);
  }
  return `\n${output[0].code}`;
}

function read(name) {
  return readFileSync(join(ROOT, 'verify', name), 'utf8');
}

/** Returns the SHA-256 of a text. */
export function hash(text, encoding) {
  return createHash('sha256').update(text).digest(encoding);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const page = await verifyPage();
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, page);
  console.log(`${hash(page, 'hex')}  ${OUTPUT}`);
}
