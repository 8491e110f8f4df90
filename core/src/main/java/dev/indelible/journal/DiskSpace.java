// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks that a disk has space for the first segment of a journal. Checks before anything is
 * created, because a lock file cannot be removed again: another process may have locked it.
 *
 * @param directory the journals of one ledger, which may not exist
 * @param disk the disk of the directory
 */
record DiskSpace(Path directory, Disk disk) {
  /** Bytes of the first segment, and of the small files and directories around it. */
  private static final long BYTES_TO_BEGIN = JournalWriter.FIRST_SEGMENT_BYTES + (64L << 10);

  private static final Logger LOG = LoggerFactory.getLogger(DiskSpace.class);

  /**
   * Requires disk space for the first segment, unless there is a segment.
   *
   * @throws JournalException if there is no segment yet, and no space for the first
   */
  void requireToBegin() throws JournalException {
    if (!hasSegments()) {
      requireFree();
    }
  }

  /**
   * Requires disk space for another first segment.
   *
   * @throws JournalException if there is not enough
   */
  void requireFree() throws JournalException {
    long free = usableBytes();
    if (free < BYTES_TO_BEGIN) {
      throw new JournalException(
          "%s: the disk is full: the journal needs %s bytes and %s are free; free some disk space, or use a data directory on another disk"
              .formatted(directory, BYTES_TO_BEGIN, free));
    }
  }

  private boolean hasSegments() {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (DirectoryStream<Path> slots = Files.newDirectoryStream(directory, "[0-9]*")) {
      for (Path slot : slots) {
        if (!Files.isDirectory(slot, LinkOption.NOFOLLOW_LINKS)) {
          // Opening the journal will reject this entry. Reading a FIFO here would block.
          return true;
        }
        try (DirectoryStream<Path> segments = Files.newDirectoryStream(slot, "*.seg")) {
          if (segments.iterator().hasNext()) {
            return true;
          }
        }
      }
      return false;
    } catch (IOException | DirectoryIteratorException e) {
      // Another process may have retired a slot just now.
      LOG.debug("{}: cannot be listed", directory, e);
      return true;
    }
  }

  /** Returns the free bytes; {@link Long#MAX_VALUE} where they cannot be read. */
  private long usableBytes() {
    Path there = directory.toAbsolutePath();
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    try {
      return disk.usableBytes(there);
    } catch (IOException e) {
      LOG.debug("{}: the free disk space cannot be read", there, e);
      return Long.MAX_VALUE;
    }
  }
}
