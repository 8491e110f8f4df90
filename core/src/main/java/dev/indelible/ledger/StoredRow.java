// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Optional;

/**
 * A row as a ledger gives it out: decoded, or still as it was read, for whoever looks at a million
 * of them and at few closely. Both answer alike.
 */
public sealed interface StoredRow permits ChainRow, PackedRow {
  /** Its place in the chain, from 1. */
  long sequence();

  /** The row with all its columns. */
  ChainRow decoded();

  /** Whether it is an event of that type, which is named in ASCII as all of them are. */
  boolean is(String eventType);

  /** A key of its event id: that of no other id, but for one in 2^64; see {@link IdKeys}. */
  long idKey();

  /** The key that signed it, as it says; empty when it names none. */
  Optional<String> keyId();

  /** Whether its payload is there. */
  boolean hasPayload();

  /** Whether it says that it is not signed, and is not. */
  boolean isUnsigned();

  /** Whether it has the place behind {@code before}, and links to it. */
  boolean follows(Head before);

  /** This row as the end of a chain. */
  Head head();

  /** How much memory it takes, roughly, in bytes. */
  int bytes();
}
