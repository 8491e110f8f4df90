// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.merkle.EntryBundle;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InvalidProofException;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import dev.indelible.merkle.VerifiedTiles;
import java.util.ArrayList;
import java.util.List;

/**
 * The tiles and entry bundles of a ledger under one checkpoint (C2SP tlog-tiles). An entry is a
 * row's record, so a leaf is the row's record hash.
 *
 * <p>Each row is verified against its tile, and each tile against the root of the checkpoint,
 * before it is returned. Used by one thread.
 */
public final class TiledLog {
  private final LedgerReader ledger;
  private final long size;
  private final VerifiedTiles<LedgerException> tiles;

  /**
   * Reads and verifies the partial tiles.
   *
   * @param tiles the stored tiles, unverified
   * @param checkpoint the trusted checkpoint
   * @throws EvidenceException if the tiles do not match the checkpoint
   */
  public TiledLog(LedgerReader ledger, TileSource<LedgerException> tiles, Checkpoint checkpoint)
      throws LedgerException {
    this.ledger = ledger;
    this.size = checkpoint.size();
    try {
      this.tiles = new VerifiedTiles<>(tiles, size, checkpoint.root());
    } catch (InvalidProofException e) {
      throw contradicted(e);
    }
  }

  /**
   * Returns the content of a tile or a bundle. If it is full in this tree, every narrower form can
   * also be requested, because a client may have an earlier checkpoint.
   *
   * @throws EvidenceException if this tree does not have it, or the ledger contradicts its
   *     checkpoint
   */
  public byte[] file(TilePath path) throws LedgerException {
    try {
      Tile tile = tile(path);
      return path.level() == TilePath.ENTRIES ? bundle(path, tile).bytes() : tile.bytes();
    } catch (InvalidProofException e) {
      throw contradicted(e);
    }
  }

  private static EvidenceException contradicted(InvalidProofException e) {
    return EvidenceException.contradicted(
        "the stored tree is not the one that was signed: %s", e.getMessage());
  }

  /** Returns a tile; for a bundle, the tile of its leaves. */
  private Tile tile(TilePath path) throws LedgerException, InvalidProofException {
    int level = Math.max(0, path.level());
    long hashes = level < Long.BYTES ? size >>> Long.SIZE / Long.BYTES * level : 0;
    if (path.index() > hashes / TilePath.FULL_WIDTH
        || TilePath.widthOf(hashes, path.index()) < path.width()) {
      throw EvidenceException.absent("%s: not in a log of %s rows", path, size);
    }
    int width = TilePath.widthOf(hashes, path.index());
    return tiles.tile(new TilePath(level, path.index(), width)).narrowedTo(path.width());
  }

  /** Returns the records of a bundle's rows, each verified against its leaf. */
  private EntryBundle bundle(TilePath path, Tile leaves) throws LedgerException {
    long first = path.index() * TilePath.FULL_WIDTH + 1;
    List<byte[]> records = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.from(first),
        row -> {
          byte[] record = row.record();
          if (row.sequence() != first + records.size()
              || !Hash.ofLeaf(record).equals(leaves.hash(records.size()))) {
            return false;
          }
          records.add(record);
          return records.size() < path.width();
        });
    if (records.size() < path.width()) {
      throw EvidenceException.contradicted(
          "row %s is missing, or is not the one that was signed", first + records.size());
    }
    return EntryBundle.of(records);
  }
}
