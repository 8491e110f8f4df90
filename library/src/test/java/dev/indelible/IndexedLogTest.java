// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.policy.Policy;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log with its index, as programs use it. */
@Tag("any-jdk")
class IndexedLogTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /**
   * Refuses a command {@code rm NAME} by the rule NAME, escalates the command {@code ask}, and
   * allows the rest.
   */
  private static final Policy BY_NAME =
      new Policy() {
        @Override
        public Decision decide(String agentId, AgentAction action) {
          String command = ((Bash) action).command();
          if (command.equals("ask")) {
            return new Escalate("asks", "a person decides");
          }
          return command.startsWith("rm") ? new Refuse(command.substring(3), "no") : new Allow();
        }

        @Override
        public String digest() {
          return "sha256:" + "0".repeat(64);
        }
      };

  @TempDir Path temp;

  private Path data() {
    return temp.resolve("data");
  }

  private static void record(Indelible log, String... commands) {
    for (String command : commands) {
      log.gate().record("agent:a", new Bash(command));
    }
    assertThat(log.queue().drainPending(PATIENCE)).isTrue();
  }

  private static Page find(AuditLog log, Filter filter) throws Exception {
    return log.find(EventQuery.newest(filter).within(PATIENCE));
  }

  @Test
  void settledDecisionIsFoundAndCounted() throws Exception {
    try (Indelible log = Indelible.open(data(), BY_NAME)) {
      record(log, "ls", "rm one", "rm two", "ask", "rm two");
      await()
          .atMost(PATIENCE)
          .until(() -> find(log.log(), Filter.ALL.verdict("refuse")).coverage().isComplete());

      assertThat(find(log.log(), Filter.ALL.rule("two")).rows()).hasSize(2);
      assertThat(find(log.log(), Filter.ALL.verdict("escalate")).rows()).hasSize(1);
      EventQuery.Counts counts = log.log().count(Counting.of(Filter.ALL).within(PATIENCE));
      assertThat(counts.verdicts()).isEqualTo(new EventQuery.Counts.Verdicts(1, 0, 3, 1, 0));
      assertThat(counts.rules().first().get(0).name()).isEqualTo("two");
    }
  }

  /** A thread of the log writes the index, although no query asks for it. */
  @Test
  void openLogIndexesByItself() throws Exception {
    try (Indelible log = Indelible.open(data(), BY_NAME)) {
      record(log, "rm self");
      await().atMost(PATIENCE).until(() -> bytesOfTheIndex().contains("self"));
    }
  }

  /** A log in which nothing happens has an index again, twice. */
  @Test
  void deletedIndexIsBuiltAgainWithoutNewRows() throws Exception {
    try (Indelible log = Indelible.open(data(), BY_NAME)) {
      record(log, "rm one");
      for (String name : List.of("indelible.db", "indelible.db-wal")) {
        // Nothing was written for long, so the next look at the log is the last before a change.
        Files.setLastModifiedTime(data().resolve(name), FileTime.from(Instant.EPOCH));
      }
      Path index = data().resolve("index.db");
      for (int round = 0; round < 3; round++) {
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .until(() -> Files.readString(index, StandardCharsets.ISO_8859_1).contains("one"));
        Files.delete(index);
      }
      await().atMost(PATIENCE).until(() -> Files.exists(index));
    }
  }

  @Test
  void rowsThatTheIndexLacksAreKnown() throws Exception {
    try (Indelible log = Indelible.open(data(), BY_NAME)) {
      record(log, "ls", "rm one");
      await().atMost(PATIENCE).until(() -> log.rowsNotIndexed().equals(OptionalLong.of(0)));
      // A directory in place of the index, so that no row can be added.
      Files.delete(data().resolve("index.db"));
      Files.createDirectories(data().resolve("index.db/in-use"));
      record(log, "ls", "rm two");

      await().atMost(PATIENCE).until(() -> log.rowsNotIndexed().equals(OptionalLong.of(2)));
    }
    try (Indelible log = Indelible.builder(data()).policy(BY_NAME).index(false).open()) {
      record(log, "ls");
      assertThat(log.rowsNotIndexed()).as("unknown, and not 0").isEmpty();
    }
  }

  @Test
  void logThatIsNotOpenIsQueried() throws Exception {
    try (Indelible log = Indelible.builder(data()).policy(BY_NAME).index(false).open()) {
      record(log, "rm one");
      assertThat(data().resolve("index.db")).doesNotExist();
    }
    AuditLog log = new AuditLog(data());
    long[] reached = {0};

    log.updateIndex(row -> reached[0] = row);

    assertThat(find(log, Filter.ALL.rule("one")).rows()).hasSize(1);
    assertThat(reached[0]).isEqualTo(find(log, Filter.ALL).coverage().last());
  }

  @Test
  void logWithoutALedgerHasNoRows() throws Exception {
    Files.createDirectory(data());
    AuditLog log = new AuditLog(data());

    assertThat(find(log, Filter.ALL).rows()).isEmpty();
    assertThat(log.count(Counting.of(Filter.ALL)).rows()).isZero();
    assertThat(data()).isEmptyDirectory();
  }

  @Test
  void erasureLeavesNothingInTheIndex() throws Exception {
    try (Indelible log = Indelible.open(data(), BY_NAME)) {
      record(log, "rm a-secret-of-someone", "ls");
      Filter filter = Filter.ALL.rule("a-secret-of-someone");
      await().atMost(PATIENCE).until(() -> !find(log.log(), filter).rows().isEmpty());
      String id = find(log.log(), filter).rows().get(0).id();
      assertThat(bytesOfTheIndex()).contains("a-secret-of-someone");

      assertThat(log.log().erase(id, "asked to", "alice").isGone()).isTrue();

      assertThat(bytesOfTheIndex()).doesNotContain("a-secret-of-someone");
      assertThat(find(log.log(), filter).rows()).isEmpty();
      assertThat(log.log().count(Counting.of(Filter.ALL).within(PATIENCE)).verdicts().unknown())
          .isEqualTo(1);
    }
    assertThat(bytesOfTheIndex()).doesNotContain("a-secret-of-someone");
  }

  @Test
  void repeatedErasurePurgesTheIndexAgainAndSaysSo() throws Exception {
    String secret = "a-secret-of-someone";
    try (Indelible log = Indelible.builder(data()).policy(BY_NAME).index(false).open()) {
      record(log, "rm " + secret, "ls");
    }
    AuditLog log = new AuditLog(data());
    log.updateIndex(row -> {});
    String id = find(log, Filter.ALL.rule(secret)).rows().get(0).id();
    Path index = data().resolve("index.db");
    Path kept = Files.copy(index, temp.resolve("kept"));
    assertThat(log.erase(id, "asked to", "alice").isGone()).isTrue();

    // An index that another process keeps from being purged.
    Files.move(index, temp.resolve("purged"));
    Files.createDirectories(index.resolve("in-the-way"));
    assertThatThrownBy(() -> log.erase(id, "asked to", "alice"))
        .hasMessageContaining("erased already")
        .hasMessageContaining("bytes of it may be left");

    Files.delete(index.resolve("in-the-way"));
    Files.delete(index);
    Files.copy(kept, index);
    assertThat(bytesOfTheIndex()).contains(secret);
    assertThatThrownBy(() -> log.erase(id, "asked to", "alice"))
        .hasMessageContaining("no bytes of it are left");
    assertThat(bytesOfTheIndex()).doesNotContain(secret);
  }

  private String bytesOfTheIndex() throws Exception {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(data())) {
      for (Path file :
          files.filter(each -> each.getFileName().toString().startsWith("index")).toList()) {
        if (Files.isRegularFile(file)) {
          all.append(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
        }
      }
    }
    return all.toString();
  }

  @Test
  void failingIndexStopsNoRecordingAndShowsInHealth() throws Exception {
    Files.createDirectories(data().resolve("index.db/in-the-way"));
    try (Indelible log = Indelible.open(data(), BY_NAME)) {
      record(log, "ls", "rm one");
      await()
          .atMost(PATIENCE)
          .until(() -> log.metrics().health().entry(HealthEntry.INDEX).isPresent());
      assertThat(log.metrics().appended()).isEqualTo(2);
      assertThatThrownBy(() -> find(log.log(), Filter.ALL)).hasMessageContaining("index.db");

      Files.delete(data().resolve("index.db/in-the-way"));
      Files.delete(data().resolve("index.db"));
      record(log, "rm two");
      await()
          .atMost(PATIENCE)
          .until(() -> log.metrics().health().entry(HealthEntry.INDEX).isEmpty());
      assertThat(find(log.log(), Filter.ALL.verdict("refuse")).rows()).hasSize(2);
    }
  }

  @Test
  void damagedIndexIsBuiltAgainByAQuery() throws Exception {
    try (Indelible log = Indelible.builder(data()).policy(BY_NAME).index(false).open()) {
      record(log, "rm one", "rm two");
    }
    AuditLog log = new AuditLog(data());
    log.updateIndex(row -> {});
    Files.writeString(data().resolve("index.db"), "no database");

    // The verification does not read the index.
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
    await()
        .atMost(PATIENCE)
        .until(() -> find(log, Filter.ALL.verdict("refuse")).rows().size() == 2);
  }

  @Test
  void indexThatContradictsItselfIsBuiltAgain() throws Exception {
    try (Indelible log = Indelible.builder(data()).policy(BY_NAME).index(false).open()) {
      record(log, "rm one");
    }
    new AuditLog(data()).updateIndex(row -> {});
    try (Connection index =
            DriverManager.getConnection("jdbc:sqlite:" + data().resolve("index.db"));
        Statement statement = index.createStatement()) {
      // The sequence number of the ledger's next row.
      statement.executeUpdate(
          "INSERT INTO events SELECT max(sequence) + 1, time, agent, facets, session FROM events");
    }

    try (Indelible log = Indelible.open(data(), BY_NAME)) {
      record(log, "rm two");

      await()
          .atMost(PATIENCE)
          .until(() -> find(log.log(), Filter.ALL.verdict("refuse")).rows().size() == 2);
    }
  }

  @Test
  void unknownTypeIsRefusedWithTheKnownOnes() throws Exception {
    try (Indelible log = Indelible.open(data(), BY_NAME)) {
      record(log, "ls");

      assertThatThrownBy(() -> find(log.log(), Filter.ALL.type("governance.refused")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("governance.refusal")
          .hasMessageContaining("payload.erased");
      assertThat(find(log.log(), Filter.ALL.type("payload.erased")).rows()).isEmpty();
    }
  }

  @Test
  void unknownVerdictAndKindAreRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> Filter.ALL.verdict("deny"))
        .hasMessage("unknown verdict 'deny'; known are allow, warn, refuse, escalate, any");
    assertThatThrownBy(() -> Filter.ALL.kind("shell"))
        .hasMessageContaining("unknown kind 'shell'; known are bash, custom");
    assertThat(Optional.of(Filter.ALL.verdict("warn"))).isPresent();
  }
}
