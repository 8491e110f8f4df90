// SPDX-License-Identifier: Apache-2.0
/**
 * Witnesses (C2SP tlog-witness v1.0.0): whoever keeps a log's last checkpoint elsewhere and cosigns
 * only what continues it, so that a log cannot be set back or forked unseen.
 *
 * <p>{@link dev.indelible.witness.Witness} decides, {@link dev.indelible.witness.WitnessServer}
 * lets others ask it over HTTP; {@link dev.indelible.witness.Witnessing} asks all of a log's, as
 * its checkpoints are signed.
 */
@NullMarked
package dev.indelible.witness;

import org.jspecify.annotations.NullMarked;
