// SPDX-License-Identifier: Apache-2.0
/**
 * The log outside of its ledger: {@link dev.indelible.publish.LedgerExport} writes it as static
 * files and {@link dev.indelible.publish.ExportedLog} reads these. One follower asks the witnesses
 * of a running log for cosignatures, one appends its checkpoints to a file, and one updates its
 * index.
 *
 * <p>Only rows under the last signed checkpoint are published. Later rows wait for the next
 * checkpoint; rows that contradict a checkpoint are rejected.
 */
@NullMarked
package dev.indelible.publish;

import org.jspecify.annotations.NullMarked;
