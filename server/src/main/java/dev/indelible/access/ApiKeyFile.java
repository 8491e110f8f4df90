// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ExclusiveLock;
import dev.indelible.crypto.FileAccess;
import dev.indelible.json.JsonFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The file of the API keys, in the data directory, with mode 0600. While it is missing, no key is
 * accepted. A change replaces the whole file, so a reader finds the keys either before or after the
 * change.
 *
 * @param path the file
 */
public record ApiKeyFile(Path path) {
  private static final Set<PosixFilePermission> OWNER =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  /** Far more than the largest number of keys needs. */
  private static final int MAX_BYTES = 4 << 20;

  /** Returns the file of a data directory. */
  public static ApiKeyFile in(Path directory) {
    return new ApiKeyFile(directory.resolve("api-keys.json"));
  }

  /** Returns true if there is a file, even without keys in it. */
  public boolean exists() {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Reads the keys.
   *
   * @throws ApiKeyException if the file cannot be read, is malformed, or other users can access it
   */
  public ApiKeys read() throws ApiKeyException {
    return parse(bytes());
  }

  /** Returns the content; empty if there is no file. */
  byte[] bytes() throws ApiKeyException {
    try {
      if (!exists()) {
        return new byte[0];
      }
      requirePrivate();
      try (InputStream in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
        byte[] content = in.readNBytes(MAX_BYTES + 1);
        if (content.length == 0 || content.length > MAX_BYTES) {
          throw new ApiKeyException(path + ": is empty or too large; restore it from a copy");
        }
        return content;
      }
    } catch (NoSuchFileException e) {
      return new byte[0];
    } catch (IOException e) {
      throw new ApiKeyException(
          path
              + ": "
              + FileAccess.READ.refusal(path).orElse("cannot be read: " + DurableFiles.reason(e)),
          e);
    }
  }

  ApiKeys parse(byte[] content) throws ApiKeyException {
    if (content.length == 0) {
      return ApiKeys.NONE;
    }
    try {
      return ApiKeys.read(content);
    } catch (JsonFormatException e) {
      throw new ApiKeyException(
          "%s: is malformed: %s; restore it from a copy".formatted(path, e.getMessage()), e);
    }
  }

  private void requirePrivate() throws ApiKeyException, IOException {
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new ApiKeyException(path + ": not a regular file; move it away");
    }
    if (!DurableFiles.isPosix(path)) {
      return;
    }
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    if (!OWNER.containsAll(mode)) {
      throw new ApiKeyException(
          "%s: other users can access it (mode %s); run 'chmod 600 %s', and check the keys in it"
              .formatted(path, PosixFilePermissions.toString(mode), path));
    }
  }

  /**
   * Begins a change of the keys. No other process can change them until the change is closed.
   *
   * @throws ApiKeyException if the file cannot be read, or another process changes it now
   */
  public Change change() throws ApiKeyException {
    try {
      ExclusiveLock lock =
          ExclusiveLock.tryLock(path.resolveSibling(".api-keys.lock"))
              .orElseThrow(
                  () ->
                      new ApiKeyException(
                          path + ": another process changes the keys now; wait for it"));
      Optional<ApiKeys> read = Optional.empty();
      try {
        read = Optional.of(read());
        return new Change(this, read.get(), lock);
      } finally {
        if (read.isEmpty()) {
          lock.close();
        }
      }
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private ApiKeyException unwritable(IOException e) {
    return new ApiKeyException(path + ": cannot be changed: " + DurableFiles.reason(e), e);
  }

  /** An exclusive change of the keys. Used by one thread. */
  public static final class Change implements AutoCloseable {
    private final ApiKeyFile file;
    private final ApiKeys keys;
    private final ExclusiveLock lock;

    private Change(ApiKeyFile file, ApiKeys keys, ExclusiveLock lock) {
      this.file = file;
      this.keys = keys;
      this.lock = lock;
    }

    /** Returns the keys before the change. */
    public ApiKeys keys() {
      return keys;
    }

    /**
     * Replaces the keys; after a crash, the file has either the old keys or these.
     *
     * @throws ApiKeyException if the file cannot be written
     */
    public void replace(ApiKeys next) throws ApiKeyException {
      try {
        Path aside = file.path().resolveSibling("api-keys.json.new");
        DurableFiles.replace(file.path(), aside, next.toBytes());
      } catch (IOException e) {
        throw file.unwritable(e);
      }
    }

    @Override
    public void close() {
      lock.close();
    }
  }
}
