// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.AnchorReader;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.note.KeyHistory;
import dev.indelible.storage.StoredTiles;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Compares the checkpoints in anchor files with the chain. A checkpoint that the log's key signed
 * proves a rollback if it is over more rows than the chain has, and a fork if its rows differ from
 * the chain's. A checkpoint that no known key signed proves nothing; a checkpoint with a wrong
 * signature is forged. Runs after {@link TreeCheck}, because it reads the stored tree. Used by one
 * thread.
 */
final class AnchorCheck implements Check {
  /** Time by which a running log may be ahead of its anchor. */
  private static final Duration LAG = Duration.ofMinutes(1);

  /** Tiles cached between entries; an entry mostly covers a few rows more than the one before. */
  private static final int TILES_KEPT = 64;

  private final Findings findings;
  private final LedgerReader ledger;
  private final KeyHistory history;
  private final List<Path> files;

  /** The promise of a log of logs, whose admitted checkpoints the file has; empty for others. */
  private final Optional<Duration> promise;

  /** True if the rows are a copy, which may be older than the log. */
  private final boolean copy;

  private long rows;

  /** Size of the largest checkpoint that the log signed, over all files. */
  private long largestOfAll = -1;

  /** True if a log appends to one of the files; only such a file can be stale. */
  private boolean appendedTo;

  /**
   * Creates a check.
   *
   * @param before the number of rows before the first row checked
   */
  AnchorCheck(
      Findings findings,
      LedgerReader ledger,
      KeyHistory history,
      VerificationOptions options,
      long before) {
    this.findings = findings;
    this.ledger = ledger;
    this.history = history;
    this.files = options.anchors();
    this.promise = options.promise();
    this.copy = options.copy();
    this.rows = before;
  }

  @Override
  public void row(CheckedRow row) {
    rows = row.count(rows);
  }

  @Override
  public void end() throws LedgerException {
    Optional<String> origin = CheckpointKeys.origin(ledger, history);
    Tiles tiles = new Tiles(ledger);
    for (Path file : files) {
      new AnchorFileCheck(file, tiles).check(origin);
    }
    if (appendedTo && isStale()) {
      String names = files.stream().map(this::name).collect(Collectors.joining(", "));
      findings.unknown(
          Finding.ANCHOR,
          "%s: it is stale: its last checkpoint is over %s rows, and the log has signed later ones"
              .formatted(names, largestOfAll));
    }
  }

  private String name(Path file) {
    return promise.isPresent() ? "the log of logs" : file.toString();
  }

  /**
   * Returns true if a later checkpoint exists, and the first row after the largest anchored
   * checkpoint is older than {@link #LAG}, or than a log of logs promises.
   */
  private boolean isStale() throws LedgerException {
    long last = ledger.lastCheckpoint().map(StoredCheckpoint::size).orElse(0L);
    if (last <= largestOfAll) {
      return false;
    }
    try {
      return ledger
          .row(largestOfAll + 1)
          .map(
              row ->
                  Instant.parse(row.timestamp()).isBefore(Instant.now().minus(promise.orElse(LAG))))
          .orElse(true);
    } catch (DateTimeException e) {
      return true;
    }
  }

  /** Compares the checkpoints in one file. */
  private final class AnchorFileCheck {
    private final Path file;
    private final Tiles tiles;

    /** True if this file has a finding that is not ok. */
    private boolean doubted;

    /** Checkpoints over more rows than a copy has. */
    private long beyondCopy;

    /** Checkpoints signed by a key of this log that is not valid at their size. */
    private long outOfTime;

    private long signed;
    private long signedByUnknown;
    private long ofOtherLogs;
    private long unreadable;

    /** The size of the largest checkpoint that the log signed. */
    private long largest = -1;

    AnchorFileCheck(Path file, Tiles tiles) {
      this.file = file;
      this.tiles = tiles;
    }

    void check(Optional<String> origin) throws LedgerException {
      try (AnchorReader entries = new AnchorReader(Files.newInputStream(file))) {
        for (Optional<AnchorReader.Entry> entry = entries.next();
            entry.isPresent();
            entry = entries.next()) {
          check(entry.get(), origin);
        }
        appendedTo |= signed > 0 && entries.isAppendedTo();
      } catch (NoSuchFileException e) {
        unknown("there is no such file; if it existed, it was lost or removed");
        return;
      } catch (IOException e) {
        unknown("it cannot be read: " + DurableFiles.reason(e));
        return;
      }
      conclude();
    }

    private void check(AnchorReader.Entry entry, Optional<String> origin) throws LedgerException {
      if (entry.checkpoint().isEmpty()) {
        unreadable++;
        return;
      }
      SignedCheckpoint checkpoint = entry.checkpoint().get();
      String name = checkpoint.unverified().origin();
      // If the log has no checkpoint of its own, any name that its key signed is accepted.
      boolean own = origin.orElse(name).equals(name);
      try {
        Checkpoint anchored = CheckpointKeys.verifyByAny(checkpoint, history);
        if (!own) {
          unknown(
              "it has a checkpoint of another origin, signed by a key of this log: the log was rebuilt under another name, or one key signs two logs");
        } else if (CheckpointKeys.isSignedInTime(checkpoint, history)) {
          compare(anchored);
        } else {
          outOfTime++;
        }
      } catch (VerificationException e) {
        if (!own) {
          ofOtherLogs++;
        } else if (e.reason() == Reason.BAD_SIGNATURE) {
          broken(
              Finding.ANCHOR,
              "its checkpoint over %s rows is forged: %s"
                  .formatted(checkpoint.unverified().size(), e.getMessage()));
        } else {
          signedByUnknown++;
        }
      }
    }

    /** Compares a checkpoint that the log signed with the chain. */
    private void compare(Checkpoint anchored) throws LedgerException {
      signed++;
      largest = Math.max(largest, anchored.size());
      largestOfAll = Math.max(largestOfAll, largest);
      if (anchored.size() > rows && copy) {
        beyondCopy++;
      } else if (anchored.size() > rows && anchored.size() > grownTo()) {
        broken(
            Finding.ROLLBACK,
            "the log was rolled back: it signed a checkpoint over %s rows, but has only %s now"
                .formatted(anchored.size(), rows));
      } else if (findings.hasFault(Finding.TREE) || ledger.treeSize().isEmpty()) {
        unknown(
            "its checkpoint over %s rows cannot be compared with the chain, because the chain's tree is missing or damaged"
                .formatted(anchored.size()));
      } else {
        compareRoot(anchored);
      }
    }

    /**
     * Returns the current size of the chain; a running log appends rows during the verification.
     */
    private long grownTo() throws LedgerException {
      long last = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
      return findings.hasFault(Finding.TREE) ? last : Math.min(ledger.treeSize().orElse(0), last);
    }

    private void compareRoot(Checkpoint anchored) {
      try {
        if (!TiledNodes.tree(tiles, anchored.size()).root().equals(anchored.root())) {
          broken(
              Finding.FORK,
              "the log was forked: it signed a checkpoint over %s rows that differ from these"
                  .formatted(anchored.size()));
        }
      } catch (LedgerException e) {
        unknown(
            "its checkpoint over %s rows cannot be compared with the chain: %s"
                .formatted(anchored.size(), e.getMessage()));
      }
    }

    private void conclude() {
      if (beyondCopy > 0) {
        unknown(
            "this copy has %s rows, but the log signed a checkpoint over %s: the copy is older, or was rolled back"
                .formatted(rows, largest));
      }
      if (outOfTime > 0) {
        unknown(
            "%s of its checkpoints are signed by a key of this log that was already revoked, or not yet introduced, at their size: others may hold the key, or the chain was rebuilt"
                .formatted(outOfTime));
      }
      if (signed == 0 && outOfTime == 0) {
        unknown(
            "it has no checkpoint that a known key of this log signed; %s are signed by other keys, %s are of other logs, %s cannot be read"
                .formatted(signedByUnknown, ofOtherLogs, unreadable));
        return;
      }
      if (signedByUnknown > 0 || unreadable > 0) {
        unknown(
            "%s of its checkpoints are not signed by a known key, and %s cannot be read: they prove nothing"
                .formatted(signedByUnknown, unreadable));
      }
      if (signed > 0 && !doubted) {
        findings.ok(
            Finding.ANCHOR,
            "%s: %s of this chain; %s after the last"
                .formatted(
                    name(file),
                    Findings.count(signed, "checkpoint", "checkpoints"),
                    Findings.count(Math.max(0, rows - largest), "row", "rows")));
      }
    }

    private void broken(String check, String message) {
      doubted = true;
      findings.broken(check, name(file) + ": " + message);
    }

    private void unknown(String message) {
      doubted = true;
      findings.unknown(Finding.ANCHOR, name(file) + ": " + message);
    }
  }

  /** Stored tiles, the last few of them cached. */
  private static final class Tiles implements TileSource<LedgerException> {
    private final StoredTiles stored;
    private final Map<TilePath, Tile> kept =
        new LinkedHashMap<>(TILES_KEPT, 0.75f, true) {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<TilePath, Tile> eldest) {
            return size() > TILES_KEPT;
          }
        };

    Tiles(LedgerReader ledger) {
      this.stored = new StoredTiles(ledger);
    }

    @Override
    public Tile tile(TilePath path) throws LedgerException {
      TilePath place = new TilePath(path.level(), path.index(), TilePath.FULL_WIDTH);
      Tile tile = kept.get(place);
      if (tile == null || tile.path().width() < path.width()) {
        tile = stored.tile(path);
        kept.put(place, tile);
      }
      return tile;
    }
  }
}
