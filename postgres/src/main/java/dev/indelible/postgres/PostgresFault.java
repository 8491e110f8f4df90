// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.LedgerSchemaException;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.RefusedException.Refusal;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.Optional;
import java.util.Set;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/**
 * Maps an error of PostgreSQL or its driver, by its SQLSTATE, to its meaning for an event and to
 * words (D6). No message has a password, or a value of a row.
 */
final class PostgresFault {
  /** The constraint that a row violates if another writer took its sequence. */
  private static final String SEQUENCE_KEY = "signed_events_pkey";

  /** The constraint that a row violates if the chain has its event. */
  private static final String ID_KEY = "signed_events_id_key";

  private static final String UNIQUE_VIOLATION = "23505";
  private static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  /** Names a table, a column, a function or a schema that is missing. */
  private static final Set<String> SCHEMA = Set.of("42P01", "42703", "42883", "3F000", "42704");

  /** Pages or indexes that the server finds damaged. */
  private static final Set<String> DAMAGE = Set.of("XX001", "XX002");

  private PostgresFault() {}

  /** Returns why a row is refused; empty if the row is not at fault. */
  static Optional<Refusal> refusal(SQLException error) {
    String state = state(error);
    if (state.equals(UNIQUE_VIOLATION)) {
      String constraint = server(error).map(ServerErrorMessage::getConstraint).orElse("");
      return Optional.of(
          SEQUENCE_KEY.equals(constraint)
              ? Refusal.LOST_RACE
              : ID_KEY.equals(constraint) ? Refusal.ID_TAKEN : Refusal.PERMANENT);
    }
    // Data, constraints, size limits, and errors that a trigger raises.
    boolean permanent =
        Set.of("22", "23", "44", "54", "P0")
            .contains(state.substring(0, Math.min(2, state.length())));
    return permanent ? Optional.of(Refusal.PERMANENT) : Optional.empty();
  }

  /**
   * Returns true for the warning that the wait of a commit for its synchronous standby was
   * cancelled. It has no SQLSTATE of its own, and its text may be translated.
   */
  static boolean isUnreplicated(SQLWarning warning) {
    return warning instanceof PSQLWarning own
        && own.getServerErrorMessage() != null
        && "SyncRepWaitForLSN".equals(own.getServerErrorMessage().getRoutine());
  }

  /** Returns the exception for an error during a write. */
  static LedgerException writing(String ledger, SQLException error) {
    String message = ledger + ": " + describe(error);
    String state = state(error);
    if (SCHEMA.contains(state) || state.equals(INSUFFICIENT_PRIVILEGE)) {
      return new LedgerSchemaException(message, error);
    }
    return refusal(error).isPresent()
        ? new LedgerException(message, false, error)
        : new LedgerUnavailableException(message, state.equals(LOCK_NOT_AVAILABLE), error);
  }

  /** Returns the exception for an error during a read. */
  static LedgerException reading(String ledger, SQLException error) {
    return new LedgerException(
        ledger + ": " + describe(error), DAMAGE.contains(state(error)), error);
  }

  /**
   * Returns the fault in words, followed by its SQLSTATE. Never blank. Has the server's own message
   * without its detail, which can quote values.
   */
  static String describe(SQLException error) {
    String state = state(error);
    String message =
        server(error)
            .map(ServerErrorMessage::getMessage)
            .orElseGet(() -> String.valueOf(error.getMessage()))
            .lines()
            .findFirst()
            .orElse("no message");
    String words =
        switch (state) {
          case "08001", "08004", "08006", "08003" ->
              "the server cannot be reached: " + connection(error, message);
          case "28P01" ->
              message
                  + "; the password file (~/.pgpass, or PGPASSFILE) has a wrong password or none";
          case "28000" -> "the server refuses the login: " + message;
          case "3D000" -> message + "; create the database first";
          case "25006" ->
              "the server is read-only, as a standby is; connect to the primary, for example with"
                  + " targetServerType=primary";
          case INSUFFICIENT_PRIVILEGE ->
              message + "; grant the role what docs/postgres.md lists, or use another role";
          case LOCK_NOT_AVAILABLE -> "locked by another writer";
          case "53100" -> "the server's disk is full";
          case "53300" -> "the server has no free connection: " + message;
          case "57P01", "57P02", "57P03" -> "the server is starting or stopping: " + message;
          case "25P03", "25P04", "57P05" -> "the server ended an idle connection: " + message;
          default -> message;
        };
    return state.isEmpty() ? words : words + " (SQLSTATE " + state + ")";
  }

  /** Returns the cause of a failed connection; the driver's own message names no unknown host. */
  private static String connection(SQLException error, String message) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException) {
        return "the host name " + cause.getMessage() + " is not known";
      }
    }
    int advice = message.indexOf(". Check that the hostname and port are correct");
    return advice < 0
        ? message
        : message.substring(0, advice) + "; check the URL, and start the server";
  }

  private static Optional<ServerErrorMessage> server(SQLException error) {
    return error instanceof PSQLException own
        ? Optional.ofNullable(own.getServerErrorMessage())
        : Optional.empty();
  }

  private static String state(SQLException error) {
    return error.getSQLState() == null ? "" : error.getSQLState();
  }
}
