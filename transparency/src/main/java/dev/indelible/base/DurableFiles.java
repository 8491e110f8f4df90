// SPDX-License-Identifier: Apache-2.0
package dev.indelible.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Creates, replaces and appends to files so that they survive a power cut. Only the owner can read
 * them.
 *
 * <p>A power cut loses a synced file if its name in the directory was not synced. {@link #replace}
 * syncs content and name. After the other methods, the caller calls {@link #syncNames}. On a file
 * system without POSIX modes, files get the default permissions, and names are not synced, because
 * a directory cannot be opened there.
 */
public final class DurableFiles {
  private DurableFiles() {}

  /** Returns true if files on the file system of an existing path have owners and modes. */
  public static boolean isPosix(Path path) throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView("posix");
  }

  /**
   * Returns the attributes to create a file in a directory so that only its owner can read it
   * (0600).
   */
  public static FileAttribute<?>[] ownerOnlyFile(Path directory) throws IOException {
    return mode(directory, "rw-------");
  }

  /** Returns the attributes to create a directory so that only its owner can enter it (0700). */
  public static FileAttribute<?>[] ownerOnlyDirectory(Path parent) throws IOException {
    return mode(parent, "rwx------");
  }

  private static FileAttribute<?>[] mode(Path directory, String mode) throws IOException {
    return isPosix(directory)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))
        }
        : new FileAttribute<?>[0];
  }

  /**
   * Creates a directory with mode 0700, unless the name exists. The parent must exist. Does not
   * sync the name.
   *
   * @return true if this call created the directory
   */
  public static boolean createDirectory(Path directory) throws IOException {
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try {
      Files.createDirectory(directory, ownerOnlyDirectory(directory.toAbsolutePath().getParent()));
      return true;
    } catch (FileAlreadyExistsException e) {
      // Another process created it first.
      return false;
    }
  }

  /**
   * Creates a file with mode 0600 and this content, and syncs the content. Does not sync the name.
   *
   * @throws FileAlreadyExistsException if the name exists, even as a dangling link
   */
  public static void create(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            ownerOnlyFile(file.toAbsolutePath().getParent()))) {
      write(channel, content);
    }
  }

  /** Appends to a file, or creates it with the default mode, and syncs the content. */
  public static void append(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      write(channel, content);
    }
  }

  private static void write(FileChannel channel, byte[] content) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(content);
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
    channel.force(true);
  }

  /**
   * Returns the cause of a failure in words, without the file's name, which the caller states.
   * Returns the type and the message of an exception that states its cause by its type only.
   */
  public static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "no permission";
    }
    if (e instanceof NoSuchFileException) {
      return "no such file or directory";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "a file of this name exists";
    }
    if (e instanceof NotDirectoryException) {
      return "not a directory";
    }
    if (e instanceof DirectoryNotEmptyException) {
      return "the directory is not empty";
    }
    if (e instanceof CharacterCodingException) {
      return "not UTF-8";
    }
    if (e instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return e.getClass() == IOException.class && e.getMessage() != null
        ? e.getMessage()
        : e.getClass().getSimpleName() + ": " + e.getMessage();
  }

  /**
   * Replaces a file atomically, or creates it with mode 0600. After a crash or a power cut the file
   * has either the old content or the new content. Removes an existing file {@code aside}, which a
   * crashed process left.
   *
   * @param aside the temporary file, in the directory of {@code file}
   */
  public static void replace(Path file, Path aside, byte[] content) throws IOException {
    Files.deleteIfExists(aside);
    try {
      create(aside, content);
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(aside);
    }
    syncNames(file.toAbsolutePath().getParent());
  }

  /** Syncs the names in a directory. */
  public static void syncNames(Path directory) throws IOException {
    if (isPosix(directory)) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}
