// SPDX-License-Identifier: Apache-2.0
package dev.indelible.tlog;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.merkle.EntryBundle;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileEdge;
import dev.indelible.merkle.TilePath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A transparency log of raw entries in a directory of static files (C2SP tlog-tiles), beneath
 * anything an audit log knows of. The same entries appended under the same key and origin give the
 * same files as any other implementation: Ed25519 is deterministic.
 *
 * <p>An entry is in the log once {@link #sign} has returned after it was appended, and then it is
 * on disk. One that was appended and not signed over is lost with the process, and no checkpoint
 * ever said that it was there. Each checkpoint continues the last, which is read from the disk and
 * checked when the log is opened; while it is open no other writer can open it. Used by one thread.
 */
public final class RawLog implements AutoCloseable {
  private final LogDirectory directory;
  private final NoteSigner signer;

  /** The tree as it was last signed. */
  private TileEdge edge;

  private Optional<SignedCheckpoint> last;

  /** The entries of the partial bundle that the log was signed with, and then those appended. */
  private final List<byte[]> entries;

  private RawLog(
      LogDirectory directory,
      NoteSigner signer,
      TileEdge edge,
      Optional<SignedCheckpoint> last,
      List<byte[]> entries) {
    this.directory = directory;
    this.signer = signer;
    this.edge = edge;
    this.last = last;
    this.entries = entries;
  }

  /**
   * Opens a log, or begins one.
   *
   * @param directory where its files are; made if it is not there
   * @param signer its key, by the name that is the log's origin
   * @throws LogDirectoryException if the directory cannot be used, holds another log or one signed
   *     by another key, or its last tiles and entries are not what its checkpoint is over
   */
  public static RawLog open(Path directory, NoteSigner signer) throws LogDirectoryException {
    LogDirectory files = LogDirectory.openForWriting(directory);
    try {
      Optional<SignedCheckpoint> last = files.checkpoint();
      if (last.isEmpty()) {
        return new RawLog(files, signer, TileEdge.EMPTY, last, new ArrayList<>());
      }
      Checkpoint published = last.get().verify(signer.verifierKey());
      TileEdge edge = TileEdge.read(published.size(), files.tiles());
      if (!edge.root().equals(published.root())) {
        throw LogDirectoryException.contradicted(
            directory + ": its tiles are not those that its checkpoint was signed over");
      }
      return new RawLog(files, signer, edge, last, partialBundle(files, published.size()));
    } catch (VerificationException e) {
      files.close();
      throw LogDirectoryException.unfit(
          directory + ": holds a log that cannot be continued here: " + e.getMessage(), e);
    } catch (LogDirectoryException | RuntimeException e) {
      files.close();
      throw e;
    }
  }

  private static List<byte[]> partialBundle(LogDirectory files, long size)
      throws LogDirectoryException {
    int width = (int) (size % TilePath.FULL_WIDTH);
    if (width == 0) {
      return new ArrayList<>();
    }
    long index = size / TilePath.FULL_WIDTH;
    List<byte[]> entries = files.entries(new TilePath(TilePath.ENTRIES, index, width));
    Tile leaves = files.tiles().tile(new TilePath(0, index, width));
    for (int i = 0; i < width; i++) {
      if (!Hash.ofLeaf(entries.get(i)).equals(leaves.hash(i))) {
        throw LogDirectoryException.contradicted(
            "%s: entry %s is not the one that the checkpoint was signed over"
                .formatted(files.path(), index * TilePath.FULL_WIDTH + i));
      }
    }
    return new ArrayList<>(entries);
  }

  /**
   * Appends an entry. It is held in memory until {@link #sign}.
   *
   * @return its index, from 0
   * @throws IllegalArgumentException if it is longer than {@link EntryBundle#MAX_ENTRY_BYTES}
   */
  public long append(byte[] entry) {
    if (entry.length > EntryBundle.MAX_ENTRY_BYTES) {
      throw new IllegalArgumentException(
          "an entry of %s bytes; the limit is %s"
              .formatted(entry.length, EntryBundle.MAX_ENTRY_BYTES));
    }
    entries.add(entry.clone());
    return size() - 1;
  }

  /** How many entries there are, signed over or not. */
  public long size() {
    return edge.size() - edge.size() % TilePath.FULL_WIDTH + entries.size();
  }

  /** Returns the last signed checkpoint, or empty. */
  public Optional<SignedCheckpoint> checkpoint() {
    return last;
  }

  /**
   * Signs a checkpoint over all that was appended, and publishes it. Writes the files that this
   * takes first. If it throws, what was appended is still there to be signed over.
   *
   * @return the checkpoint; the last one if nothing was appended since
   */
  public SignedCheckpoint sign() throws LogDirectoryException {
    long signed = edge.size();
    if (last.isPresent() && size() == signed) {
      return last.get();
    }
    int known = (int) (signed % TilePath.FULL_WIDTH);
    List<Hash> leaves = entries.subList(known, entries.size()).stream().map(Hash::ofLeaf).toList();
    TileEdge.Growth growth = edge.append(leaves);
    for (TilePath path : TilePath.bundlesAdded(signed, growth.edge().size())) {
      int from = (int) ((path.index() - signed / TilePath.FULL_WIDTH) * TilePath.FULL_WIDTH);
      add(path, EntryBundle.of(entries.subList(from, from + path.width())).bytes());
    }
    for (Tile tile : growth.tiles()) {
      add(tile.path(), tile.bytes());
    }
    Hash root = growth.edge().root();
    SignedCheckpoint next =
        SignedCheckpoint.sign(
            Checkpoint.of(signer.verifierKey().name(), growth.edge().size(), root), signer);
    directory.publish(next.bytes());
    edge = growth.edge();
    last = Optional.of(next);
    entries.subList(0, entries.size() - (int) (edge.size() % TilePath.FULL_WIDTH)).clear();
    return next;
  }

  /** A file that an earlier run left without a checkpoint over it gives way. */
  private void add(TilePath path, byte[] bytes) throws LogDirectoryException {
    directory.removeUnpublished(path, edge.size());
    directory.add(path, bytes);
  }

  /** Gives the log free. What was appended and not signed over is lost. */
  @Override
  public void close() {
    directory.close();
  }
}
