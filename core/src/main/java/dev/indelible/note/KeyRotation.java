// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * Content of a {@code key.rotated} event: one key introduces the next. The old key signs the row,
 * and the new key signs {@link #message}. This proves that the writer of the row holds both keys.
 *
 * @param ledger the ledger whose key is rotated
 * @param oldKey the key that introduces
 * @param newKey the key that is introduced
 * @param timestamp the time of the row
 * @param newSignature the signature of the new key over {@link #message}; shared, must not be
 *     changed
 */
public record KeyRotation(
    UUID ledger,
    VerificationKey oldKey,
    VerificationKey newKey,
    String timestamp,
    byte[] newSignature) {

  /**
   * Prefix that distinguishes this message from others; a row's message begins with {@code
   * indelible/row/v1}.
   */
  private static final byte[] DOMAIN =
      "indelible/key-rotation/v1\n".getBytes(StandardCharsets.US_ASCII);

  /** Returns an event that introduces a key now; the old key must sign it. */
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

  /** Reads the rotation in a row; empty if the row has no readable one. */
  public static Optional<KeyRotation> read(ChainRow row) {
    return row.details(
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
   * Returns true if the row names the old key and the new key signed the message. {@link RowCheck}
   * verifies the row's signature.
   */
  public boolean holds(ChainRow row) {
    return row.keyId().filter(oldKey.keyId()::equals).isPresent()
        && !oldKey.equals(newKey)
        && newKey.verifies(message(ledger, oldKey, newKey, timestamp), newSignature);
  }

  /** Returns the remedy on a host that has the old key and lacks the new one. */
  public String remedy() {
    return "it was rotated to %s at %s, and that key is not here; copy the directory keys/ of the host of the rotation to this host, and restart"
        .formatted(newKey, timestamp);
  }

  /**
   * Returns the message that the new key signs: {@code indelible/key-rotation/v1}, a line feed, and
   * canonical JSON (RFC 8785) with the members {@code ledger_id}, {@code new_key} and {@code
   * old_key} (raw keys in base64) and {@code timestamp}.
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
