// SPDX-License-Identifier: Apache-2.0
/**
 * Evidence that leaves the ledger: exports, receipts and disclosures.
 *
 * <p>{@link dev.indelible.publish.LedgerExport} writes the whole log as static files, {@link
 * dev.indelible.publish.ProvenRow} makes the receipt of one row, and {@link
 * dev.indelible.publish.Disclosure} goes along with it.
 *
 * <p>Only rows under the last signed checkpoint leave. Later rows wait for the next checkpoint;
 * rows that contradict it are refused.
 */
@NullMarked
package dev.indelible.publish;

import org.jspecify.annotations.NullMarked;
