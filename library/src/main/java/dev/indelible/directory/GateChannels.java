// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.append.GateChannel;
import dev.indelible.append.GateChannelProvider;
import dev.indelible.crypto.Signer;
import dev.indelible.ledger.LedgerException;
import java.util.Optional;
import java.util.ServiceLoader;

/** Opens the channel of a gate that records through a queue. */
public final class GateChannels {
  private GateChannels() {}

  /**
   * Opens the channel that a data directory describes. Does not connect.
   *
   * @throws LedgerException if the settings cannot be used, or no jar knows the queue
   */
  public static GateChannel open(DataDirectory data, Signer key) throws LedgerException {
    for (GateChannelProvider provider :
        ServiceLoader.load(GateChannelProvider.class, GateChannels.class.getClassLoader())) {
      Optional<GateChannel> found = provider.open(data.queue(), key);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new LedgerException(
        data.queue()
            + ": no queue of this kind is known; a queue in kafka: needs the jar indelible-kafka");
  }
}
