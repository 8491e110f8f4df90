// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;

/** The stored tiles of a ledger; reading a damaged tile throws. */
public record StoredTiles(LedgerReader ledger) implements TileSource<LedgerException> {
  @Override
  public Tile tile(TilePath path) throws LedgerException {
    byte[] hashes =
        ledger
            .tile(path.level(), path.index())
            .orElseThrow(() -> new LedgerException(path + ": is missing in the ledger"));
    try {
      int width = hashes.length / Hash.BYTES;
      Tile tile = Tile.parse(new TilePath(path.level(), path.index(), width), hashes);
      if (width < path.width()) {
        throw new LedgerException(path + ": is narrower in the ledger than it should be");
      }
      return tile;
    } catch (TileParseException | IllegalArgumentException e) {
      throw new LedgerException(path + ": is damaged in the ledger: " + e.getMessage());
    }
  }
}
