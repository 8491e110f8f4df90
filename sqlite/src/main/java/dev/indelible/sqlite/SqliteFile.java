// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/** Creates a database file, identifies it, and supplies the URL and properties to open it. */
final class SqliteFile {
  private SqliteFile() {}

  /**
   * Returns the identity of a file. A later file of that name has another identity. Empty if there
   * is no file.
   */
  static Optional<Object> identity(Path file) {
    try {
      return Optional.ofNullable(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Creates an empty file if there is none. Only its owner can read it, on systems with owners. */
  static void create(Path file) throws SQLException {
    try {
      Path directory = file.toAbsolutePath().getParent();
      if (!Files.exists(file) && directory != null && Files.isDirectory(directory)) {
        Files.createFile(file, DurableFiles.ownerOnlyFile(directory));
      }
    } catch (FileAlreadyExistsException e) {
      // Another process created the file first.
    } catch (IOException e) {
      throw new SQLException(DurableFiles.reason(e), e);
    }
  }

  /** Returns the properties of a connection that does not create a missing file. */
  static Properties noneMade() {
    SQLiteConfig config = new SQLiteConfig();
    config.resetOpenMode(SQLiteOpenMode.CREATE);
    return config.toProperties();
  }

  /**
   * Returns a URL whose path is escaped, so that no character of a file name is read as an option.
   */
  static String url(Path file) {
    return "jdbc:sqlite:file:" + file.toAbsolutePath().toUri().getRawPath();
  }
}
