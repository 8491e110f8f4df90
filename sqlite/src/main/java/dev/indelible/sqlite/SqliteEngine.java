// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.CosignatureStore;
import dev.indelible.storage.LedgerEngine;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.StoredLedger;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A ledger in an SQLite file, which the first writer creates.
 *
 * @param file the database
 */
public record SqliteEngine(Path file) implements LedgerEngine {
  @Override
  public String name() {
    return file.toString();
  }

  @Override
  public List<Path> files() {
    return List.of(file, wal());
  }

  private Path wal() {
    return Path.of(file + "-wal");
  }

  @Override
  public void prepare() throws LedgerException {
    SqliteLibrary.load();
  }

  @Override
  public Optional<UUID> identify() throws LedgerException {
    return SqliteLedger.identify(file);
  }

  @Override
  public long settled(UUID journal) throws LedgerException {
    return SqliteLedger.settled(file, journal);
  }

  @Override
  public boolean isRecorded(UUID event) throws LedgerException {
    return SqliteLedger.isRecorded(file, event);
  }

  @Override
  public Optional<StoredLedger> openIfThere() throws LedgerException {
    return SqliteLedger.openIfThere(file).map(ledger -> ledger);
  }

  @Override
  public StoredLedger open() throws LedgerException {
    return SqliteLedger.open(file);
  }

  @Override
  public LedgerFactory drainer(@Nullable UUID ledger) {
    return SqliteWriter.drainer(file, ledger);
  }

  @Override
  public LedgerWriter openWriter() throws LedgerException {
    return SqliteWriter.open(file);
  }

  @Override
  public CosignatureStore cosignatures() {
    return new SqliteCosignatures(file);
  }

  @Override
  public String remains() {
    return "bytes of it may be left in %s, because another process reads an earlier state; stop that process and run this again"
        .formatted(wal());
  }
}
