// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Caller } from '../api.ts';

export function PolicyView(_: { caller: Caller }): JSX.Element {
  return <div class="page"><h1>Policy</h1></div>;
}
