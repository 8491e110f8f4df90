// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.LedgerException;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * Loads SQLite's native library. By itself, the driver unpacks it into the shared temporary
 * directory and removes files that other processes left there. If that directory forbids execution,
 * the driver only logs a stack trace. This class gives the driver a separate directory, which it
 * checks first and removes afterwards.
 */
public final class SqliteLibrary {
  /** Property that names the directory of a library that is already unpacked. */
  private static final String UNPACKED = "org.sqlite.lib.path";

  /**
   * Property that names the directory into which the driver unpacks its library, in place of {@code
   * java.io.tmpdir}.
   */
  private static final String TEMPORARY = "org.sqlite.tmpdir";

  private static boolean loaded;

  private SqliteLibrary() {}

  /**
   * Lets the driver use an unpacked copy of its library below a directory, laid out as in its jar.
   * Does nothing if there is no executable copy for this system, or if another directory is set.
   */
  public static void useUnpacked(Path directory) {
    Path folder =
        directory.resolve(LibraryLoaderUtil.getNativeLibResourcePath().replaceFirst("^/", ""));
    if (System.getProperty(UNPACKED) == null
        && Files.isExecutable(folder.resolve(LibraryLoaderUtil.getNativeLibName()))) {
      System.setProperty(UNPACKED, folder.toString());
    }
  }

  /**
   * Loads the library, once in a process.
   *
   * @throws LedgerException if the library cannot be unpacked or run
   */
  public static synchronized void load() throws LedgerException {
    if (loaded) {
      return;
    }
    String unpacked = System.getProperty(UNPACKED);
    if (unpacked == null) {
      loadFromOwnDirectory();
    } else {
      load(Path.of(unpacked));
    }
    loaded = true;
  }

  private static void loadFromOwnDirectory() throws LedgerException {
    Path parent = Path.of(System.getProperty(TEMPORARY, System.getProperty("java.io.tmpdir")));
    Path own;
    try {
      own = Files.createTempDirectory(parent, "indelible-sqlite-");
    } catch (IOException e) {
      throw unusable(parent, "unpacked into", e.getClass().getSimpleName(), e);
    }
    try {
      if (!runsFiles(own) && !isOnLibraryPath()) {
        throw unusable(parent, "run from", "it is mounted noexec", null);
      }
      load(own);
    } catch (IOException e) {
      throw unusable(parent, "unpacked into", e.getMessage(), e);
    } finally {
      remove(own);
    }
  }

  /**
   * Loads the library from a directory. The driver reads the property only while it loads the
   * library.
   */
  private static void load(Path directory) throws LedgerException {
    String before = System.getProperty(TEMPORARY);
    System.setProperty(TEMPORARY, directory.toString());
    try {
      if (!SQLiteJDBCLoader.initialize()) {
        throw unusable(directory, "run from", "the driver did not load it", null);
      }
    } catch (LedgerException e) {
      throw e;
    } catch (Exception e) {
      throw unusable(directory, "run from", e.getMessage(), e);
    } finally {
      if (before == null) {
        System.clearProperty(TEMPORARY);
      } else {
        System.setProperty(TEMPORARY, before);
      }
    }
  }

  /** Returns true if files in a directory may be executed; the mount options may forbid it. */
  private static boolean runsFiles(Path directory) throws IOException {
    if (!Files.getFileStore(directory).supportsFileAttributeView("posix")) {
      return true;
    }
    Path file =
        Files.createFile(
            directory.resolve("runs"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    boolean runs = Files.isExecutable(file);
    Files.delete(file);
    return runs;
  }

  /** Returns true if the driver finds its library in a directory of {@code java.library.path}. */
  private static boolean isOnLibraryPath() {
    for (String directory :
        System.getProperty("java.library.path", "").split(File.pathSeparator, -1)) {
      if (Files.exists(Path.of(directory, LibraryLoaderUtil.getNativeLibName()))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Removes the unpacked file, which is not needed once the library is loaded. If the file is
   * locked, the driver removes it on exit.
   */
  private static void remove(Path directory) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      directory.toFile().deleteOnExit();
    }
  }

  private static LedgerException unusable(
      Path directory, String action, @Nullable String reason, @Nullable Exception cause) {
    return new LedgerException(
        "SQLite's native library cannot be %s %s (%s); set -D%s=DIR to a directory where this user may write and execute files"
            .formatted(action, directory, reason, TEMPORARY),
        false,
        cause);
  }
}
