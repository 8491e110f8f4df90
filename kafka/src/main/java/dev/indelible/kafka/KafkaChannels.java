// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.append.GateChannel;
import dev.indelible.append.GateChannelProvider;
import dev.indelible.crypto.Signer;
import dev.indelible.ledger.LedgerException;
import java.nio.file.Path;
import java.util.Optional;

/** Opens channels through Kafka. */
public final class KafkaChannels implements GateChannelProvider {
  /** Creates a provider; called by the service loader. */
  public KafkaChannels() {}

  @Override
  public Optional<GateChannel> open(Path directory, Signer key) throws LedgerException {
    try {
      Optional<GateFile> file = GateFile.read(directory);
      return file.isPresent()
          ? Optional.of(
              GateQueue.open(file.get().kafkaQueue(), file.get().settings(key), directory))
          : Optional.empty();
    } catch (QueueException e) {
      throw new LedgerException(String.valueOf(e.getMessage()), false, e);
    }
  }
}
