// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.CosignatureStore;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerWriter;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A ledger in a schema of a PostgreSQL database, which writers on several hosts share. Opens
 * connections; never creates or changes tables. Safe for use by any number of threads.
 */
public final class PostgresLedger {
  private final PostgresAddress address;

  private PostgresLedger(PostgresAddress address) {
    this.address = address;
  }

  /**
   * Returns the ledger at a URL. Does not connect.
   *
   * @param url {@code postgresql://HOST[:PORT]/DATABASE[?OPTIONS]} with the driver's options, among
   *     them {@code user}, {@code currentSchema} (default {@code indelible}) and {@code sslmode}; a
   *     password is not accepted, because process lists and logs show URLs
   * @throws LedgerException if it is not such a URL
   */
  public static PostgresLedger at(String url) throws LedgerException {
    return new PostgresLedger(PostgresAddress.parse(url));
  }

  /**
   * Returns the SQL script that creates a ledger; run it as the role that shall own the tables.
   *
   * @param schema the schema to create
   * @param writer the role that records; it can neither change nor remove rows of the chain
   * @param reader the role that reads and verifies
   * @param eraser the role that can record, and erase payloads
   */
  public static String script(String schema, String writer, String reader, String eraser) {
    return PostgresSchema.script(schema, writer, reader, eraser);
  }

  /** Returns the address in messages, which has no secret. */
  public String name() {
    return address.name();
  }

  /**
   * Returns a factory that opens the ledger for a drainer, which retries while another writer holds
   * the ledger.
   *
   * @param ledger the id that the ledger must have; null for any
   */
  public LedgerFactory drainer(@Nullable UUID ledger) {
    return new LedgerFactory() {
      @Override
      public LedgerWriter open() throws LedgerException {
        return PostgresWriter.open(address, ledger, PostgresWriter.DRAINER_LOCK_TIMEOUT);
      }

      @Override
      public int maxBatch() {
        return PostgresWriter.MAX_BATCH;
      }
    };
  }

  /** Opens the ledger for a command run by hand, which waits for other writers. */
  public LedgerWriter openWriter() throws LedgerException {
    return PostgresWriter.open(address, null, PostgresWriter.LOCK_TIMEOUT);
  }

  /**
   * Opens the ledger for reading.
   *
   * @throws LedgerException if there is none, or it cannot be read
   */
  public PostgresReader open() throws LedgerException {
    return PostgresReader.open(address);
  }

  /** Opens the ledger for reading; empty if the schema has no ledger. */
  public Optional<PostgresReader> openIfThere() throws LedgerException {
    return PostgresReader.openIfThere(address);
  }

  /** Returns the id of the ledger; empty if the schema has no ledger. */
  public Optional<UUID> identify() throws LedgerException {
    Optional<PostgresReader> found = openIfThere();
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try (PostgresReader reader = found.get()) {
      return reader.id();
    }
  }

  /** Returns a store of cosignatures of this ledger's checkpoints. */
  public CosignatureStore cosignatures() {
    return new PostgresCosignatures(address);
  }

  @Override
  public String toString() {
    return name();
  }
}
