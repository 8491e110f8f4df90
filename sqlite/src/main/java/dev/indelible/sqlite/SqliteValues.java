// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds values that no writer stores, in all tables except the chain's. Used once, by one thread.
 *
 * @param connection reads the tables
 * @param complete the tables that have all their columns; others are not read
 * @param faults receives the findings
 */
record SqliteValues(Connection connection, Set<String> complete, List<String> faults) {
  /** Levels of tiles in a tree of 2^63 leaves. */
  private static final int LEVELS = 8;

  private static final List<String> LETTER_TEXTS =
      List.of(
          "id",
          "agent_id",
          "event_type",
          "timestamp",
          "payload",
          "failure_reason",
          "failed_at",
          "replayed_as");

  /** More bytes than a signature line has. */
  private static final int MOST_LINE_BYTES = 4_096;

  /** Bytes of the key id before the signature (C2SP signed-note). */
  private static final int KEY_ID_BYTES = 4;

  private static final Pattern SIGNATURE_LINE =
      Pattern.compile("\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)");

  void compare() throws SQLException {
    if (complete.contains("indelible_ledger")) {
      compareLedger();
    }
    if (complete.contains("indelible_journals")) {
      compareJournals();
    }
    if (complete.containsAll(List.of("signed_events_dlq", "signed_events"))) {
      compareDeadLetters();
    }
    if (complete.containsAll(
        List.of("signed_events", "indelible_tree", "indelible_tiles", "indelible_checkpoints"))) {
      compareTree();
    }
    if (complete.containsAll(List.of("indelible_cosignatures", "indelible_checkpoints"))) {
      none(
          "indelible_cosignatures: %s of its rows are of a checkpoint that is missing",
          "SELECT count(*) FROM indelible_cosignatures WHERE size NOT IN"
              + " (SELECT size FROM indelible_checkpoints NOT INDEXED)");
      none(
          "indelible_cosignatures: %s checkpoints have more cosignatures than a note can have",
          "SELECT count(*) FROM (SELECT 1 FROM indelible_cosignatures GROUP BY size"
              + " HAVING count(*) > "
              + SignedCheckpoint.MAX_COSIGNATURES
              + ")");
      compareCosignatures();
    }
  }

  /** Compares the witness that each row names with the name and key id in its line. */
  private void compareCosignatures() throws SQLException {
    long[] others = {0};
    Statements.forEach(
        connection,
        "SELECT CAST(witness AS BLOB), CASE WHEN octet_length(line) <= %s THEN CAST(line AS BLOB) END FROM indelible_cosignatures"
            .formatted(MOST_LINE_BYTES),
        row -> {
          byte[] witness = row.getBytes(1);
          byte[] line = row.getBytes(2);
          if (witness == null || line == null || !isLineOf(text(witness), text(line))) {
            others[0]++;
          }
          return true;
        });
    if (others[0] > 0) {
      faults.add(
          "indelible_cosignatures: %s of its rows are not one signature line of the witness that they name"
              .formatted(others[0]));
    }
  }

  private static String text(byte[] stored) {
    return new String(stored, StandardCharsets.UTF_8);
  }

  private static boolean isLineOf(String witness, String line) {
    Matcher parts = SIGNATURE_LINE.matcher(line);
    if (!parts.matches()) {
      return false;
    }
    try {
      byte[] signature = Base64.getDecoder().decode(parts.group(2));
      return signature.length > KEY_ID_BYTES
          && Base64.getEncoder().encodeToString(signature).equals(parts.group(2))
          && witness.equals(
              parts.group(1) + "+" + HexFormat.of().formatHex(signature, 0, KEY_ID_BYTES));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private void compareDeadLetters() throws SQLException {
    none(
        "signed_events_dlq: %s of its rows have a number or a count that no dead letter has",
        "SELECT count(*) FROM signed_events_dlq NOT INDEXED WHERE letter < 1"
            + " OR attempts NOT BETWEEN 0 AND "
            + Integer.MAX_VALUE);
    none(
        "signed_events_dlq: %s of its events wait more than once",
        "SELECT count(*) FROM (SELECT 1 FROM signed_events_dlq NOT INDEXED WHERE replayed_as IS NULL"
            + " GROUP BY id, payload_hash HAVING count(*) > 1)");
    none(
        "signed_events_dlq: %s of its rows have more bytes than a dead letter can have",
        "SELECT count(*) FROM signed_events_dlq NOT INDEXED WHERE "
            + SqliteLedger.LETTER_BYTES
            + " > "
            + SqliteLedger.MOST_LETTER_BYTES);
    compareLetterTexts();
    none(
        "signed_events_dlq: %s of its rows state that they were replayed, but the chain has no row of"
            + " their event",
        "SELECT count(*) FROM signed_events_dlq AS d NOT INDEXED WHERE replayed_as IS NOT NULL AND"
            + " (replayed_as <> d.id OR NOT EXISTS"
            + " (SELECT 1 FROM signed_events AS e WHERE e.id = d.id))");
  }

  /**
   * Compares the stored bytes of each dead letter, because different bytes can decode to equal
   * text.
   */
  private void compareLetterTexts() throws SQLException {
    String bytes =
        LETTER_TEXTS.stream()
            .map(column -> "CAST(%s AS BLOB)".formatted(column))
            .collect(Collectors.joining(", "));
    int before = faults.size();
    Statements.forEach(
        connection,
        "SELECT letter, %s FROM signed_events_dlq NOT INDEXED WHERE %s <= %s"
            .formatted(bytes, SqliteLedger.LETTER_BYTES, SqliteLedger.MOST_LETTER_BYTES),
        row -> {
          for (int i = 0; i < LETTER_TEXTS.size(); i++) {
            byte[] stored = row.getBytes(i + 2);
            if (stored != null && !isWritten(LETTER_TEXTS.get(i), stored)) {
              faults.add(
                  "signed_events_dlq: dead letter %s has text in %s that no writer stores"
                      .formatted(row.getLong(1), LETTER_TEXTS.get(i)));
            }
          }
          return faults.size() - before < SqliteStorage.MOST_OF_A_KIND;
        });
  }

  private static boolean isWritten(String column, byte[] stored) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(stored)).toString();
    } catch (CharacterCodingException e) {
      return false;
    }
    return switch (column) {
      case "timestamp", "failed_at" -> isTime(text);
      // The reason may be another program's message of several lines.
      case "failure_reason" ->
          !text.isEmpty()
              && text.chars().noneMatch(c -> Character.isISOControl(c) && "\t\n\r".indexOf(c) < 0);
      default -> true;
    };
  }

  private static boolean isTime(String text) {
    try {
      return Timestamps.format(Instant.parse(text)).equals(text);
    } catch (DateTimeParseException e) {
      return false;
    }
  }

  private void compareLedger() throws SQLException {
    List<String> ids = new ArrayList<>();
    Statements.forEach(
        connection,
        "SELECT CASE WHEN octet_length(id) <= 100 THEN id END FROM indelible_ledger LIMIT 2",
        row -> ids.add(String.valueOf(row.getString(1))));
    if (ids.size() != 1) {
      faults.add(
          ids.isEmpty()
              ? "indelible_ledger: has no row, so the id of this ledger is unknown"
              : "indelible_ledger: has more than one row, so the id of this ledger is ambiguous");
    } else if (!isUuid(ids.get(0))) {
      faults.add("indelible_ledger: its row is not the id of a ledger");
    }
  }

  private void compareJournals() throws SQLException {
    Statements.forEach(
        connection,
        "SELECT CASE WHEN octet_length(journal) <= 100 THEN journal END, position"
            + " FROM indelible_journals NOT INDEXED",
        row -> {
          if (!isUuid(String.valueOf(row.getString(1))) || row.getLong(2) < 0) {
            faults.add("indelible_journals: has a row that is not a journal id and a position");
          }
          return faults.size() < SqliteStorage.MOST_OF_A_KIND;
        });
  }

  private static boolean isUuid(String text) {
    try {
      return UUID.fromString(text).toString().equals(text);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * Compares the tiles with the tree's size, which determines their number and widths, and the
   * checkpoints with it. A checkpoint has one signature of the log, or two if an earlier row adds
   * an ML-DSA-44 key; other signatures are in another table.
   */
  private void compareTree() throws SQLException {
    List<Long> sizes = new ArrayList<>();
    Statements.forEach(
        connection,
        "SELECT size, sequence FROM indelible_tree LIMIT 2",
        row -> {
          sizes.add(row.getLong(1));
          if (row.getLong(1) < 0 || row.getLong(1) != row.getLong(2)) {
            faults.add(
                "indelible_tree: has %s leaves, but row %s as its last"
                    .formatted(row.getLong(1), row.getLong(2)));
          }
          return true;
        });
    if (sizes.size() != 1) {
      faults.add(
          sizes.isEmpty()
              ? "indelible_tree: has no row, so the size of the tree is unknown"
              : "indelible_tree: has more than one row, so the size of the tree is ambiguous");
      return;
    }
    none(
        "indelible_tiles: %s of its rows are not tiles of the tree, or have another width",
        """
        SELECT count(*) FROM indelible_tiles NOT INDEXED, (SELECT ? AS size) AS tree
        WHERE level < 0 OR level >= ? OR tile < 0
          OR length(hashes) <> 32 * min(256, (tree.size >> (8 * level)) - 256 * tile)
          OR length(hashes) = 0""",
        sizes.get(0),
        LEVELS);
    none(
        "indelible_checkpoints: %s of its notes have more signature lines than the log's",
        "SELECT count(*) FROM indelible_checkpoints NOT INDEXED,"
            + " (SELECT coalesce(min(sequence), ?) AS since FROM signed_events WHERE event_type = ?)"
            + " WHERE length(note) - length(replace(note, char(10, 8212, 32), ''))"
            + " > CASE WHEN size < since THEN 3 ELSE 6 END",
        Long.MAX_VALUE,
        SystemEvent.KEY_ML_DSA_44_ADDED);
    none(
        "indelible_checkpoints: %s of its rows are over no rows, or over more than the tree has",
        "SELECT count(*) FROM indelible_checkpoints NOT INDEXED WHERE size < 1 OR size > ?",
        sizes.get(0));
  }

  /** Adds a finding if a query counts any rows. */
  private void none(String fault, String query, Object... parameters) throws SQLException {
    long found =
        Statements.first(connection, query, row -> row.getLong(1), parameters).orElseThrow();
    if (found > 0) {
      faults.add(fault.formatted(found));
    }
  }
}
