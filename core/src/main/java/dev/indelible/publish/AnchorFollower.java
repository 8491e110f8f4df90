// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeySource;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.note.KeyHistory;
import dev.indelible.storage.LedgerSource;
import dev.indelible.storage.StoredTiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * Appends a log's checkpoints to an anchor file as they are signed, and reports a log that does not
 * continue the checkpoints in the file (D1).
 *
 * <p>It delays no event: its thread reads the ledger like any other reader. Neither the queue nor
 * the drainer waits for it, even if the file's disk is full or does not respond.
 *
 * <p>It compares the file with the ledger to find missing checkpoints, so a killed process causes
 * no gap. An empty file begins with the last checkpoint, which covers all rows before it.
 */
public final class AnchorFollower extends Follower {
  /** Checkpoints appended with one sync. */
  private static final int AT_ONCE = 1_000;

  private final AnchorFile file;
  private final KeySource keys;
  private final Consumer<String> contradicted;

  /**
   * The size of the last checkpoint in the file; empty while unknown. Written by the follower's
   * thread.
   */
  private volatile OptionalLong anchored = OptionalLong.empty();

  /**
   * State of the anchor file.
   *
   * @param anchored the size of the last checkpoint in the file that the log's key signed: 0 if
   *     there is none, empty while that is unknown
   * @param trouble the current fault; empty if there is none
   */
  public record State(OptionalLong anchored, Optional<String> trouble) {}

  private AnchorFollower(
      Path file,
      LedgerSource source,
      KeySource keys,
      HealthEntries health,
      Consumer<String> contradicted) {
    super(HealthEntry.ANCHOR, health, source, DEFAULT_INTERVAL);
    this.file = new AnchorFile(file);
    this.keys = keys;
    this.contradicted = contradicted;
  }

  /**
   * Starts a follower.
   *
   * @param file the anchor file; created if it does not exist
   * @param source the ledger; it need not exist yet
   * @param keys the log's public keys
   * @param health receives an entry while looks end with an exception or error
   * @param contradicted receives the reason if the log does not continue the file
   */
  public static AnchorFollower start(
      Path file,
      LedgerSource source,
      KeySource keys,
      HealthEntries health,
      Consumer<String> contradicted) {
    AnchorFollower anchoring = new AnchorFollower(file, source, keys, health, contradicted);
    anchoring.start();
    return anchoring;
  }

  /** Returns the state of the anchor file. */
  public State state() {
    return new State(anchored, trouble());
  }

  /**
   * Returns the largest checkpoint near the end of an anchor file that the log signed; empty if
   * there is none.
   *
   * @param origin the log's name
   * @param history the log's keys, and the rows that each may sign
   * @throws IOException if the file cannot be read
   */
  public static Optional<Checkpoint> anchored(Path file, String origin, KeyHistory history)
      throws IOException {
    return new AnchorFile(file).last(origin, history);
  }

  @Override
  List<Path> files() {
    return List.of(file.path());
  }

  @Override
  Optional<String> look(LedgerReader ledger)
      throws LedgerException, KeyException, CheckpointParseException {
    try {
      return follow(ledger);
    } catch (IOException e) {
      return Optional.of(
          "%s: cannot be appended to: %s".formatted(file.path(), DurableFiles.reason(e)));
    }
  }

  private Optional<String> follow(LedgerReader ledger)
      throws LedgerException, KeyException, CheckpointParseException, IOException {
    Optional<StoredCheckpoint> stored = ledger.lastCheckpoint();
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    Checkpoint last = SignedCheckpoint.parse(stored.get().note()).unverified();
    KeyHistory history = KeyHistory.read(ledger, keys.accepted(), false);
    Optional<Checkpoint> known = file.last(last.origin(), history);
    long size = known.map(Checkpoint::size).orElse(0L);
    anchored = OptionalLong.of(size);
    if (known.isPresent()) {
      Optional<String> contradiction = contradiction(ledger, known.get(), last);
      if (contradiction.isPresent()) {
        contradicted.accept(contradiction.get());
        return contradiction;
      }
    }
    return append(ledger, history, known.isPresent() ? size + 1 : last.size(), last);
  }

  /** Returns the reason that the log does not continue the file; empty if it does. */
  private Optional<String> contradiction(LedgerReader ledger, Checkpoint known, Checkpoint last)
      throws LedgerException {
    if (known.size() > ledger.treeSize().orElse(0)) {
      // Another process may have signed and anchored a checkpoint since the ledger was opened.
      return known.size() <= rows()
          ? Optional.empty()
          : Optional.of(
              "%s: the log was rolled back: the anchor has its checkpoint over %s rows, but its last checkpoint is over %s"
                  .formatted(file.path(), known.size(), last.size()));
    }
    Hash root = TiledNodes.tree(new StoredTiles(ledger), known.size()).root();
    return root.equals(known.root())
        ? Optional.empty()
        : Optional.of(
            "%s: the log was forked: the anchor has its checkpoint over %s rows that differ from the ledger's"
                .formatted(file.path(), known.size()));
  }

  /**
   * Appends the missing checkpoints, up to the last one.
   *
   * @return the reason that a checkpoint is left out; empty if none is
   */
  private Optional<String> append(
      LedgerReader ledger, KeyHistory history, long from, Checkpoint last)
      throws LedgerException, CheckpointParseException, IOException {
    Optional<String> leftOut = Optional.empty();
    long next = from;
    while (next <= last.size()) {
      List<StoredCheckpoint> missing = new ArrayList<>();
      ledger.forEachCheckpoint(
          next,
          last.size(),
          stored -> {
            missing.add(stored);
            return missing.size() < AT_ONCE;
          });
      if (missing.isEmpty()) {
        return leftOut;
      }
      List<SignedCheckpoint> signed = new ArrayList<>();
      for (StoredCheckpoint stored : missing) {
        SignedCheckpoint checkpoint = SignedCheckpoint.parse(stored.note());
        // If it were appended without this signature, the next look would not recognise it as the
        // log's own, and would append it again.
        if (AnchorFile.signed(checkpoint, last.origin(), history).isPresent()) {
          signed.add(checkpoint);
        } else {
          leftOut =
              Optional.of(
                  "%s: the checkpoint over %s rows is not appended: no key that is valid at this size signed it; 'indelible log verify' reports details"
                      .formatted(file.path(), stored.size()));
        }
      }
      if (!signed.isEmpty()) {
        file.append(signed);
        anchored = OptionalLong.of(signed.get(signed.size() - 1).unverified().size());
      }
      next = missing.get(missing.size() - 1).size() + 1;
    }
    return leftOut;
  }
}
