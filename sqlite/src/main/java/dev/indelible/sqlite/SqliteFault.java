// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.sqlite.SQLiteErrorCode.SQLITE_BUSY;
import static org.sqlite.SQLiteErrorCode.SQLITE_CANTOPEN;
import static org.sqlite.SQLiteErrorCode.SQLITE_CONSTRAINT;
import static org.sqlite.SQLiteErrorCode.SQLITE_CORRUPT;
import static org.sqlite.SQLiteErrorCode.SQLITE_ERROR;
import static org.sqlite.SQLiteErrorCode.SQLITE_FULL;
import static org.sqlite.SQLiteErrorCode.SQLITE_INTERRUPT;
import static org.sqlite.SQLiteErrorCode.SQLITE_IOERR;
import static org.sqlite.SQLiteErrorCode.SQLITE_IOERR_FSTAT;
import static org.sqlite.SQLiteErrorCode.SQLITE_LOCKED;
import static org.sqlite.SQLiteErrorCode.SQLITE_NOTADB;
import static org.sqlite.SQLiteErrorCode.SQLITE_READONLY;
import static org.sqlite.SQLiteErrorCode.SQLITE_READONLY_DBMOVED;

import dev.indelible.storage.RefusedException.Refusal;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Maps an SQLite error, by its extended result code, to its meaning for an event and to words (D6).
 */
final class SqliteFault {
  private static final String SEQUENCE_COLUMN = "signed_events.sequence";
  private static final String ID_COLUMN = "signed_events.id";

  private SqliteFault() {}

  /**
   * Returns why a row is refused; empty if the fault is transient: busy, locked, full, unreadable,
   * damaged.
   */
  static Optional<Refusal> refusal(SQLException error) {
    if (isUniqueOn(error, SEQUENCE_COLUMN)) {
      return Optional.of(Refusal.LOST_RACE);
    }
    if (isUniqueOn(error, ID_COLUMN)) {
      return Optional.of(Refusal.ID_TAKEN);
    }
    return switch (primary(error)) {
      case SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH ->
          Optional.of(Refusal.PERMANENT);
      default -> Optional.empty();
    };
  }

  /** Returns true if another connection holds a lock, which it will release. */
  static boolean isLock(SQLException error) {
    return EnumSet.of(SQLITE_BUSY, SQLITE_LOCKED).contains(primary(error));
  }

  /** Returns true if the disk is full or read-only, or a file on it cannot be opened or created. */
  static boolean isOfTheDisk(SQLException error) {
    return EnumSet.of(SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY)
        .contains(primary(error));
  }

  /** Returns true if the file provably differs from what SQLite writes. */
  static boolean isDamage(SQLException error) {
    return EnumSet.of(SQLITE_CORRUPT, SQLITE_NOTADB).contains(primary(error));
  }

  /** Returns true if a fixed statement names a table or column that is missing. */
  static boolean isOfTheSchema(SQLException error) {
    return primary(error) == SQLITE_ERROR;
  }

  /** Returns true if a row contradicts a constraint of its table. */
  static boolean isOfAConstraint(SQLException error) {
    return primary(error) == SQLITE_CONSTRAINT;
  }

  /** Returns true if a progress handler ended the statement. */
  static boolean isInterrupt(SQLException error) {
    return primary(error) == SQLITE_INTERRUPT;
  }

  /** Returns true if a file of the database was deleted while it was opened or in use. */
  static boolean isOfADeletedFile(SQLException error) {
    return error instanceof SQLiteException sqlite
        && (sqlite.getResultCode() == SQLITE_IOERR_FSTAT
            || sqlite.getResultCode() == SQLITE_READONLY_DBMOVED);
  }

  static boolean isNotDatabase(SQLException error) {
    return primary(error) == SQLITE_NOTADB;
  }

  /**
   * Returns the fault in words, followed by SQLite's own code in brackets: {@code the disk is full
   * (SQLITE_FULL)}. Never blank. Every message to a user describes an SQLite error this way.
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
      case SQLITE_READONLY_ROLLBACK ->
          "a -journal file beside the database must be rolled back by a writer; run a verb that"
              + " records, for example 'indelible check bash true'";
      case SQLITE_READONLY_RECOVERY, SQLITE_READONLY_CANTINIT ->
          "the -wal file beside the database must be recovered by a writer; run a verb that"
              + " records, for example 'indelible check bash true'";
      case SQLITE_CANTOPEN_ISDIR -> "there is a directory in place of the database file";
      default -> primaryWords(SQLiteErrorCode.getErrorCode(code.code & 0xff), detail);
    };
  }

  private static String primaryWords(SQLiteErrorCode primary, String detail) {
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
   * Returns SQLite's own message, without the code and the general text that the driver puts around
   * it: {@code [CODE] text (message)}.
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
    // Compares the whole list of columns up to its end: the column my_signed_events.id of an
    // application is not the ledger's column.
    String message = error.getMessage();
    return unique && message != null && message.contains("constraint failed: " + column + ")");
  }

  /** Returns the primary result code, the low byte of an extended one. */
  private static SQLiteErrorCode primary(SQLException error) {
    return SQLiteErrorCode.getErrorCode(code(error) & 0xff);
  }

  private static int code(SQLException error) {
    return error instanceof SQLiteException sqlite && sqlite.getResultCode() != null
        ? sqlite.getResultCode().code
        : error.getErrorCode();
  }
}
