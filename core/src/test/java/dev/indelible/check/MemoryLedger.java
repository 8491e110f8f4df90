// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileEdge;
import dev.indelible.storage.VerifiableLedger;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A ledger over a list of rows, which it does not validate. It has a tree over the rows and no
 * checkpoints, and can be made to fail.
 */
record MemoryLedger(List<ChainRow> rows, Optional<LedgerException> failure)
    implements VerifiableLedger {
  static MemoryLedger of(List<ChainRow> rows) {
    return new MemoryLedger(rows, Optional.empty());
  }

  @Override
  public void forEachRow(RowQuery query, Visitor<ChainRow> visitor) throws LedgerException {
    for (ChainRow row : rows) {
      boolean asked =
          row.sequence() >= query.from()
              && query.eventType().map(row.eventType()::equals).orElse(true)
              && query.agentId().map(row.agentId()::equals).orElse(true);
      if (asked && !visitor.visit(row)) {
        return;
      }
    }
    throwConfiguredFailure();
  }

  @Override
  public Optional<ChainRow> row(long sequence) {
    return rows.stream().filter(row -> row.sequence() == sequence).findFirst();
  }

  @Override
  public Optional<ChainRow> row(String id) {
    return rows.stream().filter(row -> row.id().equals(id)).findFirst();
  }

  @Override
  public Optional<ChainRow> lastRow() {
    return rows.isEmpty() ? Optional.empty() : Optional.of(rows.get(rows.size() - 1));
  }

  @Override
  public long size() {
    return rows.size();
  }

  @Override
  public long size(String eventType) {
    return rows.stream().filter(row -> row.eventType().equals(eventType)).count();
  }

  @Override
  public OptionalLong treeSize() {
    return OptionalLong.of(rows.size());
  }

  /** Returns a tile of the tree over the current rows. */
  @Override
  public Optional<byte[]> tile(int level, long index) {
    List<Hash> leaves = rows.stream().map(row -> Hash.of(row.head().hash())).toList();
    return TileEdge.EMPTY.append(leaves).tiles().stream()
        .filter(tile -> tile.path().level() == level && tile.path().index() == index)
        .map(Tile::bytes)
        .findFirst();
  }

  @Override
  public Optional<StoredCheckpoint> lastCheckpoint() {
    return Optional.empty();
  }

  @Override
  public void forEachCheckpoint(long fromSize, long toSize, Visitor<StoredCheckpoint> visitor) {}

  @Override
  public long dlqSize() throws LedgerException {
    throwConfiguredFailure();
    return 0;
  }

  @Override
  public void forEachDeadLetter(long from, Visitor<DeadLetter> visitor) {}

  @Override
  public void close() {}

  private void throwConfiguredFailure() throws LedgerException {
    if (failure.isPresent()) {
      throw failure.get();
    }
  }
}
