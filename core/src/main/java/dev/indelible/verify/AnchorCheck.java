// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.checkpoint.AnchorReader;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.ledger.StoredTiles;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import dev.indelible.merkle.TiledNodes;
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
 * Holds the checkpoints in an anchor file against the chain. One that the log's key signed
 * convicts: more rows than there are is a rollback, other rows than these a fork. One that no known
 * key signed proves nothing, and one that only says it was signed is forged. Rests on the stored
 * tree, so this is for behind {@link TreeCheck}. Used by one thread.
 */
final class AnchorCheck implements Check {
  static final String ANCHOR = "anchor";
  static final String ROLLBACK = "rollback";
  static final String FORK = "fork";

  /** How far a log may be ahead of its anchor without that being strange: it is at work. */
  private static final Duration LAG = Duration.ofMinutes(1);

  /** Tiles kept between one entry and the next, which is mostly over a few rows more. */
  private static final int TILES_KEPT = 64;

  private final Findings findings;
  private final LedgerReader ledger;
  private final KeyHistory history;
  private final List<Path> files;

  /** Whether the rows are a copy, which may be older than the log. */
  private final boolean copy;

  private long rows;

  /** The file that is looked at. */
  private Path file = Path.of("");

  /** Whether something is wrong with that file, or with the log by it. */
  private boolean doubted;

  /** Checkpoints there that are over more rows than a copy has. */
  private long beyondCopy;

  /** Entries of that file: signed by the log, by nobody known, of other logs, unreadable. */
  private long signed;

  private long unknown;
  private long others;
  private long unreadable;

  /** Those that a key signed which does not sign so many rows. */
  private long outOfTime;

  /** The size of the largest checkpoint there, and in any of the files, that the log signed. */
  private long largest = -1;

  private long largestOfAll = -1;

  /** Whether one of the files is such as a log appends to, and not a checkpoint that was kept. */
  private boolean appendedTo;

  /**
   * A check of those files.
   *
   * @param copy whether the rows are a copy, which may be older than the log
   * @param before how many rows there are before the first that is looked at
   */
  AnchorCheck(
      Findings findings,
      LedgerReader ledger,
      KeyHistory history,
      List<Path> files,
      boolean copy,
      long before) {
    this.findings = findings;
    this.ledger = ledger;
    this.history = history;
    this.files = files;
    this.copy = copy;
    this.rows = before;
  }

  @Override
  public void row(CheckedRow row) {
    // A planted row can have any number; one that is not signed counts as the next.
    rows = row.isSigned() ? row.sequence() : Math.min(row.sequence(), rows + 1);
  }

  @Override
  public void end() throws LedgerException {
    Optional<String> origin = origin(ledger, history);
    Tiles tiles = new Tiles(ledger);
    for (Path next : files) {
      file = next;
      doubted = false;
      signed = unknown = others = unreadable = outOfTime = beyondCopy = 0;
      largest = -1;
      check(origin, tiles);
    }
    if (appendedTo && isStale()) {
      String names = files.stream().map(Path::toString).collect(Collectors.joining(", "));
      findings.unknown(
          ANCHOR,
          "%s: it is stale: the last checkpoint is over %s rows, and later ones were signed since"
              .formatted(names, largestOfAll));
    }
  }

  private void check(Optional<String> origin, Tiles tiles) throws LedgerException {
    try (AnchorReader entries = new AnchorReader(Files.newInputStream(file))) {
      for (Optional<AnchorReader.Entry> entry = entries.next();
          entry.isPresent();
          entry = entries.next()) {
        check(entry.get(), origin, tiles);
      }
      appendedTo |= signed > 0 && entries.isAppendedTo();
    } catch (NoSuchFileException e) {
      unknown("it is lost: there is no such file");
      return;
    } catch (IOException e) {
      unknown("it cannot be read: " + e.getClass().getSimpleName() + ": " + e.getMessage());
      return;
    }
    conclude();
  }

  private void check(AnchorReader.Entry entry, Optional<String> origin, Tiles tiles)
      throws LedgerException {
    if (entry.checkpoint().isEmpty()) {
      unreadable++;
      return;
    }
    SignedCheckpoint checkpoint = entry.checkpoint().get();
    String name = checkpoint.unverified().origin();
    try {
      Checkpoint anchored =
          checkpoint.verify(name, CheckpointKeys.named(name, history.keys().keys()));
      // A log whose own checkpoints are gone has no origin but that of what its key signed.
      if (origin.orElse(name).equals(name)) {
        if (isInItsTime(checkpoint)) {
          hold(anchored, tiles);
        } else {
          outOfTime++;
        }
      } else {
        unknown(
            "a key of this log signed a checkpoint of another origin in it: the log was rebuilt under another name, or one key signs two logs");
      }
    } catch (VerificationException e) {
      if (!origin.orElse(name).equals(name)) {
        others++;
      } else if (e.reason() == Reason.BAD_SIGNATURE) {
        broken(
            ANCHOR,
            "a checkpoint over %s rows in it is forged: %s"
                .formatted(checkpoint.unverified().size(), e.getMessage()));
      } else {
        unknown++;
      }
    }
  }

  /**
   * Whether a key signed that signs so many rows. One that was given up may be in anyone's hands;
   * but what it signed is not nothing either, since a rebuilt chain may say that it was given up.
   */
  private boolean isInItsTime(SignedCheckpoint signed) {
    Checkpoint anchored = signed.unverified();
    try {
      signed.verify(
          anchored.origin(),
          CheckpointKeys.named(anchored.origin(), history.signingAt(anchored.size())));
      return true;
    } catch (VerificationException e) {
      return false;
    }
  }

  /** Holds what the log signed against what it is. */
  private void hold(Checkpoint anchored, Tiles tiles) throws LedgerException {
    signed++;
    largest = Math.max(largest, anchored.size());
    largestOfAll = Math.max(largestOfAll, largest);
    if (anchored.size() > rows && copy) {
      beyondCopy++;
    } else if (anchored.size() > rows && anchored.size() > grownTo()) {
      broken(
          ROLLBACK,
          "the log was rolled back: it signed a checkpoint over %s rows, and there are %s"
              .formatted(anchored.size(), rows));
    } else if (findings.hasFault(TreeCheck.TREE) || ledger.treeSize().isEmpty()) {
      unknown(
          "whether its checkpoint over %s rows is of this chain cannot be told without the tree"
              .formatted(anchored.size()));
    } else {
      holdRoot(anchored, tiles);
    }
  }

  /** A log at work has grown, and anchored that, since its rows were read. */
  private long grownTo() throws LedgerException {
    long last = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
    return findings.hasFault(TreeCheck.TREE) ? last : Math.min(ledger.treeSize().orElse(0), last);
  }

  private void holdRoot(Checkpoint anchored, Tiles tiles) {
    try {
      if (!TiledNodes.tree(tiles, anchored.size()).root().equals(anchored.root())) {
        broken(
            FORK,
            "the log was forked: it signed a checkpoint over %s rows that are not these"
                .formatted(anchored.size()));
      }
    } catch (LedgerException e) {
      unknown(
          "whether its checkpoint over %s rows is of this chain cannot be told: %s"
              .formatted(anchored.size(), e.getMessage()));
    }
  }

  private void conclude() {
    if (beyondCopy > 0) {
      unknown(
          "this copy has %s rows, and the log signed a checkpoint over %s: the copy is older, or was rolled back"
              .formatted(rows, largest));
    }
    if (outOfTime > 0) {
      unknown(
          "%s checkpoints in it are signed by a key of this log that was revoked before, or is introduced after: others may hold it, or the chain was rebuilt"
              .formatted(outOfTime));
    }
    if (signed == 0 && outOfTime == 0) {
      unknown(
          "it has no checkpoint that a known key of this log signed; %s that others did, %s of other logs, %s that cannot be read"
              .formatted(unknown, others, unreadable));
      return;
    }
    if (unknown > 0 || unreadable > 0) {
      unknown(
          "%s checkpoints in it are signed by no known key, and %s cannot be read: they prove nothing"
              .formatted(unknown, unreadable));
    }
    if (signed > 0 && !doubted) {
      findings.ok(
          ANCHOR,
          "%s: %s of this chain; %s behind the last"
              .formatted(
                  file,
                  Findings.count(signed, "checkpoint", "checkpoints"),
                  Findings.count(Math.max(0, rows - largest), "row", "rows")));
    }
  }

  /** Whether a later checkpoint was signed, and that not just now. */
  private boolean isStale() throws LedgerException {
    long last = ledger.lastCheckpoint().map(StoredCheckpoint::size).orElse(0L);
    if (last <= largestOfAll) {
      return false;
    }
    try {
      return ledger
          .row(largestOfAll + 1)
          .map(row -> Instant.parse(row.timestamp()).isBefore(Instant.now().minus(LAG)))
          .orElse(true);
    } catch (DateTimeException e) {
      return true;
    }
  }

  /** The name that a log has in its last checkpoint, if that is signed by a key of the log. */
  static Optional<String> origin(LedgerReader ledger, KeyHistory history) {
    try {
      Optional<StoredCheckpoint> last = ledger.lastCheckpoint();
      if (last.isEmpty()) {
        return Optional.empty();
      }
      SignedCheckpoint signed = SignedCheckpoint.parse(last.get().note());
      String name = signed.unverified().origin();
      return Optional.of(
          signed.verify(name, CheckpointKeys.named(name, history.keys().keys())).origin());
    } catch (CheckpointParseException | VerificationException e) {
      // Anyone may have put it there, to have what the log signed taken for another log's.
      return Optional.empty();
    } catch (LedgerException e) {
      // That is said of the tree.
      return Optional.empty();
    }
  }

  private void broken(String check, String message) {
    doubted = true;
    findings.broken(check, file + ": " + message);
  }

  private void unknown(String message) {
    doubted = true;
    findings.unknown(ANCHOR, file + ": " + message);
  }

  /** The stored tiles, of which the last few are kept. */
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
