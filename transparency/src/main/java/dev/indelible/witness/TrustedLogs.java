// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.VerifierKey;
import java.util.List;

/** The logs that a witness cosigns. Logs may be added while it runs. */
@FunctionalInterface
interface TrustedLogs {
  /**
   * Returns the keys of a log; none if the log is not trusted.
   *
   * @param origin the log's name
   * @throws WitnessException if the list cannot be read
   */
  List<VerifierKey> keys(String origin) throws WitnessException;
}
