// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

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
import dev.indelible.verify.Finding.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Recomputes the Merkle tree from the rows, and holds the stored tiles and every checkpoint against
 * it. Since a leaf is the very hash that the next row links to, a chain without its tree is caught
 * as well as a tree without its chain. Used by one thread.
 */
final class TreeCheck implements Check {
  static final String TREE = "tree";
  static final String CHECKPOINTS = "checkpoints";

  /** Rows that the tree grows by at once. */
  private static final int ROWS_AT_ONCE = 1_024;

  private final Findings findings;
  private final LedgerReader ledger;
  private final CheckpointKeys keys;

  /**
   * What does not hold, as far as it is named; said at the end, behind what is wrong with single
   * rows.
   */
  private final List<Finding> faults = new ArrayList<>();

  /** How many faults more there are. */
  private long unnamed;

  /** Whether there is a tally: what writes those keeps a tree. */
  private boolean tallied;

  /** The record hashes of the rows that the tree has not grown by yet. */
  private final List<Hash> arriving = new ArrayList<>(ROWS_AT_ONCE);

  /** The widest tile of each level that is not full, as the rows so far make it. */
  private final Map<Integer, Tile> partial = new HashMap<>();

  private TileEdge edge;

  /** The last checkpoint there was when this began: later ones may be over rows not looked at. */
  private final Optional<StoredCheckpoint> last;

  private final boolean hasTree;

  /** The size of the tree when this began, which can be no more than the rows read since. */
  private final long leavesBefore;

  /** The rows that are not looked at. */
  private final long before;

  /** The checkpoints up to that size were looked at; at first none, not even that of the start. */
  private long checkedTo;

  private String origin = "";
  private boolean tilesHold = true;
  private long checkpoints;

  /** The size of the largest checkpoint that holds. */
  private long covered;

  /**
   * A check of the tree of the rows that follow {@code start}.
   *
   * @param keys whose signature its checkpoints are to have
   * @param start the tree before them, trusted
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
      unreadable(e);
    }
    this.hasTree = leaves.isPresent();
    this.leavesBefore = leaves.orElse(0);
    this.last = checkpoint;
  }

  /** How many rows the last checkpoint that holds is over. */
  long covered() {
    return covered;
  }

  @Override
  public void row(CheckedRow row) {
    tallied |= row.is(SystemEvent.TALLY) && row.isSound();
    arriving.add(Hash.of(row.head().hash()));
    if (arriving.size() == ROWS_AT_ONCE) {
      takeIn();
    }
  }

  @Override
  public void end() {
    takeIn();
    if (hasTree) {
      for (Tile tile : partial.values()) {
        compare(tile, edge.size());
      }
      requireWholeTree();
      requireNoCutTail();
    } else if (tilesHold) {
      noTree();
    }
    boolean noneBehindStart = checkpoints == 0 && isBefore(last);
    if (noneBehindStart) {
      noneBehindStart(last.get());
    }
    faults.forEach(findings::fault);
    findings.countMore(unnamed);
    findings.holds(TREE, "its tiles are those of " + edge.size() + " rows");
    if (noneBehindStart || findings.hasFault(CHECKPOINTS)) {
      return;
    }
    if (checkpoints > 0) {
      findings.ok(
          CHECKPOINTS,
          "%s of %s, each continuing the one before; %s behind the last"
              .formatted(
                  Findings.count(checkpoints, "checkpoint", "checkpoints"),
                  origin,
                  Findings.count(edge.size() - covered, "row", "rows")));
    } else if (!keys.origins().isEmpty()) {
      findings.unknown(
          CHECKPOINTS,
          "there is none: whether this is the log that the key was given for cannot be told");
    } else {
      findings.absent(
          CHECKPOINTS, "there is none: that rows were cut from the end could not be seen");
    }
  }

  /** Grows the tree by the rows that arrived, and holds each checkpoint on the way against it. */
  private void takeIn() {
    List<StoredCheckpoint> due = new ArrayList<>();
    long start = edge.size();
    long upTo = Math.min(start + arriving.size(), last.map(StoredCheckpoint::size).orElse(0L));
    try {
      ledger.forEachCheckpoint(checkedTo + 1, upTo, due::add);
    } catch (LedgerException e) {
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
   * A stored tile may have grown on since, but never be another, nor have more or less than the
   * tree has of it.
   *
   * @param leaves as many as the tree has with that tile
   */
  private void compare(Tile tile, long leaves) {
    if (!hasTree || !tilesHold) {
      return;
    }
    try {
      if (!isStored(tile, leaves)) {
        tilesHold = false;
        fault(TREE, OptionalLong.empty(), tile.path() + " is not that of the rows, or is missing");
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
    // Of a tree that says itself that it is smaller than the chain, that is told, and not this.
    boolean whole = stored.length >= made.length || leavesBefore < leaves;
    boolean grown = path.isFull() || ledger.treeSize().orElse(0) != leaves;
    int most = grown ? Tile.FULL_BYTES : made.length;
    return same && whole && stored.length <= most && stored.length % Hash.BYTES == 0;
  }

  /** The rows are looked at all the same, and the checkpoints that can be read. Said once. */
  private void unreadable(LedgerException e) {
    if (tilesHold) {
      tilesHold = false;
      Status status = e.isDamaged() ? Status.BROKEN : Status.UNKNOWN;
      fault(new Finding(TREE, status, OptionalLong.empty(), "cannot be read: " + e.getMessage()));
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
      fault(
          CHECKPOINTS,
          OptionalLong.empty(),
          which(stored) + " was signed over other rows than these");
    }
  }

  private static String which(StoredCheckpoint stored) {
    return "the checkpoint over %s rows".formatted(stored.size());
  }

  /** What a checkpoint states, if the log signed it, and for that many rows; else that is said. */
  private Optional<Checkpoint> signed(StoredCheckpoint stored) {
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(stored.note());
      Checkpoint checkpoint = signed.unverified();
      origin = origin.isEmpty() ? checkpoint.origin() : origin;
      keys.verify(signed, origin, stored.size());
      if (checkpoint.size() == stored.size()) {
        return Optional.of(checkpoint);
      }
      fault(
          CHECKPOINTS,
          OptionalLong.empty(),
          which(stored) + " says that it is over " + checkpoint.size());
    } catch (CheckpointParseException e) {
      fault(
          CHECKPOINTS, OptionalLong.empty(), which(stored) + " cannot be read: " + e.getMessage());
    } catch (VerificationException e) {
      boolean unknown = e.reason() == Reason.NO_KNOWN_SIGNATURE;
      fault(
          new Finding(
              CHECKPOINTS,
              unknown ? Status.UNKNOWN : Status.BROKEN,
              OptionalLong.empty(),
              which(stored) + ": " + e.getMessage()));
    }
    return Optional.empty();
  }

  private boolean isBefore(Optional<StoredCheckpoint> checkpoint) {
    return checkpoint.isPresent()
        && 0 < checkpoint.get().size()
        && checkpoint.get().size() < before;
  }

  /** The last one is over rows that are not looked at: whose it is, is looked at all the same. */
  private void noneBehindStart(StoredCheckpoint stored) {
    if (signed(stored).isPresent()) {
      findings.absent(
          CHECKPOINTS, "the last is over %s rows, which were not checked".formatted(stored.size()));
    }
  }

  /** Only a log of an early version has none, until its next start. */
  private void noTree() {
    String message =
        tallied
            ? "it is gone: the chain has a tally, and what writes those keeps a tree"
            : "there is none, and with it no checkpoint; the next start of the log makes one";
    fault(
        new Finding(TREE, tallied ? Status.BROKEN : Status.UNKNOWN, OptionalLong.empty(), message));
  }

  /** Rows that have no leaf were not written by this log; leaves that have no row are missed. */
  private void requireWholeTree() {
    long leaves = leavesBefore;
    try {
      leaves = ledger.treeSize().orElse(0);
    } catch (LedgerException e) {
      unreadable(e);
    }
    if (tilesHold && (leaves < edge.size() || leavesBefore > edge.size())) {
      fault(
          TREE,
          OptionalLong.of(Math.min(leaves, edge.size()) + 1),
          "it has %s leaves, and the chain %s rows".formatted(leaves, edge.size()));
    }
  }

  private void requireNoCutTail() {
    long signed = last.map(StoredCheckpoint::size).orElse(0L);
    if (signed > edge.size()) {
      fault(
          CHECKPOINTS,
          OptionalLong.of(edge.size() + 1),
          "rows are gone from the end: there are %s, and a checkpoint is over %s"
              .formatted(edge.size(), signed));
    }
  }

  private void fault(String check, OptionalLong sequence, String message) {
    fault(new Finding(check, Status.BROKEN, sequence, message));
  }

  /** Room is kept for the first proof of a break. */
  private void fault(Finding fault) {
    boolean broken = fault.status() == Status.BROKEN;
    int most = broken ? Verifier.MAX_FINDINGS : Verifier.MAX_FINDINGS - 1;
    if (faults.size() < most) {
      faults.add(fault);
    } else {
      unnamed++;
    }
  }
}
