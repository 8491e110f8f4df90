// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Counts;
import dev.indelible.ledger.EventQuery.Counts.Verdicts;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.ledger.LedgerException;
import dev.indelible.testkit.ChildJvm;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Searches and counts with the index return the results of a full scan of the ledger, even after
 * faults.
 */
class IndexTest {
  /** The number of rows. They fill several blocks of the index, the last one partly. */
  private static final int ROWS = 2_600;

  private static final int QUERIES = 40;

  @TempDir Path temp;
  private IndexedLedger rows;

  @BeforeEach
  void indexedRows() throws Exception {
    rows = new IndexedLedger(temp, 14);
    rows.append(ROWS);
    assertThat(rows.update()).isEqualTo(ROWS);
  }

  private static List<Long> sequences(List<ChainRow> found) {
    return found.stream().map(ChainRow::sequence).toList();
  }

  private void assertComplete() throws Exception {
    assertThat(rows.findAll(EventQuery.oldest(Filter.ALL).limit(1_000)))
        .isEqualTo(sequences(rows.scan(Filter.ALL)));
    Filter refused = Filter.ALL.verdict("refuse");
    assertThat(rows.findAll(EventQuery.oldest(refused))).isEqualTo(sequences(rows.scan(refused)));
    assertThat(rows.count(Counting.of(refused)).rows()).isEqualTo(rows.scan(refused).size());
  }

  @Test
  void pagesContainTheRowsOfAScan() throws Exception {
    for (int i = 0; i < QUERIES; i++) {
      Filter filter = rows.filter();
      List<Long> expected = new ArrayList<>(sequences(rows.scan(filter)));
      int limit = 1 + rows.random(300);
      assertThat(rows.findAll(EventQuery.oldest(filter).limit(limit)))
          .as("%s", filter)
          .isEqualTo(expected);
      Collections.reverse(expected);
      // Even a page without any time makes progress.
      assertThat(rows.findAll(EventQuery.newest(filter).limit(limit).within(Duration.ZERO)))
          .as("%s", filter)
          .isEqualTo(expected);
    }
  }

  /** A cursor behind the last block would skip rows, because later rows are added to that block. */
  @Test
  void pageThatRunsOutOfTimeAtTheEndHasNoCursor() throws Exception {
    EventQuery oldest = EventQuery.oldest(Filter.ALL).limit(1_000).within(Duration.ZERO);
    Page page = rows.find(oldest);
    long found = page.rows().size();
    while (found < ROWS) {
      page = rows.find(oldest.after(page.next().orElseThrow()));
      found += page.rows().size();
    }

    assertThat(page.next()).isEmpty();
    assertThat(page.reached()).isEqualTo(ROWS);
  }

  @Test
  void countsEqualTheCountsOfAScan() throws Exception {
    for (int i = 0; i < QUERIES; i++) {
      Filter filter = rows.filter();
      Duration bucket = Duration.ofMinutes(5 + rows.random(300));
      List<ChainRow> expected = rows.scan(filter);
      List<ChainRow> decisions =
          expected.stream().filter(row -> row.eventType().startsWith("governance.")).toList();

      Counts counts = rows.count(Counting.of(filter).bucket(bucket).top(3));

      assertThat(counts.rows()).as("%s", filter).isEqualTo(expected.size());
      assertThat(counts.verdicts()).as("%s", filter).isEqualTo(verdicts(decisions));
      assertThat(counts.from()).isEmpty();
      assertTop(counts.agents(), decisions, ChainRow::agentId);
      assertTop(counts.rules(), decisions, row -> IndexedLedger.member(row, "decision", "rule_id"));
      Map<Instant, List<ChainRow>> byTime = new TreeMap<>();
      for (ChainRow row : decisions) {
        long length = bucket.toSeconds();
        long second = Instant.parse(row.timestamp()).getEpochSecond();
        byTime
            .computeIfAbsent(
                Instant.ofEpochSecond(second / length * length), any -> new ArrayList<>())
            .add(row);
      }
      assertThat(counts.buckets())
          .as("%s", filter)
          .isEqualTo(
              byTime.entrySet().stream()
                  .map(each -> new Counts.Bucket(each.getKey(), verdicts(each.getValue())))
                  .toList());
    }
  }

  private static Verdicts verdicts(List<ChainRow> decisions) {
    Map<String, Long> counted =
        decisions.stream()
            .collect(Collectors.groupingBy(IndexedLedger::verdict, Collectors.counting()));
    return new Verdicts(
        counted.getOrDefault("allow", 0L),
        counted.getOrDefault("warn", 0L),
        counted.getOrDefault("refuse", 0L),
        counted.getOrDefault("escalate", 0L),
        counted.getOrDefault("", 0L));
  }

  private static void assertTop(
      Counts.Top top, List<ChainRow> decisions, Function<ChainRow, String> name) {
    Map<String, List<ChainRow>> named = new HashMap<>();
    for (ChainRow row : decisions) {
      named.computeIfAbsent(name.apply(row), any -> new ArrayList<>()).add(row);
    }
    named.remove("");
    assertThat(top.first().size() + top.more()).isEqualTo(named.size());
    assertThat(top.first().size()).isLessThanOrEqualTo(3);
    assertThat(top.first())
        .allSatisfy(
            each -> assertThat(each.verdicts()).isEqualTo(verdicts(named.get(each.name()))));
    assertThat(top.first().stream().mapToLong(each -> -each.verdicts().total()).toArray())
        .isSorted();
  }

  @Test
  void countOutOfTimeStatesItsFirstRow() throws Exception {
    try (SqliteLedger ledger = rows.reader();
        SqliteIndex index = SqliteIndex.open(rows.index, ledger).orElseThrow()) {
      Counts counts = index.count(Counting.of(Filter.ALL).within(Duration.ZERO));

      long from = counts.from().orElseThrow();
      assertThat(counts.rows()).isEqualTo(ROWS - from + 1).isPositive();
    }
  }

  @Test
  void countByTextStopsWithinABlock() throws Exception {
    Filter filter = Filter.ALL.text("run");
    try (SqliteLedger ledger = rows.reader();
        SqliteIndex index = SqliteIndex.open(rows.index, ledger).orElseThrow()) {
      Counts counts = index.count(Counting.of(filter).within(Duration.ZERO));

      long from = counts.from().orElseThrow();
      assertThat(from).isGreaterThan(IndexBlock.first(IndexBlock.of(ROWS)));
      assertThat(counts.rows())
          .isEqualTo(rows.scan(filter).stream().filter(row -> row.sequence() >= from).count())
          .isPositive();
    }
  }

  @Test
  void forgedNumbersTakeNoMemory() throws Exception {
    int forged = Integer.MAX_VALUE - 8;
    IndexBlock block = new IndexBlock();
    block.add(0, forged, 1, 0);
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + rows.index)) {
      Statements.change(connection, "UPDATE blocks SET content = ?", (Object) block.content());
      assertThat(rows.count(Counting.of(Filter.ALL)).rows()).isPositive();

      Statements.change(connection, "INSERT INTO facets VALUES (?, 1, 2, 3, 4)", forged);
      assertThatThrownBy(() -> rows.count(Counting.of(Filter.ALL)))
          .isInstanceOf(SqliteIndex.DamagedIndexException.class);
      assertThatThrownBy(() -> rows.find(EventQuery.newest(Filter.ALL.kind("bash"))))
          .isInstanceOf(SqliteIndex.DamagedIndexException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {110_000, Long.MAX_VALUE / 86_400})
  void longestBucketHasEveryRow(long days) throws Exception {
    Counts counts = rows.count(Counting.of(Filter.ALL).bucket(Duration.ofDays(days)));

    assertThat(counts.buckets()).hasSize(1);
    assertThat(counts.rows()).isEqualTo(ROWS);
  }

  @Test
  void tooManyBucketsAreRefused() {
    assertThatThrownBy(() -> rows.count(Counting.of(Filter.ALL).bucket(Duration.ofSeconds(1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 500");
  }

  @Test
  void cursorIsStableWhileRowsAreAppended() throws Exception {
    EventQuery newest = EventQuery.newest(Filter.ALL).limit(700);
    EventQuery oldest = EventQuery.oldest(Filter.ALL).limit(700);
    Page first = rows.find(newest);
    Page begin = rows.find(oldest);

    rows.append(900);
    rows.update();

    // On a slow machine a page ends before its limit.
    int read = begin.rows().size();
    assertThat(rows.find(newest.after(first.next().orElseThrow())).rows().get(0).sequence())
        .isEqualTo(ROWS - first.rows().size());
    assertThat(rows.findAll(oldest.after(begin.next().orElseThrow())))
        .hasSize(ROWS + 900 - read)
        .startsWith(read + 1L)
        .endsWith(ROWS + 900L);
  }

  @Test
  void cursorOfAnotherQueryIsRefused() throws Exception {
    EventQuery query = EventQuery.newest(Filter.ALL).limit(10);
    String cursor = rows.find(query).next().orElseThrow();
    List<EventQuery> wrong = new ArrayList<>();
    wrong.add(EventQuery.oldest(Filter.ALL).after(cursor));
    wrong.add(EventQuery.newest(Filter.ALL.agent("agent:1")).after(cursor));
    wrong.add(EventQuery.newest(Filter.ALL.until(Instant.EPOCH)).after(cursor));
    for (String text : List.of("", "x", "%%", cursor + "A", cursor.substring(1), "A".repeat(32))) {
      wrong.add(query.after(text));
    }
    for (int i = 0; i < cursor.length(); i++) {
      char changed = cursor.charAt(i) == 'A' ? 'B' : 'A';
      wrong.add(query.after(cursor.substring(0, i) + changed + cursor.substring(i + 1)));
    }

    assertThat(wrong)
        .allSatisfy(
            each ->
                assertThatThrownBy(() -> rows.find(each))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cursor"));
    // The limit of a query may change between pages.
    assertThat(rows.find(query.limit(20).after(cursor)).rows()).hasSize(20);
  }

  @Test
  void resultStatesHowFarTheIndexReaches() throws Exception {
    rows.append(10);

    Page page = rows.find(EventQuery.newest(Filter.ALL).limit(1));

    assertThat(page.coverage()).isEqualTo(new EventQuery.Coverage(ROWS, ROWS + 10L));
    assertThat(page.rows().get(0).sequence()).isEqualTo(ROWS);
  }

  @Test
  void secondWriterFindsTheIndexLocked() throws Exception {
    try (SqliteLedger ledger = rows.reader();
        IndexWriter first = IndexWriter.open(rows.index, ledger, Duration.ZERO).orElseThrow()) {
      assertThat(IndexWriter.open(rows.index, ledger, Duration.ZERO)).isEmpty();
      assertThat(first.reached()).isEqualTo(ROWS);
      ChildJvm child = ChildJvm.running(IndexProcess.class).start(rows.ledger, rows.index, "1");
      assertThat(child.output()).contains("locked");
    }
    assertThat(ChildJvm.running(IndexProcess.class).start(rows.ledger, rows.index, "1").output())
        .contains("reached " + ROWS);
  }

  /**
   * A reader that opened the deleted file and then its successor's -shm file would cut that off.
   */
  @Test
  void indexIsBuiltAgainBesideReaders() throws Exception {
    ChildJvm child = ChildJvm.running(IndexRebuilds.class).start(rows.ledger, rows.index, "300");
    assertThat(child.output()).contains("built");
    child.requireSuccess();
    rows.update();
    assertComplete();
  }

  @Test
  void readerOfADeletedIndexGivesNoResult() throws Exception {
    try (SqliteLedger ledger = rows.reader();
        SqliteIndex index = SqliteIndex.open(rows.index, ledger).orElseThrow()) {
      assertThat(index.find(EventQuery.newest(Filter.ALL)).rows()).hasSize(100);

      Files.delete(rows.index);

      assertThatThrownBy(() -> index.find(EventQuery.newest(Filter.ALL)))
          .isInstanceOf(SqliteIndex.ReplacedIndexException.class);
      rows.update();
      assertThatThrownBy(() -> index.count(Counting.of(Filter.ALL)))
          .isInstanceOf(SqliteIndex.ReplacedIndexException.class);
    }
    assertComplete();
  }

  @Test
  void writerOfADeletedIndexBuildsItAgain() throws Exception {
    rows.append(3_000);
    try (SqliteLedger ledger = rows.reader();
        IndexWriter writer = IndexWriter.open(rows.index, ledger, Duration.ZERO).orElseThrow()) {
      Files.delete(rows.index);
      while (writer.append()) {
        // The next rows.
      }
      assertThat(writer.reached()).isEqualTo(ROWS + 3_000L);
    }
    assertComplete();
  }

  @Test
  void purgeOfAReplacedIndexIsNotDone() throws Exception {
    Path kept = Files.copy(rows.index, temp.resolve("kept"));
    try (SqliteLedger ledger = rows.reader();
        IndexWriter writer = IndexWriter.open(rows.index, ledger, Duration.ZERO).orElseThrow()) {
      Files.move(kept, rows.index, StandardCopyOption.REPLACE_EXISTING);

      assertThat(writer.purge(1_500)).isFalse();
      assertThat(writer.reached()).isZero();
      assertThat(writer.purge(1_500)).isTrue();
    }
  }

  @Test
  void agentsThatAreNotCountedAreReported() throws Exception {
    Counting all = Counting.of(Filter.ALL).within(Duration.ofMinutes(10));
    try (SqliteLedger ledger = rows.reader();
        SqliteIndex index = SqliteIndex.open(rows.index, ledger).orElseThrow()) {
      Counts few = new IndexCount(index, all, 2).counts();

      assertThat(few.agents().isComplete()).isFalse();
      assertThat(few.agents().first()).hasSize(2);
      assertThat(index.count(all).agents().isComplete()).isTrue();
      assertThat(few.verdicts()).isEqualTo(index.count(all).verdicts());
    }
  }

  @Test
  void countOfTheLastBlockIsCompleteThoughLate() throws Exception {
    IndexedLedger small = new IndexedLedger(Files.createDirectory(temp.resolve("small")), 5);
    small.append(100);
    small.update();

    try (SqliteLedger ledger = small.reader();
        SqliteIndex index = SqliteIndex.open(small.index, ledger).orElseThrow()) {
      Counts counts = index.count(Counting.of(Filter.ALL).within(Duration.ZERO));

      assertThat(counts.from()).isEmpty();
      assertThat(counts.rows()).isEqualTo(100);
    }
  }

  @Test
  void purgeOfADamagedIndexBuildsItAgain() throws Exception {
    long refused = rows.scan(Filter.ALL.verdict("refuse")).get(0).sequence();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + rows.index);
        Statement statement = connection.createStatement()) {
      statement.execute("DELETE FROM names WHERE name = 'governance.refusal'");
    }

    try (SqliteLedger ledger = rows.reader();
        IndexWriter writer = IndexWriter.open(rows.index, ledger, Duration.ZERO).orElseThrow()) {
      assertThatThrownBy(() -> writer.purge(refused))
          .isInstanceOf(LedgerException.class)
          .hasMessageContaining("built again");
    }
    rows.update();
    assertComplete();
  }

  @Test
  void killedWriterLeavesAnIncompleteButCorrectIndex() throws Exception {
    for (int round = 0; round < 4; round++) {
      if (round % 2 == 0) {
        Files.delete(rows.index);
      }
      rows.append(1_500);
      ChildJvm child =
          ChildJvm.running(IndexProcess.class).start(rows.ledger, rows.index, "1000000");
      for (int line = 0; line <= round / 2; line++) {
        child.readLine();
      }
      child.kill();

      Optional<Long> reached;
      try (SqliteLedger ledger = rows.reader()) {
        Optional<SqliteIndex> left = SqliteIndex.open(rows.index, ledger);
        reached = left.map(index -> index.coverage().indexed());
        left.ifPresent(SqliteIndex::close);
      }
      if (reached.isPresent()) {
        long last = reached.get();
        assertThat(rows.findAll(EventQuery.oldest(Filter.ALL.verdict("escalate"))))
            .isEqualTo(
                rows.scan(Filter.ALL.verdict("escalate")).stream()
                    .map(ChainRow::sequence)
                    .filter(sequence -> sequence <= last)
                    .toList());
      }
      rows.update();
      assertComplete();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE state SET version = 99",
        "UPDATE state SET ledger = 'another'",
        "UPDATE state SET hash = x'00'",
        "UPDATE state SET sequence = sequence - 1",
        "UPDATE state SET first_hash = x'00'",
        "DELETE FROM state",
        "DROP TABLE blocks",
        "ALTER TABLE events RENAME TO others"
      })
  void inconsistentIndexIsBuiltAgain(String change) throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + rows.index);
        Statement statement = connection.createStatement()) {
      statement.execute(change);
    }

    rebuildAndCheck();
  }

  /**
   * Updates the index as a log does: an update that finds damage throws, and the next one rebuilds
   * the index.
   */
  private void rebuildAndCheck() throws Exception {
    rows.append(1);
    try {
      rows.update();
    } catch (LedgerException e) {
      assertThat(e).hasMessageContaining("built again");
      rows.update();
    }
    assertComplete();
  }

  @Test
  void damagedFilesAreBuiltAgain() throws Exception {
    byte[] good = Files.readAllBytes(rows.index);
    // The length of a page, so that the structure of one is damaged, and not only a value.
    for (int at = 0; at + 4_096 <= good.length; at += good.length / 12) {
      byte[] bad = good.clone();
      for (int i = at; i < at + 4_096; i++) {
        bad[i] = (byte) ~bad[i];
      }
      Files.write(rows.index, bad);
      rebuildAndCheck();
    }
    for (int length : List.of(0, 1, 100, 5_000, good.length / 2, good.length - 4_096)) {
      Files.write(rows.index, Arrays.copyOf(good, length));
      rebuildAndCheck();
    }
    Files.writeString(rows.index, "a text that is no database".repeat(1_000));
    rebuildAndCheck();
  }

  /** A check of a large index delays neither a start nor an end. */
  @Test
  void checkEndsAfterItsTime() throws Exception {
    // A value that no column of its type can have, in the last row that is checked.
    declareSession("INTEGER", "TEXT");
    Sql.run(rows.index, "UPDATE events SET session = 'x' WHERE sequence = " + ROWS);
    declareSession("TEXT", "INTEGER");
    try (SqliteLedger ledger = rows.reader()) {
      try (IndexWriter writer =
          IndexWriter.open(rows.index, ledger, Duration.ofNanos(1)).orElseThrow()) {
        assertThat(writer.reached()).isEqualTo(ROWS);
      }
      try (IndexWriter writer =
          IndexWriter.open(rows.index, ledger, Duration.ofMinutes(1)).orElseThrow()) {
        assertThat(writer.reached()).isZero();
      }
    }
  }

  private void declareSession(String before, String after) throws Exception {
    Sql.run(
        rows.index,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'session %s', 'session %s')"
                .formatted(before, after)
            + " WHERE name = 'events'");
  }

  @Test
  void rolledBackLedgerGetsANewIndex() throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + rows.ledger);
        Statement statement = connection.createStatement()) {
      statement.execute("DELETE FROM signed_events WHERE sequence > 2000");
    }
    try (SqliteLedger ledger = rows.reader()) {
      assertThat(SqliteIndex.open(rows.index, ledger)).isEmpty();
    }
    assertThat(rows.update()).isEqualTo(2_000);
    assertThat(rows.findAll(EventQuery.newest(Filter.ALL).limit(1_000))).hasSize(2_000);
  }

  @Test
  void anotherLedgerGetsANewIndex() throws Exception {
    Path other = Files.createDirectory(temp.resolve("other"));
    IndexedLedger second = new IndexedLedger(other, 15);
    second.append(ROWS + 500);
    Files.copy(rows.index, second.index);

    assertThat(second.update()).isEqualTo(ROWS + 500);

    Filter filter = Filter.ALL.rule("R1");
    assertThat(second.findAll(EventQuery.oldest(filter))).isEqualTo(sequences(second.scan(filter)));
  }

  @Test
  void erasedPayloadLeavesNoBytes() throws Exception {
    String secret = "agent-session-of-a-person";
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + rows.ledger);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE signed_events SET event_type = 'governance.refusal', payload = '{\"action\":{"
              + "\"kind\":\"bash\"},\"decision\":{\"decision\":\"refuse\",\"rule_id\":\""
              + secret
              + "-rule\"},\"session\":\""
              + secret
              + "\"}' WHERE sequence = 1500");
    }
    Files.delete(rows.index);
    rows.update();
    Filter filter = Filter.ALL.session(secret).rule(secret + "-rule");
    assertThat(rows.findAll(EventQuery.newest(filter))).containsExactly(1_500L);
    assertThat(bytes()).contains(secret);
    long before = rows.count(Counting.of(Filter.ALL)).verdicts().refuse();

    // Another reader has opened the index before.
    try (SqliteLedger ledger = rows.reader();
        SqliteIndex reader = SqliteIndex.open(rows.index, ledger).orElseThrow()) {
      assertThat(reader.coverage().isComplete()).isTrue();
    }
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + rows.ledger);
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE signed_events SET payload = NULL WHERE sequence = 1500");
    }
    try (SqliteLedger ledger = rows.reader();
        IndexWriter writer = IndexWriter.open(rows.index, ledger, Duration.ZERO).orElseThrow()) {
      assertThat(writer.purge(1_500)).isTrue();
      assertThat(bytes()).doesNotContain(secret);
    }

    assertThat(rows.count(Counting.of(Filter.ALL)).verdicts().refuse()).isEqualTo(before - 1);
    assertThat(rows.findAll(EventQuery.newest(filter))).isEmpty();
    assertComplete();
  }

  /** Returns the bytes of the index and of the files beside it. */
  private String bytes() throws Exception {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(temp)) {
      for (Path file :
          files.filter(each -> each.getFileName().toString().startsWith("index")).toList()) {
        all.append(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return all.toString();
  }

  @Test
  void viewContainsTheDecisions() throws Exception {
    Filter filter = Filter.ALL.verdict("escalate").agent("agent:1");
    List<Long> found = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + rows.index);
        Statement statement = connection.createStatement();
        ResultSet each =
            statement.executeQuery(
                "SELECT sequence, time FROM decisions WHERE verdict = 'escalate'"
                    + " AND agent = 'agent:1' ORDER BY sequence")) {
      List<ChainRow> scanned = rows.scan(filter);
      while (each.next()) {
        assertThat(each.getString(2)).isEqualTo(scanned.get(found.size()).timestamp());
        found.add(each.getLong(1));
      }
      assertThat(found).isEqualTo(sequences(scanned)).isNotEmpty();
    }
  }

  @Test
  void onlyTheOwnerCanAccessTheIndexFiles() throws Exception {
    for (String name : List.of("index.db", "index.db-lock")) {
      assertThat(Files.getPosixFilePermissions(temp.resolve(name)).toString())
          .doesNotContain("GROUP", "OTHERS");
    }
  }
}
