// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { verifyPage } from './build-verify.mjs';

/** Lists the files of the build, because a program cannot list what is in its own jar. */
function fileList(): Plugin {
  return {
    name: 'file-list',
    apply: 'build',
    writeBundle(options, bundle) {
      const names = Object.keys(bundle).sort();
      writeFileSync(join(options.dir ?? '.', 'files.txt'), names.map((name) => name + '\n').join(''));
    },
  };
}

/** Adds verify.html, which a reader saves and opens from disk. */
function verifier(): Plugin {
  return {
    name: 'verifier',
    apply: 'build',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'verify.html', source: await verifyPage() });
    },
  };
}

export default defineConfig({
  plugins: [verifier(), fileList()],
  build: {
    target: 'es2023',
    // Everything is a file of its own: the page's policy permits no inline content.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    proxy: { '/v1': 'http://127.0.0.1:8740', '/health': 'http://127.0.0.1:8740', '/metrics': 'http://127.0.0.1:8740' },
  },
});
