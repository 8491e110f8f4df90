// SPDX-License-Identifier: Apache-2.0
/**
 * The hash chain: rows, their encoding and their links, and the interfaces to the ledgers that
 * store them.
 */
@NullMarked
package dev.indelible.ledger;

import org.jspecify.annotations.NullMarked;
