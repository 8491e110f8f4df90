// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;

/**
 * Content of a {@code shard.closed} event: the shard gets no further rows.
 *
 * @param shard the name of the shard in the fleet
 * @param last its last checkpoint, which the log of logs has admitted
 */
public record ShardClosing(String shard, Checkpoint last) {
  /** Reads the content of a row; empty if the row has none that is readable. */
  static Optional<ShardClosing> read(ChainRow row) {
    return row.details(SystemEvent.SHARD_CLOSED, ShardClosing::read);
  }

  private static ShardClosing read(JsonFields details) throws JsonFormatException {
    try {
      return new ShardClosing(
          details.string("shard"), Checkpoint.parse(details.string("checkpoint")));
    } catch (CheckpointParseException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Returns the event that records this content in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.SHARD_CLOSED,
        new CanonicalWriter()
            .beginObject()
            .member("checkpoint", last.text())
            .member("shard", shard)
            .endObject());
  }
}
