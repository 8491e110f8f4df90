// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.crypto.KeyRing;
import java.util.Optional;

/**
 * Row as a ledger returns it: decoded, or in the form in which it was read, for a reader that looks
 * at millions of rows and decodes few. Every form answers as {@link #decoded} does.
 */
public interface StoredRow {
  /** Returns the row's place in the chain, from 1. */
  long sequence();

  /** Returns the row with all its columns. */
  ChainRow decoded();

  /** Returns whether the row is an event of a type, whose name is ASCII. */
  boolean is(String eventType);

  /** Returns a key of the event id; two ids share one with a chance of 1 in 2^64. */
  long idKey();

  /** Returns the id of the key that signed the row, as the row states; empty if it names none. */
  Optional<String> keyId();

  /** Returns whether the payload is present. */
  boolean hasPayload();

  /** Returns whether the row has no signature and states so. */
  boolean isUnsigned();

  /** Returns whether the row has the place after {@code before}, and links to it. */
  boolean follows(Head before);

  /** Returns this row as the end of a chain. */
  Head head();

  /** Returns the memory that the row takes, roughly, in bytes. */
  int bytes();

  /**
   * Returns whether the payload is known to be the row's own, without decoding it: its hash is the
   * payload hash, and it states the row's id, agent, time and type. False also if that is unknown.
   */
  default boolean isPayloadVerified() {
    return false;
  }

  /**
   * Returns whether the key that the row names is one of these and known to have signed the row,
   * without decoding it. False also if that is unknown.
   */
  default boolean isSignedBy(KeyRing keys) {
    return false;
  }
}
