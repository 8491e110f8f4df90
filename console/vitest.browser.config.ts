// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

/** Drives a browser against a real daemon: one file at a time, with time for a busy machine. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
