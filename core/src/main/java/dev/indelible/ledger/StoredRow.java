// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.crypto.KeyRing;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Row as a ledger returns it. It may be undecoded, because a verification reads millions of rows
 * and decodes few. Every method returns the value that {@link #decoded} would return.
 */
public interface StoredRow {
  /** Returns the row's number in the chain, from 1. */
  long sequence();

  /** Returns the row with all its columns. */
  ChainRow decoded();

  /** Returns true if the row has an event type; the type must be ASCII. */
  boolean is(String eventType);

  /** Returns a key of the event id; two ids share a key with a probability of 1 in 2^64. */
  long idKey();

  /** Returns the id of the key that signed the row, as the row states; empty if it names none. */
  Optional<String> keyId();

  /** Returns true if the payload is present. */
  boolean hasPayload();

  /**
   * Returns the digest of the policy that decided; empty for a decision that names none, for a
   * decision without a payload, and for any other event.
   */
  Optional<String> policy();

  /** Returns true if the bytes of the payload contain a text, which must be ASCII. */
  default boolean mentions(String ascii) {
    return decoded()
        .payload()
        .filter(bytes -> new String(bytes, StandardCharsets.ISO_8859_1).contains(ascii))
        .isPresent();
  }

  /** Returns true if the row has no signature and states so. */
  boolean isUnsigned();

  /** Returns true if the row has the sequence after {@code before}, and links to it. */
  boolean follows(Head before);

  /** Returns this row as the end of a chain. */
  Head head();

  /** Returns the approximate memory of the row, in bytes. */
  int bytes();

  /**
   * Returns true if the payload is known, without decoding it, to belong to the row: its hash is
   * the payload hash, and it states the row's id, agent, time and type. False if that is unknown.
   */
  default boolean isPayloadVerified() {
    return false;
  }

  /**
   * Returns true if the key that the row names is in the key ring and is known, without decoding
   * the row, to have signed it. False if that is unknown.
   */
  default boolean isSignedBy(KeyRing keys) {
    return false;
  }
}
