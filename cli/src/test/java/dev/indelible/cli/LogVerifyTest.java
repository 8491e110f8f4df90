// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.ledger.LedgerException;
import dev.indelible.sqlite.SqliteLedger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * {@code log verify} finds every change of the chain. The class is long because its cases share one
 * log.
 */
@Tag("any-jdk")
class LogVerifyTest {
  /** The policy, eighteen decisions, and the tally of the run that made them. */
  private static final int ROWS = 20;

  private static final int ROW = 7;

  @TempDir static Path original;
  @TempDir Path directory;
  private Cli cli;

  @BeforeAll
  static void recordChain() {
    StringBuilder input = new StringBuilder();
    for (int i = 2; i < ROWS; i++) {
      input.append(Cli.line("agent:" + i, Cli.bash("rm -rf /" + i)));
    }
    new Cli(original.resolve("data")).runOn(input.toString(), "gate").ok();
  }

  @BeforeEach
  void copyOfTheChain() throws IOException {
    cli = new Cli(directory.resolve("data"));
    Path from = original.resolve("data");
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            cli.data().resolve(from.relativize(file).toString()),
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  @Test
  void unchangedChainIsIntact() {
    cli.assertIntact(ROWS - 2);
  }

  @Test
  void jsonHasTheseMembers() {
    JsonNode report = cli.run("log", "verify", "--output", "json").ok().json();

    assertThat(report.propertyNames()).contains("verdict", "rows", "head", "findings");
    assertThat(report.path("head").path("sequence").asInt()).isEqualTo(ROWS);
    assertThat(report.path("head").path("hash").asString()).matches("[0-9a-f]{64}");
    assertThat(findings(report))
        .isNotEmpty()
        .allSatisfy(
            finding -> assertThat(finding.propertyNames()).contains("check", "status", "message"));
  }

  @Test
  void emptyChainIsIntact() throws Exception {
    cli.sql("DELETE FROM signed_events");
    cli.sql("DELETE FROM indelible_checkpoints");
    cli.sql("DELETE FROM indelible_tiles");
    cli.sql("UPDATE indelible_tree SET size = 0, sequence = 0");
    cli.sql("DELETE FROM indelible_journals");
    Files.delete(cli.data().resolve("last-checkpoint"));
    // Remove the journal, which still has the events of the deleted rows.
    Files.delete(cli.data().resolve("journal/0000/000000000000.seg"));

    cli.assertIntact(0);
  }

  /** The checkpoint covers the removed rows. */
  @Test
  void rowsMissingAtTheEndAreNamed() throws Exception {
    cli.sql("DELETE FROM signed_events WHERE sequence > 17");

    Result result = cli.run("log", "verify");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out())
        .containsPattern("checkpoints +broken +18 +rows are missing from the end: there are 17");
  }

  static Stream<Arguments> everyStoredColumnAtItsFirstAndLastByte() {
    return Stream.of(
            "id",
            "agent_id",
            "event_type",
            "payload_hash",
            "signature",
            "attest_level",
            "timestamp",
            "prev_hash",
            "key_id",
            "payload")
        .flatMap(column -> Stream.of(Arguments.of(column, true), Arguments.of(column, false)));
  }

  @ParameterizedTest(name = "{0}, first byte: {1}")
  @MethodSource("everyStoredColumnAtItsFirstAndLastByte")
  void flippedBitInAnyColumnNamesTheRow(String column, boolean first) throws Exception {
    flip(column, first);

    Result result = cli.run("log", "verify", "--output", "json");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.json().path("verdict").asString()).isEqualTo("broken");
    assertThat(brokenRows(result.json())).first().isEqualTo((long) ROW);
    assertThat(brokenRows(result.json())).isSubsetOf((long) ROW, ROW + 1L);
  }

  /** A flipped bit of a sequence moves the row and leaves a gap. */
  @ParameterizedTest
  @ValueSource(ints = {5, 40, 62, 63})
  void flippedBitOfASequenceIsBroken(int bit) throws Exception {
    long changed = ROW ^ 1L << bit;
    cli.sql("UPDATE signed_events SET sequence = " + changed + " WHERE sequence = " + ROW);

    Result result = cli.run("log", "verify", "--output", "json");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(brokenRows(result.json())).contains(ROW + 1L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DELETE FROM signed_events WHERE sequence = 7",
        "DELETE FROM signed_events WHERE sequence = 1",
        "UPDATE signed_events SET signature = NULL, key_id = NULL, attest_level = 'unsigned'"
            + " WHERE sequence = 7",
        "UPDATE signed_events SET payload = NULL WHERE sequence = 7",
        "UPDATE signed_events SET signature = CAST(signature || x'00' AS BLOB) WHERE sequence = 7",
        "UPDATE signed_events SET agent_id = '' WHERE sequence = 20",
        "INSERT INTO signed_events SELECT 21, 'planted', agent_id, event_type, payload_hash,"
            + " signature, attest_level, timestamp, prev_hash, key_id, payload"
            + " FROM signed_events WHERE sequence = 20"
      })
  void changeBySqlIsBroken(String sql) throws Exception {
    cli.sql(sql);

    Result result = cli.run("log", "verify");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).startsWith("broken  ");
  }

  @Test
  void swappedRowsAreBothNamed() throws Exception {
    cli.sql("UPDATE signed_events SET sequence = -1 WHERE sequence = 7");
    cli.sql("UPDATE signed_events SET sequence = 7 WHERE sequence = 8");
    cli.sql("UPDATE signed_events SET sequence = 8 WHERE sequence = -1");

    Result result = cli.run("log", "verify");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out())
        .contains("it was signed as row 8 and has been moved")
        .contains("it was signed as row 7 and has been moved");
  }

  @Test
  void textNamesTheRow() throws Exception {
    flip("payload", true);

    assertThat(cli.run("log", "verify").out())
        .containsPattern("payload +broken +7 +its payload and its payload hash do not agree");
  }

  /** Without a key the verdict is unknown, and not intact. */
  @Test
  void unknownKeyIsUnknown() throws Exception {
    try (Stream<Path> keys = Files.list(cli.data().resolve("keys"))) {
      for (Path key : keys.toList()) {
        Files.delete(key);
      }
    }

    Result result = cli.run("log", "verify", "--output", "json");

    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.json().path("verdict").asString()).isEqualTo("unknown");
    assertThat(result.out()).contains("it is signed by a key that is not known here: ");
  }

  @Test
  void keyOfAnotherLogIsUnknown() {
    String other = Cli.vkeyOfAnother("other");

    assertThat(cli.run("log", "verify", "--key", other).exit()).isEqualTo(3);
  }

  @Test
  void givenKeyReplacesTheKeyDirectory() throws Exception {
    String vkey = vkey();
    try (Stream<Path> keys = Files.list(cli.data().resolve("keys"))) {
      for (Path key : keys.toList()) {
        Files.delete(key);
      }
    }

    assertThat(cli.run("log", "verify", "--key", vkey).exit()).isZero();
  }

  private String vkey(String... name) {
    List<String> export = new ArrayList<>(List.of("keys", "export", "--format", "vkey"));
    export.addAll(List.of(name));
    return cli.run(export.toArray(String[]::new)).ok().out().strip();
  }

  /** A vkey names its log: another log of that key is not accepted. */
  @Test
  void keyUnderAnotherNameIsUnknown() throws Exception {
    String vkey = vkey("--name", "another");

    Result result = cli.run("log", "verify", "--key", vkey);
    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out()).contains("for which no key is given");

    cli.sql("DELETE FROM indelible_checkpoints");
    result = cli.run("log", "verify", "--key", vkey);
    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out())
        .contains("nothing proves that this is the log for which the key was given");
  }

  /**
   * The database and the keys were replaced with the ones of another log. The journal reveals it.
   */
  @Test
  void swappedDatabaseIsNamed() throws Exception {
    Path elsewhere = cli.data().resolveSibling("other");
    Cli other = new Cli(elsewhere);
    other.run("check", Cli.bash("ls"));
    for (String file : List.of("indelible.db", "keys/audit.pem", "keys/audit.pub")) {
      if (Files.exists(elsewhere.resolve(file))) {
        Files.copy(
            elsewhere.resolve(file),
            cli.data().resolve(file),
            StandardCopyOption.REPLACE_EXISTING,
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }

    Result result = cli.run("log", "verify");
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).containsPattern("ledger +broken +the database was replaced");
  }

  /** A copy of the database may have any path. */
  @Test
  void copyIsVerifiedByItsFile() throws Exception {
    String vkey = vkey();
    Path copy =
        Files.copy(cli.data().resolve("indelible.db"), cli.data().resolveSibling("backup.db"));

    assertThat(Cli.runWithoutData("log", "verify", copy.toString(), "--key", vkey).exit()).isZero();
    Result keyless = Cli.runWithoutData("log", "verify", copy.toString());
    assertThat(keyless.exit()).isEqualTo(2);
    assertThat(keyless.err()).contains("name the log's public key with --key");
    Files.writeString(copy, "no database");
    assertThat(Cli.runWithoutData("log", "verify", copy.toString(), "--key", vkey).exit())
        .isEqualTo(2);
  }

  /** The file {@code witnesses} in the data directory is used without an option. */
  @Test
  void witnessesOfTheDataDirectoryAreRequired() throws Exception {
    Files.writeString(cli.data().resolve("witnesses"), "quorum none\n");
    assertThat(cli.run("log", "verify").ok().out()).containsPattern("witnesses +ok");
    Files.writeString(cli.data().resolve("witnesses"), "quorum nobody\n");
    Result result = cli.run("log", "verify");
    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out())
        .containsPattern("witnesses +unknown +[^ ]+/witnesses: ")
        .containsPattern("witnesses +unknown +no cosignatures were checked, ");
  }

  /** A proven break outweighs an unknown key. */
  @Test
  void brokenLinkUnderAnUnknownKeyIsBroken() throws Exception {
    flip("prev_hash", true);
    String other = Cli.vkeyOfAnother("other");

    assertThat(cli.run("log", "verify", "--key", other).exit()).isEqualTo(1);
  }

  @Test
  void sinceStatesTheRowThatItTrusts() {
    JsonNode report = cli.run("log", "verify", "--since", "16", "--output", "json").ok().json();

    assertThat(report.path("rows").asInt()).isEqualTo(5);
    assertThat(findings(report))
        .filteredOn(finding -> finding.path("check").asString().equals("trusted"))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.path("sequence").asInt()).isEqualTo(15);
              assertThat(finding.path("message").asString())
                  .contains("rows 1 to 15 were not checked");
            });
  }

  /** The number of rows is known, so a terminal shows a bar. */
  @Test
  void longVerificationShowsABar() {
    AtomicLong clock = new AtomicLong();
    LongSupplier slow = () -> clock.addAndGet(Duration.ofSeconds(1).toNanos());

    Result result = cli.run(slow, true, "log", "verify", "--since", "16");

    assertThat(result.exit()).isZero();
    assertThat(result.err())
        .isEqualTo("\r\u001b[Kverified [####################] 100 %  5 of 5, 0 s left\r\u001b[K");
    assertThat(cli.run(slow, false, "log", "verify").err()).isEmpty();
  }

  /** A position that was moved forward would make the next process skip waiting events. */
  @Test
  void movedJournalPositionIsNotIntact() throws Exception {
    cli.sql("UPDATE indelible_journals SET position = position + 1000000000");

    Result result = cli.run("log", "verify");

    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out())
        .containsPattern(
            "storage +unknown +indelible_journals: the position in journal [-0-9a-f]+ is 1000");
  }

  @Test
  void positionMovedForwardIsBrokenAndSkipsNoEvent() throws Exception {
    Path database = cli.data().resolve("indelible.db");
    Journal left =
        Journal.open(
            cli.data().resolve("journal"),
            SqliteLedger.identify(database),
            journal -> position(database, journal),
            JournalSettings.ofDefaults());
    DeferredAuditEvent first = Cli.event(1);
    DeferredAuditEvent second = Cli.event(2);
    assertThat(left.offer(first) && left.offer(second)).isTrue();
    left.close();
    cli.sql("UPDATE indelible_journals SET position = position + 100000");

    Result broken = cli.run("log", "verify");
    cli.run("check", Cli.bash("ls")).ok();

    assertThat(broken.exit()).isEqualTo(1);
    assertThat(broken.out())
        .containsPattern("storage +broken +indelible_journals: stands at .*moved forward")
        .contains("2 events wait");
    assertThat(cli.run("log", "show", first.id().toString()).exit()).isZero();
    assertThat(cli.run("log", "show", second.id().toString()).exit()).isZero();
    assertThat(cli.run("log", "verify").exit()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"UPDATE indelible_journals SET position = 0", "DELETE FROM indelible_journals"})
  void positionMovedBackIsNotCountedAsWaiting(String sql) throws Exception {
    cli.sql(sql);

    Result result = cli.run("log", "verify");

    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out())
        .containsPattern("storage +unknown +indelible_journals: stands at 0 .*moved back")
        .doesNotContain("events wait");
  }

  @Test
  void misalignedPositionIsNamedAndStopsNothing() throws Exception {
    cli.sql("UPDATE indelible_journals SET position = position + 1");

    assertThat(cli.run("log", "verify").out())
        .containsPattern("storage +broken +indelible_journals: stands at ");
    assertThat(cli.run("status").exit()).isZero();
    cli.run("check", Cli.bash("ls")).ok();
    assertThat(cli.run("log", "verify").exit()).isZero();
  }

  private static long position(Path database, UUID journal) throws JournalException {
    try {
      return SqliteLedger.settled(database, journal);
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }

  /** Counts are read from the rows, not from an index. */
  @Test
  void indexWithoutRefusalsIsNamedAndChangesNoCount() throws Exception {
    String definition =
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX signed_events_type ON signed_events"
            + " (event_type)%s' WHERE name = 'signed_events_type'";
    String count = cli.run("status", "--output", "json").json().path("refusals").asString();
    cli.redefine(definition.formatted(" WHERE event_type > ''z''"));
    cli.sql("REINDEX signed_events_type");
    cli.redefine(definition.formatted(""));

    assertThat(cli.run("status", "--output", "json").json().path("refusals").asString())
        .isEqualTo(count);
    assertThat(cli.run("log", "verify").out())
        .containsPattern("storage +broken +SQLite finds .* missing from index signed_events_type");
  }

  /** No verb reads a view that has the name of the table. */
  @ParameterizedTest
  @ValueSource(strings = {"log verify", "log list", "status", "log export out", "dlq list"})
  void viewInPlaceOfTheRowsIsRefused(String verb) throws Exception {
    cli.sql("ALTER TABLE signed_events RENAME TO kept");
    cli.sql("CREATE VIEW signed_events AS SELECT * FROM kept");

    Result result = cli.run(verb.replace("out", directory.resolve("out").toString()).split(" "));

    assertThat(result.exit()).isIn(1, 2);
    assertThat(result.out() + result.err()).contains("signed_events is a view");
  }

  @ParameterizedTest
  @CsvSource({"7, 1", "8, 0", "6, 1", "1, 1"})
  void sinceChecksTheRowsAfterIt(String since, int status) throws Exception {
    flip("payload", true);

    assertThat(cli.run("log", "verify", "--since", since).exit()).isEqualTo(status);
  }

  @Test
  void sinceAfterTheEndIsUnknown() {
    Result result = cli.run("log", "verify", "--since", "22");

    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out()).contains("there is no row 21 to start after");
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 1_000, 4_096, 10_000, 30_000})
  void truncatedDatabaseIsBroken(int bytes) throws Exception {
    Path database = cli.data().resolve("indelible.db");
    try (FileChannel channel = FileChannel.open(database, StandardOpenOption.WRITE)) {
      assertThat(channel.size()).isGreaterThan(bytes);
      channel.truncate(bytes);
    }

    Result result = cli.run("log", "verify", "--output", "json");

    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.json().path("verdict").asString()).isEqualTo("broken");
    assertThat(findings(result.json()))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.path("check").asString()).isEqualTo("storage");
              assertThat(finding.path("status").asString()).isEqualTo("broken");
              assertThat(finding.path("message").asString())
                  .startsWith(database + ": the database file is damaged or truncated");
            });
  }

  /**
   * A file with SQLite's header and other content is reported as damaged, not as the wrong file.
   */
  @Test
  void databaseWithAWipedHeaderIsBroken() throws Exception {
    try (FileChannel channel =
        FileChannel.open(cli.data().resolve("indelible.db"), StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[84]), 16);
    }

    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);
  }

  /**
   * A wiped page causes no internal error. The verdict is intact only if every row still reads as
   * it was written.
   */
  @Test
  void wipedPageIsIntactOnlyIfNoRowChanged() throws Exception {
    Path database = cli.data().resolve("indelible.db");
    byte[] whole = Files.readAllBytes(database);
    String rows = cli.run("log", "list", "--output", "json").ok().out();
    for (int page = 0; page < whole.length; page += 4_096) {
      byte[] damaged = whole.clone();
      Arrays.fill(damaged, page, page + 4_096, (byte) 0xa5);
      Files.write(database, damaged);

      Result result = cli.run("log", "verify");

      assertThat(result.err()).doesNotContain("internal failure");
      assertThat(result.exit())
          .as("page at %d: %s%s", page, result.out(), result.err())
          .isIn(0, 1, 2);
      if (result.exit() == 0) {
        assertThat(cli.run("log", "list", "--output", "json").out()).isEqualTo(rows);
      } else if (page > 0) {
        assertThat(result.exit()).isEqualTo(1);
      }
    }
  }

  @Test
  void breaksThatAreNotShownAreCounted() throws Exception {
    cli.sql("UPDATE signed_events SET payload = NULL, prev_hash = x'00'");

    Result result = cli.run("log", "verify");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).containsPattern("and \\d+ more findings; --output json shows up to");
  }

  private void flip(String column, boolean first) throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + cli.data().resolve("indelible.db"));
        PreparedStatement select =
            connection.prepareStatement(
                "SELECT CAST("
                    + column
                    + " AS BLOB), typeof("
                    + column
                    + ")"
                    + " FROM signed_events WHERE sequence = "
                    + ROW);
        ResultSet row = select.executeQuery()) {
      byte[] value = row.getBytes(1);
      String type = row.getString(2);
      value[first ? 0 : value.length - 1] ^= 1;
      try (PreparedStatement update =
          connection.prepareStatement(
              "UPDATE signed_events SET "
                  + column
                  + " = CAST(? AS "
                  + type
                  + ")"
                  + " WHERE sequence = "
                  + ROW)) {
        update.setBytes(1, value);
        assertThat(update.executeUpdate()).isEqualTo(1);
      }
    }
  }

  private static List<JsonNode> findings(JsonNode report) {
    return StreamSupport.stream(report.path("findings").spliterator(), false).toList();
  }

  private static List<Long> brokenRows(JsonNode report) {
    return findings(report).stream()
        .filter(finding -> finding.path("status").asString().equals("broken"))
        .filter(finding -> finding.has("sequence"))
        .map(finding -> finding.path("sequence").asLong())
        .distinct()
        .toList();
  }
}
