// SPDX-License-Identifier: Apache-2.0
/**
 * Appends to a ledger: settlement of a batch, trust in the chain's end, tallies, checkpoints, the
 * tree, dead letters, erasure, key events. Written once over {@link
 * dev.indelible.storage.LedgerWriter}, for every kind of ledger.
 */
@NullMarked
package dev.indelible.append;

import org.jspecify.annotations.NullMarked;
