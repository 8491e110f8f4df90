// SPDX-License-Identifier: Apache-2.0
/** Counters and faults of a running log, as its queue, drainer and ledger writer report them. */
@NullMarked
package dev.indelible.monitor;

import org.jspecify.annotations.NullMarked;
