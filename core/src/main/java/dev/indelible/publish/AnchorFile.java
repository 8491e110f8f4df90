// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.AnchorReader;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.note.KeyHistory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;

/**
 * A file to which a log's checkpoints are appended, stored where the log's owner cannot change it.
 * It is only appended to, so it can be marked append-only. Several processes and several logs may
 * append to one file.
 *
 * @param path the file
 */
record AnchorFile(Path path) {
  /**
   * Bytes at the end that are read to find the last checkpoint; enough for several hundred
   * checkpoints.
   */
  private static final int TAIL_BYTES = 128 * 1024;

  /**
   * Returns the largest checkpoint near the file's end that one of the log's keys signed. All other
   * content is ignored, because anyone may have written it.
   *
   * @param history the log's keys, and the rows that each may sign
   */
  Optional<Checkpoint> last(String origin, KeyHistory history) throws IOException {
    if (Files.notExists(path)) {
      return Optional.empty();
    }
    Optional<Checkpoint> last = Optional.empty();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.position(Math.max(0, channel.size() - TAIL_BYTES));
      AnchorReader entries = new AnchorReader(Channels.newInputStream(channel));
      for (Optional<AnchorReader.Entry> entry = entries.next();
          entry.isPresent();
          entry = entries.next()) {
        Optional<Checkpoint> signed =
            entry.get().checkpoint().flatMap(checkpoint -> signed(checkpoint, origin, history));
        if (signed.isPresent() && signed.get().size() >= last.map(Checkpoint::size).orElse(0L)) {
          last = signed;
        }
      }
    }
    return last;
  }

  /** Returns the checkpoint if a key of the log that is valid at its size signed it. */
  static Optional<Checkpoint> signed(
      SignedCheckpoint checkpoint, String origin, KeyHistory history) {
    try {
      long size = checkpoint.unverified().size();
      return Optional.of(
          checkpoint.verify(origin, VerifierKey.ofLog(origin, history.signingAt(size))));
    } catch (VerificationException e) {
      return Optional.empty();
    }
  }

  /** Appends checkpoints durably. */
  void append(List<SignedCheckpoint> checkpoints) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (isCutShort()) {
      // Ends an incomplete entry, which a full disk may have left, so that the new entries are
      // separate from it.
      bytes.write('\n');
      bytes.write('\n');
    }
    for (SignedCheckpoint checkpoint : checkpoints) {
      bytes.write(AnchorReader.entry(checkpoint));
    }
    boolean isNew = create();
    DurableFiles.append(path, bytes.toByteArray());
    if (isNew) {
      syncName();
    }
  }

  /** Returns true if the file ends in the middle of an entry. */
  private boolean isCutShort() throws IOException {
    if (Files.notExists(path) || Files.size(path) == 0) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        InputStream end =
            Channels.newInputStream(channel.position(Math.max(0, channel.size() - 2)))) {
      byte[] last = end.readAllBytes();
      return last.length != 2 || last[0] != '\n' || last[1] != '\n';
    }
  }

  private boolean create() throws IOException {
    if (Files.exists(path)) {
      return false;
    }
    Path parent = path.toAbsolutePath().getParent();
    try {
      if (parent != null && DurableFiles.isPosix(parent)) {
        Files.createFile(
            path,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
      } else {
        Files.createFile(path);
      }
    } catch (FileAlreadyExistsException e) {
      // Another process created it first.
    }
    return true;
  }

  private void syncName() throws IOException {
    Path parent = path.toAbsolutePath().getParent();
    if (parent != null) {
      DurableFiles.syncNames(parent);
    }
  }
}
