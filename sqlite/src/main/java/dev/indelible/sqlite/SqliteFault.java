// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.sql.SQLException;
import java.util.List;
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

  /** Primary result codes: the low byte of an extended one. */
  private static final int SQLITE_ERROR = 1;

  private static final int SQLITE_PERM = 3;
  private static final int SQLITE_BUSY = 5;
  private static final int SQLITE_LOCKED = 6;
  private static final int SQLITE_NOMEM = 7;
  private static final int SQLITE_READONLY = 8;
  private static final int SQLITE_INTERRUPT = 9;
  private static final int SQLITE_IOERR = 10;
  private static final int SQLITE_CORRUPT = 11;
  private static final int SQLITE_FULL = 13;
  private static final int SQLITE_CANTOPEN = 14;
  private static final int SQLITE_PROTOCOL = 15;
  private static final int SQLITE_TOOBIG = 18;
  private static final int SQLITE_CONSTRAINT = 19;
  private static final int SQLITE_MISMATCH = 20;
  private static final int SQLITE_NOLFS = 22;
  private static final int SQLITE_AUTH = 23;
  private static final int SQLITE_NOTADB = 26;

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

  /** Whether another connection holds what is needed: it will let go. */
  static boolean isLock(SQLException error) {
    int primary = code(error) & 0xff;
    return primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
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

  /**
   * Returns what went wrong in words, with SQLite's own code behind them in brackets: {@code the
   * disk is full (SQLITE_FULL)}. Every message that a user can see describes an error this way;
   * never blank.
   */
  static String describe(SQLException error) {
    if (!(error instanceof SQLiteException sqlite) || sqlite.getResultCode() == null) {
      String message = error.getMessage();
      return message == null || message.isBlank() ? error.toString() : message;
    }
    SQLiteErrorCode code = sqlite.getResultCode();
    return words(code, detail(sqlite, code)) + " (" + code.name() + ")";
  }

  private static String words(SQLiteErrorCode code, String detail) {
    return switch (code) {
      case SQLITE_BUSY_SNAPSHOT -> "another process has written to the database meanwhile";
      case SQLITE_READONLY_DBMOVED -> "the database file was moved or removed while it was in use";
      case SQLITE_READONLY_DIRECTORY -> "the directory of the database is read-only";
      case SQLITE_CANTOPEN_ISDIR -> "a directory is where the database file should be";
      default -> words(code.code & 0xff, detail);
    };
  }

  private static String words(int primary, String detail) {
    return switch (primary) {
      case SQLITE_PERM, SQLITE_AUTH -> "access to the database is denied: " + detail;
      case SQLITE_BUSY -> "the database is locked by another process";
      case SQLITE_LOCKED -> "the database is locked by another connection of this process";
      case SQLITE_NOMEM -> "SQLite is out of memory";
      case SQLITE_READONLY -> "the database file is read-only";
      case SQLITE_INTERRUPT -> "the operation was interrupted";
      case SQLITE_IOERR -> "disk I/O error: " + detail;
      case SQLITE_CORRUPT -> "the database file is damaged";
      case SQLITE_FULL -> "the disk is full";
      case SQLITE_CANTOPEN ->
          "the database file cannot be opened; check the permissions of it and of its directory";
      case SQLITE_PROTOCOL -> "the database's locks cannot be taken; is it on a local disk?";
      case SQLITE_TOOBIG -> "a value is too large for SQLite";
      case SQLITE_NOLFS -> "the file system cannot hold a file as large as the database";
      case SQLITE_NOTADB -> "the file is not an SQLite database";
      default -> detail;
    };
  }

  /**
   * SQLite's own message, without the code and the general text that the driver puts around it:
   * {@code [CODE] text (message)}.
   */
  private static String detail(SQLiteException error, SQLiteErrorCode code) {
    String rest = String.valueOf(error.getMessage());
    for (String around : List.of("[" + code.name() + "]", code.message.strip())) {
      rest = rest.startsWith(around) ? rest.substring(around.length()).strip() : rest;
    }
    if (rest.startsWith("(") && rest.endsWith(")")) {
      rest = rest.substring(1, rest.length() - 1);
    }
    return rest.isBlank() ? code.message : rest;
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
