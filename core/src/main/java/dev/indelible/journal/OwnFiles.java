// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/** Checks that files and directories of a journal belong to this user. */
final class OwnFiles {
  private OwnFiles() {}

  /**
   * Rejects everything except a regular file or a directory that this user owns and no other user
   * can write to.
   *
   * @throws NoSuchFileException if the name does not exist
   */
  static void require(Path path, boolean directory) throws IOException, JournalException {
    BasicFileAttributes found =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (directory ? !found.isDirectory() : !found.isRegularFile()) {
      throw new JournalException(
          "%s: not a %s, but a link or another kind of file, which a journal does not use; remove it"
              .formatted(path, directory ? "directory" : "regular file"));
    }
    if (!DurableFiles.isPosix(path)) {
      return;
    }
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    if (mode.contains(PosixFilePermission.GROUP_WRITE)
        || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new JournalException(
          "%s: others can write to it (mode %s), so its content proves nothing; run 'chmod go-w %s'"
              .formatted(path, PosixFilePermissions.toString(mode), path));
    }
    Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    Optional<Object> self = ownUid();
    if (self.isPresent() && !owner.equals(self.get())) {
      throw new JournalException(
          "%s: belongs to another user (uid %s, this process is uid %s); a journal must belong to the user of its process"
              .formatted(path, owner, self.get()));
    }
  }

  /** Returns the user id of this process; empty if the system has no {@code /proc}. */
  private static Optional<Object> ownUid() throws IOException {
    Path self = Path.of("/proc/self");
    return Files.exists(self)
        ? Optional.of(Files.getAttribute(self, "unix:uid"))
        : Optional.empty();
  }
}
