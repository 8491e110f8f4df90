// SPDX-License-Identifier: Apache-2.0
/**
 * Witnesses (C2SP tlog-witness v1.0.0). A witness keeps the last checkpoint of a log on another
 * machine. It cosigns a new checkpoint only if that checkpoint continues the last one, so a log
 * cannot be rolled back or forked unnoticed.
 *
 * <p>{@link dev.indelible.witness.Witness} decides, {@link dev.indelible.witness.WitnessServer}
 * serves it over HTTP, and {@link dev.indelible.witness.WitnessClient} requests a cosignature.
 */
@NullMarked
package dev.indelible.witness;

import org.jspecify.annotations.NullMarked;
