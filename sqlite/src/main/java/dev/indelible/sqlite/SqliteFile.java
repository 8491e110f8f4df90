// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.nio.file.Path;

/** How a file is named to SQLite. */
final class SqliteFile {
  private SqliteFile() {}

  /** A URL whose path is escaped, so that no character of a file name is taken for an option. */
  static String url(Path file) {
    return "jdbc:sqlite:file:" + file.toAbsolutePath().toUri().getRawPath();
  }
}
