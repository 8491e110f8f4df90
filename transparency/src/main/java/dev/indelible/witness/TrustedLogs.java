// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.VerifierKey;
import java.util.List;

/** The logs whose checkpoints a witness cosigns. Logs may be added while the witness runs. */
@FunctionalInterface
interface TrustedLogs {
  /**
   * Returns the keys of a log; an empty list if the log is not trusted.
   *
   * @param origin the log's name
   * @throws WitnessException if the list cannot be read
   */
  List<VerifierKey> keys(String origin) throws WitnessException;
}
