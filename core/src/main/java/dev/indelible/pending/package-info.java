// SPDX-License-Identifier: Apache-2.0
/** Stores in which accepted events wait for the ledger, and the batches that are read from them. */
@NullMarked
package dev.indelible.pending;

import org.jspecify.annotations.NullMarked;
