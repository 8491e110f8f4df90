// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.base.ExclusiveLock;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A Unix socket in a separate directory. Only the daemon's user and group can enter the directory,
 * so only they can connect.
 *
 * @param path the socket's file, absolute
 */
record UnixSocket(Path path) {
  /** Longest path that the kernel accepts (sun_path, without the zero at its end). */
  private static final int MAX_PATH_BYTES = 107;

  private static final String DIRECTORY_MODE = "rwxr-x---";
  private static final String SOCKET_MODE = "rw-rw----";

  /**
   * Creates the directory if it is missing, and removes the socket file of a daemon that has ended.
   *
   * @return a lock, so that no other daemon removes this one's socket; close it when the daemon has
   *     ended
   * @throws IOException if the path cannot be used, or another daemon uses it
   */
  ExclusiveLock prepare() throws IOException {
    if (path.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
      throw new IOException(
          "%s: longer than the %s bytes of a socket's path".formatted(path, MAX_PATH_BYTES));
    }
    Path directory = path.getParent();
    if (directory == null) {
      throw new IOException(path + ": is not the name of a socket");
    }
    if (!Files.exists(directory)) {
      Set<PosixFilePermission> mode = PosixFilePermissions.fromString(DIRECTORY_MODE);
      Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(mode));
      // The umask of the process may have removed the group's rights.
      Files.setPosixFilePermissions(directory, mode);
    }
    if (Files.getPosixFilePermissions(directory).contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          "%s: every user can write to this directory, and could put a socket of their own in the"
                  .formatted(directory)
              + " place of the daemon's; name one in another directory");
    }
    ExclusiveLock lock =
        ExclusiveLock.tryLock(path.resolveSibling(path.getFileName() + ".lock"))
            .orElseThrow(this::taken);
    try {
      removeUnused();
      return lock;
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private IOException taken() {
    return new IOException(path + ": another process listens on this socket");
  }

  private void removeUnused() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    BasicFileAttributes there =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!there.isOther()) {
      throw new IOException(path + ": is not a socket; name another file or remove this one");
    }
    if (isAnswered()) {
      throw taken();
    }
    Files.delete(path);
  }

  /** Returns true if a process listens; does not wait until it accepts a connection. */
  private boolean isAnswered() throws IOException {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false);
      probe.connect(UnixDomainSocketAddress.of(path));
      return true;
    } catch (ConnectException e) {
      return false;
    } catch (IOException e) {
      // For example, too many connections wait for the other process.
      throw new IOException(
          "%s: another process may listen on this socket: %s".formatted(path, e.getMessage()), e);
    }
  }

  /** Opens the socket to the daemon's group; call after the server has created it. */
  void share() throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(SOCKET_MODE));
  }
}
