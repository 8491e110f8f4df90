// SPDX-License-Identifier: Apache-2.0
/** The queue between a gate and the ledger, and the counters of a run. */
@NullMarked
package dev.indelible.queue;

import org.jspecify.annotations.NullMarked;
