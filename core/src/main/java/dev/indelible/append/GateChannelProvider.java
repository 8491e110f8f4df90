// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.Signer;
import dev.indelible.ledger.LedgerException;
import java.nio.file.Path;
import java.util.Optional;

/** Opens the channel of a gate; a service that {@link java.util.ServiceLoader} loads. */
public interface GateChannelProvider {
  /**
   * Opens the channel that a directory describes. Does not connect.
   *
   * @param directory the directory with the settings and the state of the channel
   * @param key the gate's key
   * @return empty if the directory describes a channel of another kind
   * @throws LedgerException if the settings cannot be used
   */
  Optional<GateChannel> open(Path directory, Signer key) throws LedgerException;
}
