// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    // Ends a test that hangs, on any machine; not a limit of speed.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
