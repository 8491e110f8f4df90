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
 * A transparency log of arbitrary entries in a directory of static files (C2SP tlog-tiles). For
 * equal entries, key and origin, every implementation writes equal files, because Ed25519 is
 * deterministic.
 *
 * <p>{@link #append} keeps an entry in memory. When {@link #sign} returns, the entry is in the log
 * and on disk. If the process ends before that, the entry is lost, and no checkpoint covers it.
 * Opening a log reads and verifies the last checkpoint, and each new checkpoint continues it. Only
 * one writer can have a log open. Used by one thread.
 */
public final class RawLog implements AutoCloseable {
  private final LogDirectory directory;
  private final NoteSigner signer;

  /** The tree of the last signed checkpoint. */
  private TileEdge edge;

  private Optional<SignedCheckpoint> last;

  /** The entries of the last signed partial bundle, then the entries appended since. */
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
   * Opens a log, or creates one.
   *
   * @param directory the directory of its files; created if it does not exist
   * @param signer the log's key, whose name is the log's origin
   * @throws LogDirectoryException if the directory cannot be used, belongs to another log or
   *     another key, or its last tiles and entries do not match its checkpoint
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
            directory + ": its tiles do not match its checkpoint");
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
            "%s: entry %s is not the one that the checkpoint covers"
                .formatted(files.path(), index * TilePath.FULL_WIDTH + i));
      }
    }
    return new ArrayList<>(entries);
  }

  /**
   * Appends an entry, which stays in memory until {@link #sign}.
   *
   * @return the entry's index, from 0
   * @throws IllegalArgumentException if the entry is longer than {@link
   *     EntryBundle#MAX_ENTRY_BYTES}
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

  /** Returns the number of entries, including those that no checkpoint covers yet. */
  public long size() {
    return edge.size() - edge.size() % TilePath.FULL_WIDTH + entries.size();
  }

  /** Returns the last signed checkpoint, or empty. */
  public Optional<SignedCheckpoint> checkpoint() {
    return last;
  }

  /**
   * Writes the files of all appended entries, then signs and publishes a checkpoint that covers
   * them. If it throws, the entries are kept for the next call.
   *
   * @return the new checkpoint; the last one if nothing was appended since
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

  /** Adds a file. Replaces a file that a crashed process left and no checkpoint covers. */
  private void add(TilePath path, byte[] bytes) throws LogDirectoryException {
    directory.removeUnpublished(path, edge.size());
    directory.add(path, bytes);
  }

  /** Closes the log. Appended entries that no checkpoint covers are lost. */
  @Override
  public void close() {
    directory.close();
  }
}
