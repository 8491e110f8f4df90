// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.event.Timestamps;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowCheck;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * What a {@code key.rotated} event says: that one key introduces the next. The row is signed by the
 * one before, as every row of its time; the next signs {@link #message}, which shows that whoever
 * made the row holds it too.
 *
 * @param ledger whose key it is
 * @param oldKey the key that introduces
 * @param newKey the key that is introduced
 * @param timestamp when, as the row has it
 * @param newSignature the new key's, over {@link #message}; shared, not to be changed
 */
public record KeyRotation(
    UUID ledger,
    VerificationKey oldKey,
    VerificationKey newKey,
    String timestamp,
    byte[] newSignature) {

  /** What makes this message no other: a row's begins with {@code indelible/row/v1}. */
  private static final byte[] DOMAIN =
      "indelible/key-rotation/v1\n".getBytes(StandardCharsets.US_ASCII);

  /** The event that introduces a key now; to be sealed by the old one. */
  public static SystemEvent event(UUID ledger, VerificationKey oldKey, Signer next) {
    Instant now = Timestamps.now();
    VerificationKey newKey = next.verificationKey();
    byte[] signature = next.sign(message(ledger, oldKey, newKey, Timestamps.format(now)));
    return SystemEvent.at(
        now,
        SystemEvent.KEY_ROTATED,
        new CanonicalWriter()
            .beginObject()
            .member("ledger_id", ledger.toString())
            .base64Member("new_key", newKey.raw())
            .base64Member("new_signature", signature)
            .base64Member("old_key", oldKey.raw())
            .endObject());
  }

  /** Reads the rotation out of a row; empty if the row holds none that can be read. */
  public static Optional<KeyRotation> read(ChainRow row) {
    return row.said(
        SystemEvent.KEY_ROTATED,
        details ->
            new KeyRotation(
                UUID.fromString(details.string("ledger_id")),
                VerificationKey.of(bytes(details, "old_key")),
                VerificationKey.of(bytes(details, "new_key")),
                row.timestamp(),
                bytes(details, "new_signature")));
  }

  /**
   * Whether both keys stand behind it: the row is the old one's, and the message was signed by the
   * new one. That the row's own signature holds is for {@link RowCheck}.
   */
  public boolean holds(ChainRow row) {
    return row.keyId().filter(oldKey.keyId()::equals).isPresent()
        && !oldKey.equals(newKey)
        && newKey.verifies(message(ledger, oldKey, newKey, timestamp), newSignature);
  }

  /**
   * What the new key signs: {@code indelible/key-rotation/v1}, a line feed, and canonical JSON (RFC
   * 8785) with the members {@code ledger_id}, {@code new_key} and {@code old_key} (raw keys in
   * base64) and {@code timestamp}.
   */
  static byte[] message(
      UUID ledger, VerificationKey oldKey, VerificationKey newKey, String timestamp) {
    byte[] json =
        new CanonicalWriter()
            .beginObject()
            .member("ledger_id", ledger.toString())
            .base64Member("new_key", newKey.raw())
            .base64Member("old_key", oldKey.raw())
            .member("timestamp", timestamp)
            .endObject()
            .toBytes();
    byte[] message = Arrays.copyOf(DOMAIN, DOMAIN.length + json.length);
    System.arraycopy(json, 0, message, DOMAIN.length, json.length);
    return message;
  }

  private static byte[] bytes(JsonFields details, String name) throws JsonFormatException {
    return Base64.getDecoder().decode(details.string(name));
  }
}
