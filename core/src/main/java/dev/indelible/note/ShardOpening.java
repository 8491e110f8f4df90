// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Content of a {@code shard.opened} event: from this row on, a log is a shard of the fleet. The
 * same content is the first row of a log that is created as a shard.
 *
 * @param shard the name of the shard in the fleet, which no other shard ever has
 * @param key the key that signs the shard's checkpoints, of type Ed25519; its name is the shard's
 *     origin
 * @param firstSize the size of the shard's log when it was opened
 * @param predecessor the closed shard whose events this one continues; empty if there is none
 */
public record ShardOpening(
    String shard, VerifierKey key, long firstSize, Optional<String> predecessor) {
  /** The names of shards, which are also names of directories. */
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  public ShardOpening {
    requireName(shard);
    predecessor.ifPresent(ShardOpening::requireName);
    if (key.type() != SignatureType.ED25519) {
      throw new IllegalArgumentException(key + ": is not the Ed25519 key of a log");
    }
    if (firstSize < 0) {
      throw new IllegalArgumentException("first_size: negative");
    }
  }

  /**
   * Returns the name of a shard.
   *
   * @throws IllegalArgumentException if no shard can have this name
   */
  public static String requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "the name of a shard has 1 to 64 characters of a-z, 0-9, '.', '_' and '-', and begins with"
              + " a letter or a digit");
    }
    return name;
  }

  /** Returns the name of the shard in its checkpoints. */
  public String origin() {
    return key.name();
  }

  /** Reads the content of a row; empty if the row has none that is readable. */
  static Optional<ShardOpening> read(ChainRow row) {
    return row.details(SystemEvent.SHARD_OPENED, ShardOpening::read);
  }

  private static ShardOpening read(JsonFields details) throws JsonFormatException {
    return new ShardOpening(
        details.string("shard"),
        key(details),
        details
            .optionalLong("first_size")
            .orElseThrow(() -> new JsonFormatException("first_size: missing")),
        details.optionalString("predecessor"));
  }

  /** Reads the member {@code key}, a vkey. */
  static VerifierKey key(JsonFields details) throws JsonFormatException {
    try {
      return VerifierKey.parse(details.string("key"));
    } catch (CheckpointParseException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Returns the event that records this content in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.SHARD_OPENED,
        new CanonicalWriter()
            .beginObject()
            .member("first_size", firstSize)
            .member("key", key.vkey())
            .member("predecessor", predecessor)
            .member("shard", shard)
            .endObject());
  }
}
