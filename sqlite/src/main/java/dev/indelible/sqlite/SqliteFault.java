// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** What an SQLite error means for an event (D6), told by its extended result code. */
enum SqliteFault {
  /** Another writer took the sequence first. */
  LOST_RACE,
  /** The chain has a row of this id already. */
  ID_TAKEN,
  /** The event itself cannot be stored: a constraint, its size, a schema it does not fit. */
  POISON,
  /** The surroundings: busy, locked, full, unreadable, damaged. */
  WEATHER;

  private static final String SEQUENCE_COLUMN = "signed_events.sequence";
  private static final String ID_COLUMN = "signed_events.id";

  /** Primary result codes (the low byte) that speak of the statement and not of the file. */
  private static final int SQLITE_ERROR = 1;

  private static final int SQLITE_TOOBIG = 18;
  private static final int SQLITE_CONSTRAINT = 19;
  private static final int SQLITE_MISMATCH = 20;

  static SqliteFault of(SQLException error) {
    if (isUniqueOn(error, SEQUENCE_COLUMN)) {
      return LOST_RACE;
    }
    if (isUniqueOn(error, ID_COLUMN)) {
      return ID_TAKEN;
    }
    return switch (code(error) & 0xff) {
      case SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH -> POISON;
      default -> WEATHER;
    };
  }

  /** Whether the disk is full or read-only, or files beside the database cannot be made on it. */
  static boolean isOfTheDisk(SQLException error) {
    int primary = code(error) & 0xff;
    return primary == SQLiteErrorCode.SQLITE_CANTOPEN.code
        || primary == SQLiteErrorCode.SQLITE_FULL.code
        || primary == SQLiteErrorCode.SQLITE_IOERR.code
        || primary == SQLiteErrorCode.SQLITE_READONLY.code;
  }

  /** Whether the file itself is provably not what SQLite wrote. */
  static boolean isDamage(SQLException error) {
    int primary = code(error) & 0xff;
    return primary == (SQLiteErrorCode.SQLITE_CORRUPT.code & 0xff)
        || primary == (SQLiteErrorCode.SQLITE_NOTADB.code & 0xff);
  }

  /** Whether there is no such table or column: of fixed statements, that someone took it away. */
  static boolean isOfTheSchema(SQLException error) {
    return (code(error) & 0xff) == SQLiteErrorCode.SQLITE_ERROR.code;
  }

  static boolean isNotDatabase(SQLException error) {
    return (code(error) & 0xff) == SQLiteErrorCode.SQLITE_NOTADB.code;
  }

  private static boolean isUniqueOn(SQLException error, String column) {
    int code = code(error);
    boolean unique =
        code == SQLiteErrorCode.SQLITE_CONSTRAINT_UNIQUE.code
            || code == SQLiteErrorCode.SQLITE_CONSTRAINT_PRIMARYKEY.code
            || code == SQLiteErrorCode.SQLITE_CONSTRAINT_ROWID.code;
    // The whole list of columns, and to its end: an application's my_signed_events.id is not ours.
    String message = error.getMessage();
    return unique && message != null && message.contains("constraint failed: " + column + ")");
  }

  private static int code(SQLException error) {
    return error instanceof SQLiteException sqlite && sqlite.getResultCode() != null
        ? sqlite.getResultCode().code
        : error.getErrorCode();
  }
}
