// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.DurableFiles;
import dev.indelible.event.ApprovalSubject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Files beside the chain with which processes find approvals, and use each once. They prove
 * nothing: an approval is its event in the chain, and a lost or forged file permits nothing.
 *
 * <p>{@code granted/} has a file for each approval, named after its subject and its event, so that
 * a gate that finds no file for an action reads no database. {@code used/} has a file for each
 * approval that was used, named after its event. The operating system creates a file of a name only
 * once, so of any number of processes one gets the approval.
 *
 * @param root the directory of both
 */
public record ApprovalFiles(Path root) {
  /** Longer than any approval is valid, by a day. */
  private static final Duration KEPT = Duration.ofDays(2);

  /** More approvals of one action are not read; each needs a person. Older ones are left out. */
  private static final int MAX_OFFERED = 16;

  private Path granted() {
    return root.resolve("granted");
  }

  private Path used() {
    return root.resolve("used");
  }

  private Path granted(ApprovalSubject subject, String approval) {
    return granted().resolve(subject.name() + "." + approval);
  }

  /**
   * Makes an approval known to the gates of this directory. Also removes old files.
   *
   * @param approval the id of its event
   */
  public void offer(ApprovalSubject subject, String approval) throws IOException {
    if (DurableFiles.createDirectory(root)) {
      DurableFiles.syncNames(root.toAbsolutePath().getParent());
    }
    DurableFiles.createDirectory(granted());
    DurableFiles.createDirectory(used());
    DurableFiles.syncNames(root);
    sweep(granted());
    sweep(used());
    DurableFiles.create(granted(subject, approval), new byte[0]);
    DurableFiles.syncNames(granted());
  }

  /** Removes the file of {@link #offer}; does nothing if it cannot be removed. */
  public void withdraw(ApprovalSubject subject, String approval) {
    try {
      Files.deleteIfExists(granted(subject, approval));
    } catch (IOException e) {
      // Without its event in the chain, or after its use, the file permits nothing.
    }
  }

  /**
   * Returns the ids of approvals of a subject, newest first; they may be forged, expired or used.
   */
  public List<String> offered(ApprovalSubject subject) throws IOException {
    if (!Files.isDirectory(granted(), LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    List<String> ids = new ArrayList<>();
    String prefix = subject.name() + ".";
    try (DirectoryStream<Path> files = Files.newDirectoryStream(granted(), prefix + "*")) {
      for (Path file : files) {
        ids.add(file.getFileName().toString().substring(prefix.length()));
      }
    }
    // An id of an event begins with its time.
    return ids.stream().sorted(Comparator.reverseOrder()).limit(MAX_OFFERED).toList();
  }

  /**
   * Uses an approval. After a crash in this method the approval may be used although nothing was
   * permitted: it is never permitted twice.
   *
   * @param event the id of the event that is permitted
   * @return false if the approval was used before
   * @throws IOException if the use cannot be made durable; then nothing must be permitted
   */
  public boolean use(ApprovalSubject subject, String approval, String event) throws IOException {
    try {
      DurableFiles.create(
          used().resolve(approval), (event + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (FileAlreadyExistsException e) {
      return false;
    }
    DurableFiles.syncNames(used());
    withdraw(subject, approval);
    return true;
  }

  /** Returns true if an approval was used, and that was not long ago. */
  public boolean isUsed(String approval) {
    return Files.exists(used().resolve(approval), LinkOption.NOFOLLOW_LINKS);
  }

  /** Removes the files of approvals that have expired. */
  private static void sweep(Path directory) throws IOException {
    Instant old = Instant.now().minus(KEPT);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        if (isOlder(file, old)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static boolean isOlder(Path file, Instant time) throws IOException {
    try {
      return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant().isBefore(time);
    } catch (NoSuchFileException e) {
      return false; // A gate used the approval just now.
    }
  }
}
