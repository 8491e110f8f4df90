// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerLocation;
import dev.indelible.storage.CosignatureStore;
import dev.indelible.storage.LedgerEngine;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.StoredLedger;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A ledger in a schema of a PostgreSQL database, which writers on several hosts share. Opens
 * connections; never creates or changes tables. Safe for use by any number of threads.
 */
public final class PostgresLedger implements LedgerEngine, LedgerLocation {
  /**
   * More than a fail-over takes: the time in which an asynchronous standby is behind, the decision
   * to promote it, and the time until a gate is connected to it.
   */
  private static final Duration RETAIN = Duration.ofMinutes(10);

  private final String url;
  private final PostgresAddress address;

  private PostgresLedger(String url, PostgresAddress address) {
    this.url = url;
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
    return new PostgresLedger(url, PostgresAddress.parse(url));
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

  @Override
  public String url() {
    return url;
  }

  /** Returns the hosts, the database and the schema. */
  @Override
  public String name() {
    return address.name();
  }

  /** Returns ten minutes: a standby or a restored copy may lack the last transactions. */
  @Override
  public Duration retain() {
    return RETAIN;
  }

  @Override
  public LedgerFactory drainer(@Nullable UUID ledger) {
    return new LedgerFactory() {
      @Override
      public LedgerWriter open() throws LedgerException {
        return PostgresWriter.open(address, ledger, Patience.DRAINER);
      }

      @Override
      public int maxBatch() {
        return PostgresWriter.MAX_BATCH;
      }
    };
  }

  @Override
  public LedgerWriter openWriter() throws LedgerException {
    return PostgresWriter.open(address, null, Patience.FULL);
  }

  @Override
  public StoredLedger open() throws LedgerException {
    return PostgresReader.open(address);
  }

  @Override
  public Optional<StoredLedger> openIfThere() throws LedgerException {
    return briefly().map(reader -> reader);
  }

  private Optional<PostgresReader> briefly() throws LedgerException {
    return PostgresReader.openIfThere(address, Patience.BRIEF);
  }

  @Override
  public Optional<UUID> identify() throws LedgerException {
    Optional<PostgresReader> found = briefly();
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try (PostgresReader reader = found.get()) {
      return reader.id();
    }
  }

  @Override
  public long settled(UUID journal) throws LedgerException {
    Optional<PostgresReader> found = briefly();
    if (found.isEmpty()) {
      return 0;
    }
    try (PostgresReader reader = found.get()) {
      return reader.settled(journal);
    }
  }

  @Override
  public boolean isRecorded(UUID event) throws LedgerException {
    Optional<PostgresReader> found = briefly();
    if (found.isEmpty()) {
      return false;
    }
    try (PostgresReader reader = found.get()) {
      return reader.isRecorded(event);
    }
  }

  @Override
  public CosignatureStore cosignatures() {
    return new PostgresCosignatures(address);
  }

  @Override
  public String remains() {
    return "the server keeps bytes of it in the table's pages, its write-ahead log and its backups; run VACUUM on the schema's table signed_events as its owner, and let the archive and the backups expire (docs/postgres.md)";
  }

  @Override
  public String toString() {
    return name();
  }
}
