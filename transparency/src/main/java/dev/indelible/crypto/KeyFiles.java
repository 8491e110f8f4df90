// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;

/** Writes files durably, in a directory of mode 0700, readable only by their owner. */
final class KeyFiles {
  private static final Set<PosixFilePermission> OWNER_FILE =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OWNER_DIRECTORY =
      PosixFilePermissions.fromString("rwx------");

  private final Path directory;

  KeyFiles(Path directory) {
    this.directory = directory;
  }

  /** Creates the directory and its parents if they are missing. */
  void createDirectory() throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path existing = directory.toAbsolutePath();
    while (Files.notExists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    Files.createDirectories(directory, DurableFiles.ownerOnlyDirectory(existing));
  }

  /**
   * Writes a file, unless it exists. The file is written under a temporary name, synced and then
   * renamed, so it is either absent or complete and on disk.
   */
  void writeOnce(Path file, String text) throws IOException {
    Path aside = directory.resolve(".new-" + UUID.randomUUID() + ".pem");
    try {
      DurableFiles.create(aside, text.getBytes(StandardCharsets.US_ASCII));
      nameOnce(aside, file);
      DurableFiles.syncNames(directory);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  private static void nameOnce(Path aside, Path file) throws IOException {
    try {
      try {
        Files.createLink(file, aside);
      } catch (UnsupportedOperationException e) {
        Files.move(aside, file);
      }
    } catch (FileAlreadyExistsException e) {
      // Another process wrote its key first; that key is used.
    }
  }

  /** Refuses a directory that other users can access. */
  void requirePrivateDirectory() throws KeyException {
    requireOwnerOnly(directory, OWNER_DIRECTORY, "700");
  }

  /** Refuses a file that other users can access. */
  static void requirePrivate(Path file) throws KeyException {
    requireOwnerOnly(file, OWNER_FILE, "600");
  }

  private static void requireOwnerOnly(Path path, Set<PosixFilePermission> allowed, String mode)
      throws KeyException {
    try {
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS) || !DurableFiles.isPosix(path)) {
        return;
      }
      Set<PosixFilePermission> actual =
          Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
      if (!allowed.containsAll(actual)) {
        throw new ExposedKeyException(
            "%s: others can reach this key (mode %s); run 'chmod %s %s', and replace the key if they may have read it"
                .formatted(path, PosixFilePermissions.toString(actual), mode, path));
      }
    } catch (IOException e) {
      throw new KeyException(
          path + ": its permissions cannot be read: " + DurableFiles.reason(e), e);
    }
  }

  /** Returns the text of a PEM file. */
  static String read(Path file) throws KeyException {
    try {
      return Files.readString(file, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new KeyException(file + ": " + unreadable(file, "be read as PEM text", e), e);
    }
  }

  /** Returns the reason why a file cannot be used: its permissions, or the error. */
  static String unreadable(Path file, String use, IOException e) {
    return FileAccess.READ.refusal(file).orElse("cannot " + use + ": " + DurableFiles.reason(e));
  }
}
