// SPDX-License-Identifier: Apache-2.0
import { serve } from '../src/proof/worker';
import { Page } from './page';

// The page starts its own script as its worker, so that the file has one script.
if (typeof document === 'undefined') {
  serve(self as unknown as Parameters<typeof serve>[0]);
} else {
  new Page(document.currentScript?.textContent ?? '').start();
}
