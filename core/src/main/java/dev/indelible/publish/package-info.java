// SPDX-License-Identifier: Apache-2.0
/**
 * Evidence that leaves the ledger: exports, receipts and disclosures, and the followers that send
 * each new checkpoint to witnesses and to an anchor file.
 *
 * <p>{@link dev.indelible.publish.LedgerExport} writes the whole log as static files, {@link
 * dev.indelible.publish.ProvenRow} makes the receipt of one row, and {@link
 * dev.indelible.publish.Disclosure} goes along with it. {@link
 * dev.indelible.publish.CosignatureFollower} collects cosignatures, {@link
 * dev.indelible.publish.AnchorFollower} appends to the anchor.
 *
 * <p>Only rows under the last signed checkpoint leave. Later rows wait for the next checkpoint;
 * rows that contradict it are refused.
 */
@NullMarked
package dev.indelible.publish;

import org.jspecify.annotations.NullMarked;
