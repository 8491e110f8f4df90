// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/** How a file is named to SQLite, made, and opened. */
final class SqliteFile {
  private SqliteFile() {}

  /** What tells a file from another that has taken its name; empty where there is no file. */
  static Optional<Object> identity(Path file) {
    try {
      return Optional.ofNullable(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Makes an empty file that only its owner can read, where there are owners, if there is none. */
  static void create(Path file) throws SQLException {
    try {
      Path directory = file.toAbsolutePath().getParent();
      if (Files.exists(file) || directory == null || !Files.isDirectory(directory)) {
        return;
      }
      if (Files.getFileStore(directory).supportsFileAttributeView("posix")) {
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      }
    } catch (FileAlreadyExistsException e) {
      // Another process was first.
    } catch (IOException e) {
      throw new SQLException(e.getClass().getSimpleName() + ": " + e.getMessage(), e);
    }
  }

  /** What a connection is opened with that makes no file where there is none. */
  static Properties noneMade() {
    SQLiteConfig config = new SQLiteConfig();
    config.resetOpenMode(SQLiteOpenMode.CREATE);
    return config.toProperties();
  }

  /** A URL whose path is escaped, so that no character of a file name is taken for an option. */
  static String url(Path file) {
    return "jdbc:sqlite:file:" + file.toAbsolutePath().toUri().getRawPath();
  }
}
