// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.VerifierKey;
import java.util.List;

/** The logs that a witness cosigns. They may become more while it is at work. */
@FunctionalInterface
interface TrustedLogs {
  /**
   * The keys of a log; none if it is not among them.
   *
   * @param origin the log's name, and so its keys'
   * @throws WitnessException if the list cannot be read
   */
  List<VerifierKey> keys(String origin) throws WitnessException;
}
