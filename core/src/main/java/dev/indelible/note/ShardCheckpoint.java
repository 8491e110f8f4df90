// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Content of a {@code shard.checkpoint} event: a checkpoint of a shard that the log of logs has
 * admitted.
 *
 * @param shard the name of the shard in the fleet
 * @param key the key of the shard that signed the checkpoint; its name is the shard's origin
 * @param signed the checkpoint, with the signatures of the shard's own keys
 */
public record ShardCheckpoint(String shard, VerifierKey key, SignedCheckpoint signed) {
  /** Returns the checkpoint, unverified. */
  public Checkpoint checkpoint() {
    return signed.unverified();
  }

  /** Requires that the key is of a shard's origin, and signed the checkpoint. */
  public void requireOf(ShardOpening opening) throws ShardException {
    if (!key.name().equals(opening.origin())) {
      throw new ShardException(
          "its key is of %s, and shard %s is %s"
              .formatted(key.name(), opening.shard(), opening.origin()));
    }
    try {
      signed.verify(key);
    } catch (VerificationException e) {
      throw new ShardException("its checkpoint: " + e.getMessage());
    }
  }

  /**
   * Reads the content of a row; empty if the row has none that is readable. Does not verify the
   * checkpoint.
   */
  public static Optional<ShardCheckpoint> read(ChainRow row) {
    return row.details(SystemEvent.SHARD_CHECKPOINT, ShardCheckpoint::read);
  }

  private static ShardCheckpoint read(JsonFields details) throws JsonFormatException {
    try {
      byte[] note = details.string("checkpoint").getBytes(StandardCharsets.UTF_8);
      return new ShardCheckpoint(
          ShardOpening.requireName(details.string("shard")),
          ShardOpening.key(details),
          SignedCheckpoint.parse(note));
    } catch (CheckpointParseException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Returns the event that records this content in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.SHARD_CHECKPOINT,
        new CanonicalWriter()
            .beginObject()
            .member("checkpoint", signed.toString())
            .member("key", key.vkey())
            .member("shard", shard)
            .endObject());
  }
}
