// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Caller } from '../api.ts';

export function HealthView(_: { caller: Caller }): JSX.Element {
  return <div class="page"><h1>Health</h1></div>;
}
