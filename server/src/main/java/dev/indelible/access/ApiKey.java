// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import dev.indelible.encoding.Timestamps;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An API key as it is stored: everything but its text.
 *
 * @param id the id in its text, 8 hex digits
 * @param name the name that people gave it; the old and the new key of a rotation share it
 * @param hash the SHA-256 of its text, in hex
 * @param grant the permissions of its holder
 * @param expires the time from which it is no longer accepted; empty if it does not expire
 */
public record ApiKey(String id, String name, String hash, Grant grant, Optional<Instant> expires) {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}");
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  /**
   * Creates a key.
   *
   * @throws IllegalArgumentException if a part is malformed
   */
  public ApiKey {
    if (!ID.matcher(id).matches() || !HASH.matcher(hash).matches()) {
      throw new IllegalArgumentException("the id or the hash of a key is malformed");
    }
    if (!NAME.matcher(name).matches() || ID.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "name: give 1 to 64 letters, digits and . _ @ -, and not 8 hex digits, which are an id");
    }
    expires.ifPresent(Timestamps::requireRecordable);
  }

  /** Returns the stored form of a key. */
  public static ApiKey of(KeyText text, String name, Grant grant, Optional<Instant> expires) {
    return new ApiKey(text.id(), name, HexFormat.of().formatHex(text.hash()), grant, expires);
  }

  /** Returns the name of the holder in records. */
  public String principal() {
    return "key:" + name;
  }

  /** Returns true if this key is no longer accepted at a time. */
  public boolean isExpired(Instant now) {
    return expires.isPresent() && !now.isBefore(expires.get());
  }

  /** Returns this key with an expiry no later than a time. */
  public ApiKey endingBy(Instant end) {
    return isExpired(end) ? this : new ApiKey(id, name, hash, grant, Optional.of(end));
  }

  /** Compares a key's text with the stored hash, in constant time. */
  boolean isOf(KeyText text) {
    return MessageDigest.isEqual(HexFormat.of().parseHex(hash), text.hash());
  }

  void write(CanonicalWriter out) {
    grant.writeAgent(out);
    out.member("expires", expires.map(Timestamps::format));
    out.member("hash", hash).member("id", id).member("name", name);
    grant.writeRoles(out);
  }

  static ApiKey read(JsonFields fields) throws JsonFormatException {
    try {
      ApiKey key =
          new ApiKey(
              fields.string("id"),
              fields.string("name"),
              fields.string("hash"),
              Grant.read(fields),
              fields.optionalString("expires").map(Instant::parse));
      fields.requireNoOthers();
      return key;
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new JsonFormatException(fields.where() + ": " + e.getMessage());
    }
  }
}
