// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Verdict } from '../api.ts';
import { VERDICT_NAMES } from '../model/decisions.ts';

const SHAPES: Record<Verdict | 'unknown', JSX.Element> = {
  allow: <><circle cx="8" cy="8" r="6" /><path class="sign" d="m5.300 8.200 1.900 1.900 3.500-3.900" /></>,
  warn: <><path d="M8 1.800 14.800 14H1.200Z" /><path class="sign" d="M8 6.500v3.600m0 1.700v.2" /></>,
  escalate: <><path d="M8 .9 15.100 8 8 15.100.9 8Z" /><path class="sign" d="M6.500 5.800v4.400m3-4.400v4.400" /></>,
  refuse: <><path d="M5.200 1.500h5.600l3.700 3.700v5.600l-3.700 3.700H5.200l-3.700-3.700V5.200Z" /><path class="sign" d="m5.700 5.700 4.600 4.600m0-4.600-4.600 4.600" /></>,
  unknown: <rect x="2.500" y="2.500" width="11" height="11" rx="1" />,
};

/** The sign of a verdict: shape and colour. */
export function Sign({ verdict }: { verdict: Verdict | 'unknown' }): JSX.Element {
  return (
    <svg class={`sign-of ${verdict}`} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[verdict]}
    </svg>
  );
}

/** A verdict: its sign and its name. */
export function VerdictLabel({ verdict }: { verdict: Verdict | 'unknown' }): JSX.Element {
  return (
    <span class={`verdict ${verdict}`}>
      <Sign verdict={verdict} />
      <span class="verdict-name">{VERDICT_NAMES[verdict]}</span>
    </span>
  );
}
