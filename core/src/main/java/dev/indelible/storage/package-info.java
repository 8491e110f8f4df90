// SPDX-License-Identifier: Apache-2.0
/**
 * The interfaces that a ledger implements: writing by one connection in exclusive transactions,
 * reading by several threads, and comparing its tables. {@link dev.indelible.storage.MemoryLedger}
 * is the implementation without a database.
 */
@NullMarked
package dev.indelible.storage;

import org.jspecify.annotations.NullMarked;
