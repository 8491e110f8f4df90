// SPDX-License-Identifier: Apache-2.0
import { serve } from './proof/worker.ts';

serve(self as unknown as Parameters<typeof serve>[0]);
