// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileEdge;
import dev.indelible.merkle.TilePath;
import dev.indelible.verify.Finding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Recomputes the Merkle tree from the rows, and compares it with the stored tiles and with every
 * checkpoint. A leaf is the record hash that the next row links to, so both a row without a leaf
 * and a leaf without a row are found. Used by one thread.
 */
final class TreeCheck implements Check {
  /** Rows that are added to the tree at once. */
  private static final int ROWS_AT_ONCE = 1_024;

  /** Prefix of a log's default name; the id of the ledger follows. */
  private static final String OWN_ORIGIN = "indelible/";

  private final Findings findings;
  private final LedgerReader ledger;
  private final CheckpointKeys keys;

  /** Faults of tree and checkpoints, reported at the end, after the faults of single rows. */
  private final Findings faults = new Findings();

  /** True if there is a tally; a version that writes tallies also writes a tree. */
  private boolean tallied;

  /** Record hashes of rows that are not in the tree yet. */
  private final List<Hash> arriving = new ArrayList<>(ROWS_AT_ONCE);

  /** The partial tile of each level, computed from the rows so far. */
  private final Map<Integer, Tile> partial = new HashMap<>();

  private TileEdge edge;

  /**
   * The last checkpoint at the start of the check; later ones may be over rows that are not read.
   */
  private final Optional<StoredCheckpoint> last;

  private final boolean hasTree;

  /** The size of the tree at the start, which is at most the number of rows read afterwards. */
  private final long leavesBefore;

  /** The number of rows before the first row checked. */
  private final long before;

  /**
   * The size up to which checkpoints are checked; initially less than the size of the trusted tree.
   */
  private long checkedTo;

  private String origin = "";
  private boolean tilesHold = true;
  private boolean checkpointsRead = true;
  private long checkpoints;

  /** The size of the largest valid checkpoint. */
  private long covered;

  /**
   * Creates a check.
   *
   * @param keys the keys that sign checkpoints
   * @param start the trusted tree of the rows before the first row checked
   */
  TreeCheck(Findings findings, LedgerReader ledger, CheckpointKeys keys, TileEdge start) {
    this.findings = findings;
    this.ledger = ledger;
    this.keys = keys;
    this.edge = start;
    this.before = start.size();
    this.checkedTo = start.size() == 0 ? Long.MIN_VALUE : start.size() - 1;
    OptionalLong leaves = OptionalLong.empty();
    Optional<StoredCheckpoint> checkpoint = Optional.empty();
    try {
      leaves = ledger.treeSize();
      checkpoint = ledger.lastCheckpoint();
    } catch (LedgerException e) {
      checkpointsRead = false;
      unreadable(e);
    }
    this.hasTree = leaves.isPresent();
    this.leavesBefore = leaves.orElse(0);
    this.last = checkpoint;
  }

  /** Returns the size of the last valid checkpoint. */
  long covered() {
    return covered;
  }

  @Override
  public void row(CheckedRow row) {
    tallied |= row.is(SystemEvent.TALLY) && row.isSound();
    arriving.add(Hash.of(row.head().hash()));
    if (arriving.size() == ROWS_AT_ONCE) {
      grow();
    }
  }

  @Override
  public void end() {
    grow();
    if (hasTree) {
      for (Tile tile : partial.values()) {
        compare(tile, edge.size());
      }
      requireWholeTree();
      requireNoCutTail();
    } else if (tilesHold) {
      noTree();
    }
    boolean noneAfterStart = checkpoints == 0 && isBefore(last);
    if (noneAfterStart) {
      noneAfterStart(last.get());
    }
    findings.addFaults(faults);
    findings.holds(Finding.TREE, "its tiles are those of " + edge.size() + " rows");
    if (noneAfterStart || findings.hasFault(Finding.CHECKPOINTS)) {
      return;
    }
    compareLedger();
    if (!checkpointsRead) {
      findings.unknown(
          Finding.CHECKPOINTS,
          "not all of them can be read, so rows cut from the end may not be detected");
    } else if (checkpoints > 0) {
      findings.ok(
          Finding.CHECKPOINTS,
          "%s of %s, each continuing the one before; %s after the last"
              .formatted(
                  Findings.count(checkpoints, "checkpoint", "checkpoints"),
                  origin,
                  Findings.count(edge.size() - covered, "row", "rows")));
    } else if (!keys.origins().isEmpty()) {
      findings.unknown(
          Finding.CHECKPOINTS,
          "there is none, so nothing proves that this is the log for which the key was given");
    } else {
      findings.absent(
          Finding.CHECKPOINTS, "there is none, so rows cut from the end would not be detected");
    }
  }

  /**
   * Adds the collected rows to the tree, and compares each checkpoint with the tree at its size.
   */
  private void grow() {
    List<StoredCheckpoint> due = new ArrayList<>();
    long start = edge.size();
    long upTo = Math.min(start + arriving.size(), last.map(StoredCheckpoint::size).orElse(0L));
    try {
      ledger.forEachCheckpoint(checkedTo + 1, upTo, due::add);
    } catch (LedgerException e) {
      checkpointsRead = false;
      unreadable(e);
    }
    checkedTo = start + arriving.size();
    for (StoredCheckpoint checkpoint : due) {
      if (checkpoint.size() > edge.size()) {
        grow(arriving.subList((int) (edge.size() - start), (int) (checkpoint.size() - start)));
      }
      check(checkpoint);
    }
    grow(arriving.subList((int) (edge.size() - start), arriving.size()));
    arriving.clear();
  }

  private void grow(List<Hash> leaves) {
    if (leaves.isEmpty()) {
      return;
    }
    TileEdge.Growth growth = edge.append(leaves);
    for (Tile tile : growth.tiles()) {
      int level = tile.path().level();
      if (tile.path().isFull()) {
        compare(tile, growth.edge().size());
        partial.remove(level);
      } else {
        partial.put(level, tile);
      }
    }
    edge = growth.edge();
  }

  /**
   * Compares a tile with the stored tile. The stored tile may have grown since, but its earlier
   * hashes do not change.
   *
   * @param leaves the number of leaves of the tree with this tile
   */
  private void compare(Tile tile, long leaves) {
    if (!hasTree || !tilesHold) {
      return;
    }
    try {
      if (!isStored(tile, leaves)) {
        tilesHold = false;
        faults.broken(
            Finding.TREE, tile.path() + " differs from the tile of the rows, or is missing");
      }
    } catch (LedgerException e) {
      unreadable(e);
    }
  }

  private boolean isStored(Tile tile, long leaves) throws LedgerException {
    TilePath path = tile.path();
    byte[] made = tile.bytes();
    byte[] stored = ledger.tile(path.level(), path.index()).orElse(new byte[0]);
    int width = Math.min(stored.length, made.length);
    boolean same = Arrays.equals(stored, 0, width, made, 0, width) && width > 0;
    // requireWholeTree reports a tree with fewer leaves than the chain has rows.
    boolean whole = stored.length >= made.length || leavesBefore < leaves;
    boolean grown = path.isFull() || ledger.treeSize().orElse(0) != leaves;
    int most = grown ? Tile.FULL_BYTES : made.length;
    return same && whole && stored.length <= most && stored.length % Hash.BYTES == 0;
  }

  /** Reports once that the tree cannot be read; the checkpoints are still checked. */
  private void unreadable(LedgerException e) {
    if (tilesHold) {
      tilesHold = false;
      faults.unreadable(Finding.TREE, OptionalLong.empty(), "cannot be read: ", e);
    }
  }

  private void check(StoredCheckpoint stored) {
    Optional<Checkpoint> checkpoint = signed(stored);
    if (checkpoint.isEmpty()) {
      return;
    }
    if (checkpoint.get().root().equals(edge.root())) {
      checkpoints++;
      covered = stored.size();
    } else {
      faults.broken(Finding.CHECKPOINTS, which(stored) + " was signed over other rows than these");
    }
  }

  private static String which(StoredCheckpoint stored) {
    return "the checkpoint over %s rows".formatted(stored.size());
  }

  /** Returns the checkpoint if the log signed it at this size; reports a fault if not. */
  private Optional<Checkpoint> signed(StoredCheckpoint stored) {
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(stored.note());
      Checkpoint checkpoint = signed.unverified();
      origin = origin.isEmpty() ? checkpoint.origin() : origin;
      keys.verify(signed, origin, stored.size());
      if (checkpoint.size() == stored.size()) {
        return Optional.of(checkpoint);
      }
      faults.broken(
          Finding.CHECKPOINTS, which(stored) + " states that it is over " + checkpoint.size());
    } catch (CheckpointParseException e) {
      faults.broken(Finding.CHECKPOINTS, which(stored) + " cannot be read: " + e.getMessage());
    } catch (VerificationException e) {
      String message = which(stored) + ": " + e.getMessage();
      faults.fault(
          e.reason() == Reason.NO_KNOWN_SIGNATURE
              ? Finding.unknown(Finding.CHECKPOINTS, message)
              : Finding.broken(Finding.CHECKPOINTS, message));
    }
    return Optional.empty();
  }

  /** Compares the ledger's id with the id in the name of its checkpoints, if the name has one. */
  private void compareLedger() {
    try {
      Optional<UUID> named =
          origin.startsWith(OWN_ORIGIN)
              ? Optional.of(UUID.fromString(origin.substring(OWN_ORIGIN.length())))
              : Optional.empty();
      Optional<UUID> ledger = this.ledger.id();
      if (checkpoints > 0 && named.isPresent() && ledger.isPresent() && !named.equals(ledger)) {
        findings.broken(
            Finding.LEDGER,
            "the database states that it is ledger %s, but its checkpoints are of ledger %s"
                .formatted(ledger.get(), named.get()));
      }
    } catch (IllegalArgumentException e) {
      // The owner chose the log's name, so it contains no ledger id.
    } catch (LedgerException e) {
      unreadable(e);
    }
  }

  private boolean isBefore(Optional<StoredCheckpoint> checkpoint) {
    return checkpoint.isPresent()
        && 0 < checkpoint.get().size()
        && checkpoint.get().size() < before;
  }

  /** Checks the signature of the last checkpoint, which is over rows that are not checked. */
  private void noneAfterStart(StoredCheckpoint stored) {
    if (signed(stored).isPresent()) {
      findings.absent(
          Finding.CHECKPOINTS,
          "the last is over %s rows, which were not checked".formatted(stored.size()));
    }
  }

  /** Reports a missing tree. Only a log of an early version has no tree, until its next start. */
  private void noTree() {
    String message =
        tallied
            ? "it is missing: the chain has a tally, and every version that writes tallies also writes a tree"
            : "there is no tree, and so no checkpoint; the next start of the log creates a tree";
    faults.fault(
        tallied ? Finding.broken(Finding.TREE, message) : Finding.unknown(Finding.TREE, message));
  }

  /** Reports rows without a leaf, which this log did not write, and leaves without a row. */
  private void requireWholeTree() {
    long leaves = leavesBefore;
    try {
      leaves = ledger.treeSize().orElse(0);
    } catch (LedgerException e) {
      unreadable(e);
    }
    if (tilesHold && (leaves < edge.size() || leavesBefore > edge.size())) {
      faults.broken(
          Finding.TREE,
          Math.min(leaves, edge.size()) + 1,
          "it has %s leaves, but the chain has %s rows".formatted(leaves, edge.size()));
    }
  }

  private void requireNoCutTail() {
    long size = last.map(StoredCheckpoint::size).orElse(0L);
    if (size > edge.size()) {
      faults.broken(
          Finding.CHECKPOINTS,
          edge.size() + 1,
          (isSigned(last.get())
                  ? "rows are missing from the end: there are %s, but a checkpoint is over %s"
                  : "there are %s rows, but a checkpoint that no known key signed is over %s: it is"
                      + " forged, or later rows were removed together with the key that signed it")
              .formatted(edge.size(), size));
    }
  }

  private boolean isSigned(StoredCheckpoint stored) {
    try {
      CheckpointKeys.verifyByAny(SignedCheckpoint.parse(stored.note()), keys.history());
      return true;
    } catch (CheckpointParseException | VerificationException e) {
      return false;
    }
  }
}
