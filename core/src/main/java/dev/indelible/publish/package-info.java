// SPDX-License-Identifier: Apache-2.0
/**
 * Evidence that leaves the ledger: exports, receipts and disclosures.
 *
 * <p>{@link dev.indelible.publish.LedgerExport} writes the whole log as static files, {@link
 * dev.indelible.publish.ProvenRow} makes the receipt of one row, and {@link
 * dev.indelible.publish.Disclosure} is the disclosed row that accompanies the receipt.
 *
 * <p>Only rows under the last signed checkpoint are published. Later rows wait for the next
 * checkpoint; rows that contradict a checkpoint are rejected.
 */
@NullMarked
package dev.indelible.publish;

import org.jspecify.annotations.NullMarked;
