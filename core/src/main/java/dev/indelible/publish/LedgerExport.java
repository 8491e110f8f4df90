// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InvalidProofException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.tlog.LogDirectory;
import dev.indelible.tlog.LogDirectoryException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes a ledger as a log of static files (C2SP tlog-tiles), up to its last checkpoint. An entry
 * is a row's record, so a leaf is the row's record hash; payloads stay in the ledger.
 *
 * <p>Guarantees that only entries under that checkpoint are written: before a file is written, each
 * row is verified against its tile, and each tile against the signed root. The log published before
 * must be a prefix of this log. A further export writes only new entries. Used by one thread.
 */
public final class LedgerExport {
  /**
   * Name of a file with the log's public keys, one vkey per line; an addition to the standard
   * layout.
   */
  public static final String VKEYS = "vkeys";

  private final LedgerReader ledger;
  private final KeyRing keys;
  private final LogDirectory directory;
  private final LongConsumer progress;

  /**
   * Creates an export.
   *
   * @param keys the log's own public keys
   * @param progress receives the number of rows written, from time to time
   */
  public LedgerExport(
      LedgerReader ledger, KeyRing keys, LogDirectory directory, LongConsumer progress) {
    this.ledger = ledger;
    this.keys = keys;
    this.directory = directory;
    this.progress = progress;
  }

  /**
   * Writes the new entries and tiles, and the checkpoint last.
   *
   * @return the checkpoint that the directory has now
   * @throws EvidenceException if the ledger has no checkpoint, or contradicts its checkpoint or the
   *     published log; the published checkpoint is then unchanged
   */
  public Checkpoint write() throws LedgerException, LogDirectoryException {
    SignedTree last = SignedTree.last(ledger, keys);
    Checkpoint now = last.checkpoint();
    Checkpoint published = published(now.origin());
    requireContinued(published, last);
    TiledLog log = new TiledLog(ledger, last.tiles(), now);
    for (TilePath path : TilePath.bundlesAdded(published.size(), now.size())) {
      directory.add(path, log.file(path));
      progress.accept(path.index() * TilePath.FULL_WIDTH + path.width());
    }
    for (TilePath path : TilePath.added(published.size(), now.size())) {
      directory.add(path, log.file(path));
    }
    directory.replace(VKEYS, vkeys(now.origin(), last.secondKey(ledger, keys)));
    directory.publish(last.signed().bytes());
    return now;
  }

  /** Returns the checkpoint published before; if there is none, the checkpoint of an empty log. */
  private Checkpoint published(String origin) throws LogDirectoryException {
    Optional<SignedCheckpoint> there = directory.checkpoint();
    if (there.isEmpty()) {
      return Checkpoint.of(origin, 0, Hash.EMPTY_TREE);
    }
    try {
      return there.get().verify(origin, VerifierKey.ofLog(origin, keys.keys()));
    } catch (VerificationException e) {
      throw LogDirectoryException.unfit(
          directory.path() + ": holds another log; name another directory: " + e.getMessage(), e);
    }
  }

  /**
   * Requires that the ledger continues the published log, and that the directory has the partial
   * tiles that the export continues.
   */
  private void requireContinued(Checkpoint published, SignedTree last)
      throws LedgerException, LogDirectoryException {
    Checkpoint now = last.checkpoint();
    if (published.size() > now.size()
        && ledger.treeSize().orElse(0) >= published.size()
        && TiledNodes.tree(last.tiles(), published.size()).root().equals(published.root())) {
      throw EvidenceException.absent(
          "%s: %s rows were published, and the last checkpoint of the ledger is over %s: a fail-over can lose the latest checkpoint; export again once the next one is signed",
          directory.path(), published.size(), now.size());
    }
    if (published.size() > now.size()) {
      throw EvidenceException.contradicted(
          "%s: %s rows were published, and the last checkpoint of the ledger is over %s: it was rolled back",
          directory.path(), published.size(), now.size());
    }
    if (published.size() == 0) {
      return;
    }
    try {
      last.tree().consistencyProof(published.size()).verify(published.root(), now.root());
    } catch (InvalidProofException e) {
      throw EvidenceException.contradicted(
          "%s: the ledger is not the one that was published from: %s",
          directory.path(), e.getMessage());
    }
    TiledLog log = new TiledLog(ledger, last.tiles(), published);
    for (TilePath path : TilePath.partial(published.size())) {
      if (path.level() == 0) {
        TilePath entries = new TilePath(TilePath.ENTRIES, path.index(), path.width());
        directory.add(entries, log.file(entries));
      }
      directory.add(path, log.file(path));
    }
  }

  private byte[] vkeys(String origin, Optional<VerifierKey> second) {
    return Stream.concat(VerifierKey.ofLog(origin, keys.keys()).stream(), second.stream())
        .map(VerifierKey::vkey)
        .collect(Collectors.joining("\n", "", "\n"))
        .getBytes(StandardCharsets.UTF_8);
  }
}
