// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.ledger.StoredRow;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.TilePath;
import dev.indelible.storage.RowRanges;
import dev.indelible.storage.VerifiableLedger;
import dev.indelible.tlog.LogDirectory;
import dev.indelible.tlog.LogDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * Reads an export of {@link LedgerExport} as a ledger of records without payloads, up to its
 * checkpoint. Checks only the format. Rows that are exported after opening are not visible. Safe
 * for use by several threads.
 */
public final class ExportedLog implements VerifiableLedger {
  private static final long LEVELS = 8;

  private final LogDirectory directory;
  private final SignedCheckpoint checkpoint;
  private final long size;

  private ExportedLog(LogDirectory directory, SignedCheckpoint checkpoint) {
    this.directory = directory;
    this.checkpoint = checkpoint;
    this.size = checkpoint.unverified().size();
  }

  /**
   * Opens the log in a directory.
   *
   * @throws LedgerException if the directory has no log
   */
  public static ExportedLog open(Path directory) throws LedgerException {
    try {
      LogDirectory opened = LogDirectory.open(directory);
      SignedCheckpoint checkpoint =
          opened
              .checkpoint()
              .orElseThrow(
                  () ->
                      new LedgerException(
                          directory
                              + ": has no file 'checkpoint', so it is not an exported log; 'log export' writes one"));
      if (checkpoint.unverified().size() == 0) {
        throw new LedgerException(
            directory
                + ": its checkpoint is over no rows, but a log without rows is never exported",
            true,
            null);
      }
      return new ExportedLog(opened, checkpoint);
    } catch (LogDirectoryException e) {
      throw failure(e);
    }
  }

  private static LedgerException failure(LogDirectoryException e) {
    return new LedgerException(e.getMessage(), e.isContradicted(), e);
  }

  /** Returns the log's name in its checkpoint. */
  public String origin() {
    return checkpoint.unverified().origin();
  }

  @Override
  public boolean hasPayloads() {
    return false;
  }

  @Override
  public void forEachRow(RowQuery query, Visitor<ChainRow> visitor) throws LedgerException {
    forEachRow(
        query.from(),
        size,
        row ->
            query.agentId().filter(agent -> !row.agentId().equals(agent)).isPresent()
                || query.eventType().filter(type -> !row.is(type)).isPresent()
                || visitor.visit(row));
  }

  private void forEachRow(long from, long to, Visitor<? super ChainRow> visitor)
      throws LedgerException {
    long last = Math.min(to, size);
    for (long next = Math.max(from, 1); next <= last; ) {
      long index = (next - 1) / TilePath.FULL_WIDTH;
      List<byte[]> records = records(index);
      for (int i = (int) ((next - 1) % TilePath.FULL_WIDTH); i < records.size(); i++) {
        if (next > last || !visitor.visit(row(next, records.get(i)))) {
          return;
        }
        next++;
      }
    }
  }

  private List<byte[]> records(long index) throws LedgerException {
    try {
      return directory.entries(
          new TilePath(TilePath.ENTRIES, index, TilePath.widthOf(size, index)));
    } catch (LogDirectoryException e) {
      throw failure(e);
    }
  }

  private ChainRow row(long sequence, byte[] record) throws LedgerException {
    try {
      ChainRow row = ChainRow.fromRecord(record);
      if (row.sequence() == sequence) {
        return row;
      }
      throw damaged("entry %s states that it is row %s".formatted(sequence, row.sequence()));
    } catch (JsonFormatException e) {
      throw damaged("entry %s is not a row: %s".formatted(sequence, e.getMessage()));
    }
  }

  private LedgerException damaged(String what) {
    return new LedgerException(directory.path() + ": " + what, true, null);
  }

  /** Returns ranges for any number of threads, because reading files needs no lock. */
  @Override
  public Optional<RowRanges> ranges(int readers) {
    return Optional.of(new Ranges(readers));
  }

  private final class Ranges implements RowRanges {
    private final int readers;

    Ranges(int readers) {
      this.readers = readers;
    }

    @Override
    public int readers() {
      return readers;
    }

    @Override
    public OptionalLong next(long from) {
      return from <= size ? OptionalLong.of(Math.max(from, 1)) : OptionalLong.empty();
    }

    @Override
    public void forEachRow(long from, long to, Visitor<StoredRow> visitor) throws LedgerException {
      ExportedLog.this.forEachRow(from, to, visitor);
    }

    @Override
    public void close() {}
  }

  @Override
  public Optional<ChainRow> row(long sequence) throws LedgerException {
    return sequence < 1 ? Optional.empty() : first(sequence, row -> true);
  }

  @Override
  public Optional<ChainRow> row(String id) throws LedgerException {
    return first(1, row -> row.id().equals(id));
  }

  private Optional<ChainRow> first(long from, Predicate<ChainRow> wanted) throws LedgerException {
    List<ChainRow> found = new ArrayList<>();
    forEachRow(from, size, row -> !wanted.test(row) || !found.add(row));
    return found.stream().findFirst();
  }

  @Override
  public Optional<ChainRow> lastRow() throws LedgerException {
    return row(size);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long size(String eventType) throws LedgerException {
    long[] count = {0};
    forEachRow(
        RowQuery.ofType(eventType),
        row -> {
          count[0]++;
          return true;
        });
    return count[0];
  }

  @Override
  public OptionalLong treeSize() {
    return OptionalLong.of(size);
  }

  @Override
  public Optional<byte[]> tile(int level, long index) throws LedgerException {
    if (level >= LEVELS) {
      return Optional.empty();
    }
    long hashes = size >>> LEVELS * level;
    if (index >= (hashes + TilePath.FULL_WIDTH - 1) / TilePath.FULL_WIDTH) {
      return Optional.empty();
    }
    try {
      TilePath path = new TilePath(level, index, TilePath.widthOf(hashes, index));
      // A mirror may serve the full tile after the partial one was removed.
      byte[] served = directory.tiles().tile(path).bytes();
      return Optional.of(Arrays.copyOf(served, path.width() * Hash.BYTES));
    } catch (LogDirectoryException e) {
      throw failure(e);
    }
  }

  @Override
  public Optional<StoredCheckpoint> lastCheckpoint() {
    return Optional.of(new StoredCheckpoint(size, checkpoint.bytes()));
  }

  @Override
  public void forEachCheckpoint(long fromSize, long toSize, Visitor<StoredCheckpoint> visitor) {
    if (fromSize <= size && size <= toSize) {
      visitor.visit(new StoredCheckpoint(size, checkpoint.bytes()));
    }
  }

  /** The first signature is the log's own; the others are cosignatures. */
  @Override
  public void forEachCosigned(Visitor<StoredCheckpoint> visitor) {
    if (checkpoint.note().signatures().size() > 1) {
      visitor.visit(new StoredCheckpoint(size, checkpoint.bytes()));
    }
  }

  @Override
  public long dlqSize() throws LedgerException {
    throw noLetters();
  }

  @Override
  public void forEachDeadLetter(long from, Visitor<DeadLetter> visitor) throws LedgerException {
    throw noLetters();
  }

  private LedgerException noLetters() {
    return new LedgerException(directory.path() + ": an exported log has no dead letters in it");
  }

  @Override
  public void close() {
    directory.close();
  }
}
