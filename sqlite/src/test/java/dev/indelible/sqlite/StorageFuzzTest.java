// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.ledger.LedgerException;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Makes random edits of the schema and of pages. If a scan or a search in SQLite then returns other
 * content than was recorded, the verdict must not be intact. {@code -Dindelible.fuzz.draws} and
 * {@code -Dindelible.fuzz.seed} set the number of edits and the seed.
 */
@Tag("any-jdk")
class StorageFuzzTest {
  private static final int DRAWS = Integer.getInteger("indelible.fuzz.draws", 40);
  private static final long SEED = Long.getLong("indelible.fuzz.seed", 20_261_129);

  /** Page size in bytes; with pages this small, each b-tree has several levels. */
  private static final int PAGE = 512;

  private static final List<String> TABLES =
      List.of(
          "signed_events",
          "signed_events_dlq",
          "indelible_ledger",
          "indelible_journals",
          "indelible_schema",
          "indelible_tiles",
          "indelible_tree",
          "indelible_checkpoints",
          "indelible_cosignatures");

  private static final List<String> INDEXES =
      List.of(
          "sqlite_autoindex_signed_events_1",
          "signed_events_agent",
          "signed_events_type",
          "signed_events_dlq_id",
          "sqlite_autoindex_indelible_journals_1",
          "sqlite_autoindex_indelible_tiles_1");

  /** Texts in a definition, with their replacements. */
  private static final List<List<String>> REWRITES =
      List.of(
          List.of(" STRICT", ""),
          List.of(" NOT NULL", ""),
          List.of(" INTEGER", " INT"),
          List.of(" INTEGER", " ANY"),
          List.of(" TEXT", " BLOB"),
          List.of(" TEXT", " ANY"),
          List.of(" BLOB", " TEXT"),
          List.of(" TEXT NOT NULL", " TEXT NOT NULL COLLATE NOCASE"),
          List.of(" TEXT NOT NULL", " TEXT NOT NULL ON CONFLICT IGNORE"),
          List.of(" NOT NULL", " NOT NULL DEFAULT 1"),
          List.of(" NOT NULL", " NOT NULL CHECK (1)"),
          List.of(" PRIMARY KEY", ""),
          List.of(" PRIMARY KEY", " PRIMARY KEY DESC"),
          List.of(" INTEGER PRIMARY KEY", " INTEGER PRIMARY KEY AUTOINCREMENT"),
          List.of(" UNIQUE", ""),
          List.of(" UNIQUE", " UNIQUE ON CONFLICT REPLACE"),
          List.of(", WITHOUT ROWID", ""),
          List.of("agent_id", "agent"),
          List.of("payload TEXT", "payload TEXT, note TEXT"),
          List.of("payload TEXT", "payload TEXT AS (key_id)"),
          List.of("id TEXT", "agent_id TEXT"),
          List.of("CREATE TABLE", "CREATE TEMP TABLE"),
          List.of("(agent_id)", "(agent_id DESC)"),
          List.of("(agent_id)", "(agent_id COLLATE NOCASE)"),
          List.of("(event_type)", "(agent_id)"),
          List.of("(event_type)", "(event_type) WHERE event_type > 'b'"),
          List.of("(id)", "(lower(id))"),
          List.of("CREATE INDEX", "CREATE UNIQUE INDEX"),
          List.of("CREATE", "DROP"),
          List.of("TABLE", "VIEW"));

  @TempDir static Path original;
  @TempDir Path directory;

  private static byte[] sound;
  private static List<String> content;

  @BeforeAll
  static void record() throws Exception {
    Path file = StorageTest.storage(original);
    Sql.run(file, "PRAGMA page_size = " + PAGE, "VACUUM", "CREATE TABLE gone (x)");
    Sql.run(file, "INSERT INTO gone VALUES (zeroblob(20000))", "DROP TABLE gone");
    sound = Files.readAllBytes(file);
    content = content(file);
  }

  @Test
  void editsThatChangeAnyResultAreFound() throws Exception {
    Random random = new Random(SEED);
    Map<String, Integer> outcomes = new TreeMap<>();
    for (int draw = 0; draw < DRAWS; draw++) {
      Path file = directory.resolve("edited.db");
      Files.write(file, sound);
      Files.deleteIfExists(directory.resolve("edited.db-journal"));
      String edit = "seed " + SEED + ", draw " + draw + ": " + edit(file, random);
      Optional<Verdict> verdict = verdict(file);
      boolean shows = !readable(file).equals(Optional.of(content));
      if (shows) {
        assertThat(verdict).as(edit).isNotEqualTo(Optional.of(Verdict.INTACT));
      }
      outcomes.merge(
          (shows ? "shows, " : "hidden, ") + verdict.map(Enum::name).orElse("refused"),
          1,
          Integer::sum);
    }
    assertThat(outcomes).containsKey("shows, BROKEN");
  }

  private static String edit(Path file, Random random) throws Exception {
    return random.nextInt(3) == 0 ? editSchema(file, random) : editPages(file, random);
  }

  /** Runs one statement on the schema, if SQLite accepts it. */
  private static String editSchema(Path file, Random random) {
    String table = pick(TABLES, random);
    String index = pick(INDEXES, random);
    String any = random.nextBoolean() ? table : index;
    List<String> rewrite = pick(REWRITES, random);
    String sql =
        switch (random.nextInt(12)) {
          case 0, 1, 2, 3 ->
              "UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s') WHERE tbl_name = '%s'"
                  .formatted(quote(rewrite.get(0)), quote(rewrite.get(1)), table);
          case 4 ->
              "UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s')"
                  .formatted(quote(rewrite.get(0)), quote(rewrite.get(1)));
          case 5 ->
              "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name ="
                  + " '%s') WHERE name = '%s'".formatted(pick(INDEXES, random), any);
          case 6 ->
              "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name ="
                  + " '%s') WHERE name = '%s'".formatted(pick(TABLES, random), any);
          case 7 ->
              "UPDATE sqlite_schema SET rootpage = %d WHERE name = '%s'"
                  .formatted(random.nextInt(sound.length / PAGE) + 1, any);
          case 8 -> "DELETE FROM sqlite_schema WHERE name = '%s'".formatted(any);
          case 9 ->
              "INSERT INTO sqlite_schema SELECT type, name, tbl_name, %s, sql FROM sqlite_schema"
                      .formatted(random.nextBoolean() ? "rootpage" : "rootpage + 1")
                  + " WHERE name = '%s'".formatted(any);
          case 10 ->
              "INSERT INTO sqlite_schema VALUES ('trigger', 't', '%s', 0, 'CREATE TRIGGER t BEFORE"
                      .formatted(table)
                  + " INSERT ON %s BEGIN SELECT 1; END')".formatted(pick(TABLES, random));
          default ->
              "UPDATE sqlite_schema SET %s WHERE name = '%s'"
                  .formatted(
                      pick(
                          List.of(
                              "name = upper(name)",
                              "name = 'x'",
                              "tbl_name = 'x'",
                              "type = 'view'",
                              "sql = NULL",
                              "sql = ''",
                              "sql = x'00'",
                              "rootpage = NULL"),
                          random),
                      any);
        };
    try {
      Sql.run(file, "PRAGMA writable_schema = ON", sql);
    } catch (SQLException e) {
      return sql + " (failed: " + e.getMessage() + ")";
    }
    return sql;
  }

  /** Changes pages: their order, their pointers, their header or a few of their bytes. */
  private static String editPages(Path file, Random random) throws Exception {
    byte[] bytes = sound.clone();
    int pages = bytes.length / PAGE;
    int one = random.nextInt(pages - 1) + 1;
    int other = random.nextInt(pages - 1) + 1;
    int start = one * PAGE;
    ByteBuffer page = ByteBuffer.wrap(bytes, start, PAGE).slice();
    String what;
    switch (random.nextInt(12)) {
      case 0 -> {
        what = "swap page " + (one + 1) + " and " + (other + 1);
        byte[] kept = Arrays.copyOfRange(bytes, start, start + PAGE);
        System.arraycopy(bytes, other * PAGE, bytes, start, PAGE);
        System.arraycopy(kept, 0, bytes, other * PAGE, PAGE);
      }
      case 1 -> {
        what = "copy page " + (other + 1) + " over " + (one + 1);
        System.arraycopy(bytes, other * PAGE, bytes, start, PAGE);
      }
      case 2 -> {
        what = "zero page " + (one + 1);
        Arrays.fill(bytes, start, start + PAGE, (byte) 0);
      }
      case 3 -> {
        int cells = Math.max(1, page.getShort(3) & 0xff);
        int header = page.get(0) == 5 || page.get(0) == 2 ? 12 : 8;
        int from = Math.min(PAGE - 2, header + 2 * random.nextInt(cells));
        int to = Math.min(PAGE - 2, header + 2 * random.nextInt(cells));
        what = "swap cell pointers at " + from + " and " + to + " of page " + (one + 1);
        short kept = page.getShort(from);
        page.putShort(from, page.getShort(to));
        page.putShort(to, kept);
      }
      case 4 -> {
        int cells = page.getShort(3);
        what = "one cell less on page " + (one + 1);
        page.putShort(3, (short) Math.max(0, cells - 1));
      }
      case 5 -> {
        what = "another right-most child on page " + (one + 1);
        page.putInt(8, random.nextInt(pages) + 1);
      }
      case 6 -> {
        int cells = Math.max(1, page.getShort(3) & 0xff);
        int at = page.getShort(Math.min(PAGE - 2, 12 + 2 * random.nextInt(cells))) & 0xffff;
        what = "another child in the cell at " + at + " of page " + (one + 1);
        page.putInt(Math.min(at, PAGE - 4), random.nextInt(pages) + 1);
      }
      case 7 -> {
        what = "another head of the free list";
        ByteBuffer.wrap(bytes).putInt(32, random.nextInt(pages) + 1);
      }
      case 8 -> {
        int at = random.nextInt(100);
        what = "byte " + at + " of the file's header";
        bytes[at] = (byte) random.nextInt(256);
      }
      case 9 -> {
        int at = random.nextInt(PAGE);
        what = "byte " + at + " of page 1";
        bytes[at] ^= (byte) (1 << random.nextInt(8));
      }
      case 10 -> {
        int at = random.nextInt(12);
        what = "byte " + at + " of the header of page " + (one + 1);
        bytes[start + at] = (byte) random.nextInt(256);
      }
      default -> {
        int at = random.nextInt(PAGE);
        what = "byte " + at + " of page " + (one + 1);
        bytes[start + at] ^= (byte) (1 << random.nextInt(8));
      }
    }
    Files.write(file, bytes);
    return what;
  }

  /** Returns the verdict on a file; empty if the file is refused with a clear error. */
  private static Optional<Verdict> verdict(Path file) throws Exception {
    try {
      return Optional.of(new TestLog(file).verify().verdict());
    } catch (LedgerException e) {
      assertThat(e.getMessage()).startsWith(file + ": ");
      return Optional.empty();
    }
  }

  private static Optional<List<String>> readable(Path file) {
    try {
      return Optional.of(content(file));
    } catch (SQLException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns everything that plain SQLite returns for the ledger: the schema, every value of every
   * table with its type by a scan, and the results of a search by each key and each index.
   */
  private static List<String> content(Path file) throws SQLException {
    List<String> found = new ArrayList<>();
    try (Connection connection = Sql.connect(file);
        Statement statement = connection.createStatement()) {
      add(
          found,
          statement,
          "SELECT type, lower(name), lower(tbl_name), sql FROM sqlite_schema ORDER BY rowid");
      for (String table : TABLES) {
        add(found, statement, "SELECT " + columns(table) + " FROM " + table + " NOT INDEXED");
      }
      add(found, statement, "SELECT size, sequence FROM indelible_tree");
      for (int sequence = 1; sequence <= 120; sequence++) {
        add(found, statement, "SELECT id FROM signed_events WHERE sequence = " + sequence);
      }
      for (String line : List.copyOf(found)) {
        if (line.startsWith("id ")) {
          String id = line.substring("id ".length());
          add(found, statement, "SELECT sequence FROM signed_events WHERE id = " + id);
        }
      }
      for (String query :
          List.of(
              "SELECT agent_id, count(*), max(sequence) FROM signed_events INDEXED BY"
                  + " signed_events_agent GROUP BY agent_id",
              "SELECT event_type, count(*), max(sequence) FROM signed_events INDEXED BY"
                  + " signed_events_type GROUP BY event_type",
              "SELECT letter FROM signed_events_dlq WHERE id IN (SELECT id FROM signed_events_dlq)",
              "SELECT typeof(journal) FROM indelible_journals WHERE journal >= ''",
              "SELECT * FROM indelible_checkpoints WHERE size IN (30, 60, 90, 120)",
              "SELECT size FROM indelible_cosignatures WHERE size IN (60, 90)",
              "SELECT * FROM indelible_tiles WHERE level = 0 AND tile = 0")) {
        add(found, statement, query);
      }
    }
    return found;
  }

  /**
   * Returns the columns that the chain, a hash or a signature covers. Nothing covers when and why
   * an event became a dead letter. Cosignatures and positions are checked elsewhere: by the
   * witness, and against the journal.
   */
  private static String columns(String table) {
    return switch (table) {
      case "signed_events_dlq" ->
          "letter, id, agent_id, event_type, payload_hash, timestamp, payload, replayed_as";
      case "indelible_cosignatures" -> "size";
      case "indelible_journals" -> "typeof(journal), typeof(position)";
      default -> "*";
    };
  }

  private static void add(List<String> found, Statement statement, String query)
      throws SQLException {
    try (ResultSet rows = statement.executeQuery(query)) {
      int columns = rows.getMetaData().getColumnCount();
      while (rows.next()) {
        StringBuilder row = new StringBuilder();
        for (int column = 1; column <= columns; column++) {
          Object value = rows.getObject(column);
          row.append(rows.getMetaData().getColumnName(column)).append(' ');
          row.append(
              value instanceof byte[] blob
                  ? "blob " + Arrays.toString(blob)
                  : value instanceof String text ? "'" + text.replace("'", "''") + "'" : value);
          row.append(column < columns ? "; " : "");
        }
        found.add(row.toString());
      }
    }
  }

  private static String quote(String text) {
    return text.replace("'", "''");
  }

  private static <T> T pick(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }
}
