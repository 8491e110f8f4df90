// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that contradict themselves or each other, and planted rows without a valid signature. */
class ContradictingRowsTest {
  private static final int ROWS = 5;
  private static final DeferredAuditEvent TRUE_EVENT = TestLog.refusal("agent:alice", "ls");

  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void recordChain() throws Exception {
    log = TestLog.in(directory);
    log.append(TestLog.mixed(ROWS));
  }

  static Stream<Arguments> contradictions() {
    DeferredAuditEvent e = TRUE_EVENT;
    EventContent content = e.content();
    UUID id = UUID.fromString("0198c7e2-0000-7000-8000-000000000001");
    EventContent note =
        SystemEvent.of("note", new CanonicalWriter().beginObject().endObject()).content();
    EventContent allowed =
        new DeferredAuditEvent(
                e.id(), e.agentId(), e.action(), new Allow(), e.policy(), e.timestamp())
            .content();
    String type = e.eventType();
    return Stream.of(
        Arguments.of(
            AuditEvent.stored(id, e.agentId(), type, e.timestamp(), content),
            "it states the id " + e.id() + ", and the row " + id),
        Arguments.of(
            AuditEvent.stored(e.id(), "agent:bob", type, e.timestamp(), content),
            "it states the agent_id agent:alice, and the row agent:bob"),
        Arguments.of(
            AuditEvent.stored(e.id(), e.agentId(), type, e.timestamp().plusSeconds(3_600), content),
            "it states the timestamp "),
        Arguments.of(
            AuditEvent.stored(
                e.id(), e.agentId(), DeferredAuditEvent.CHECK, e.timestamp(), content),
            "states the decision refuse, which is of type governance.refusal"),
        Arguments.of(
            AuditEvent.stored(e.id(), e.agentId(), type, e.timestamp(), allowed),
            "states the decision allow, which is of type governance.check"),
        Arguments.of(
            AuditEvent.stored(e.id(), e.agentId(), "note", e.timestamp(), content),
            "its payload is a decision, and its event type is note"),
        Arguments.of(
            AuditEvent.stored(e.id(), SystemEvent.AGENT, type, e.timestamp(), note),
            "its payload is of another event"));
  }

  /** The row is forged with the log's key, so its hash and its signature are valid. */
  @ParameterizedTest
  @MethodSource("contradictions")
  void rowThatContradictsItsPayloadIsBroken(AuditEvent event, String message) throws Exception {
    log.forge(TestLog.KEY, List.of(event));

    VerificationReport report = log.verify();

    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.findings())
        .filteredOn(finding -> finding.status() == Status.BROKEN)
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.check()).isEqualTo("payload");
              assertThat(finding.sequence()).hasValue(ROWS + 1);
              assertThat(finding.message()).contains(message);
            });
  }

  /** A row that a writer appends never contradicts its payload, in any format of the payload. */
  @Test
  void rowsOfWritersDoNotContradictPayload() throws Exception {
    List<AuditEvent> events = new ArrayList<>(TestLog.mixed(60));
    for (String reason :
        List.of("", "\"", "\\", "\\\"", "a\\", "\"}", "\",\"rule_id\":\"R\"", "é")) {
      events.add(TestLog.event("agent:1", new Bash("ls"), new Refuse("R\"\\", reason)));
      events.add(
          DeferredAuditEvent.of(
              "agent:1", new Bash("ls"), new Refuse("R", reason), Optional.of(reason + "p")));
    }
    events.add(TestLog.refusal("agent:1", "x".repeat(1 << 21)));
    events.add(
        SystemEvent.of(
            "note", new CanonicalWriter().beginObject().member("id", "other").endObject()));

    log.append(events);

    assertThat(log.requireIntact()).hasSize(ROWS + events.size());
  }

  /** The table has lost its constraints, and a copy of a row is appended. */
  @Test
  void eventIdInTwoRowsIsBroken() throws Exception {
    withoutConstraints();
    Sql.run(
        log.file,
        "INSERT INTO signed_events SELECT 6, id, agent_id, event_type, payload_hash, signature,"
            + " attest_level, timestamp, prev_hash, key_id, payload FROM signed_events"
            + " WHERE sequence = 2");

    assertThat(findings("event_id"))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.status()).isEqualTo(Status.BROKEN);
              assertThat(finding.sequence()).hasValue(6);
              assertThat(finding.message()).startsWith("it has the event id of row 2, ");
            });
  }

  @ParameterizedTest
  @CsvSource({
    "attest_level, 5, 'attest_level is an integer, expected text'",
    "attest_level, 0.5, 'attest_level is a real number, expected text'",
    "agent_id, BLOB, 'agent_id is a blob, expected text'",
    "payload_hash, TEXT, 'payload_hash is a text, expected blob'",
    "timestamp, NULL, 'timestamp is NULL, expected text'",
    "key_id, 7, 'key_id is an integer, expected text'",
    "signature, 7, 'signature is an integer, expected blob'",
  })
  void columnOfAnotherTypeIsReported(String column, String value, String message) throws Exception {
    withoutConstraints();
    String sql = value.matches("BLOB|TEXT") ? "CAST(%s AS %s)".formatted(column, value) : value;
    Sql.run(log.file, "UPDATE signed_events SET " + column + " = " + sql + " WHERE sequence = 5");

    VerificationReport report = log.verify();

    assertThat(report.findings())
        .anySatisfy(
            finding -> {
              assertThat(finding.check()).isEqualTo("storage");
              assertThat(finding.status()).isEqualTo(Status.BROKEN);
              assertThat(finding.sequence()).hasValue(5);
              assertThat(finding.message()).isEqualTo(message);
            });
    assertThat(report.findings())
        .extracting(Finding::message)
        .noneMatch(text -> text.contains("\0") || text.contains("attest_level \""));
  }

  /** An attest level whose text looks like a type finding is read as text. */
  @Test
  void textThatLooksLikeATypeFindingIsText() throws Exception {
    Sql.run(
        log.file,
        "UPDATE signed_events SET attest_level = char(0) || 'agent_id is a blob, expected text'"
            + " WHERE sequence = 5");

    assertThat(log.verify().findings())
        .extracting(Finding::message)
        .noneMatch(text -> text.contains("is a blob, expected text"));
  }

  /** A planted row has no signature for its sequence number, so its content proves nothing. */
  @ParameterizedTest
  @ValueSource(longs = {0, -7, Long.MAX_VALUE, 1_000})
  void plantedRowProvesNothing(long sequence) throws Exception {
    for (String type :
        List.of(
            "governance.refusal",
            SystemEvent.KEY_ROTATED,
            SystemEvent.KEY_COMPROMISED,
            SystemEvent.TAMPER,
            SystemEvent.GAP,
            SystemEvent.TALLY)) {
      TestLog copy = new TestLog(directory.resolve(type + sequence + ".db"));
      Sql.run(log.file, "VACUUM INTO '" + copy.file + "'");
      Sql.run(
          copy.file,
          "INSERT INTO signed_events SELECT "
              + sequence
              + ", 'planted', agent_id, '"
              + type
              + "', payload_hash, signature, attest_level, timestamp, prev_hash, key_id, payload"
              + " FROM signed_events WHERE sequence = 1");

      VerificationReport report = copy.verify();

      assertThat(report.verdict()).as(type).isEqualTo(Verdict.BROKEN);
      assertThat(report.findings())
          .as(type)
          .anySatisfy(finding -> assertThat(finding.sequence()).hasValue(sequence));
      assertThat(report.findings())
          .filteredOn(finding -> finding.status() != Status.OK)
          .extracting(Finding::message)
          .as(type)
          .noneMatch(
              text ->
                  text.contains("introduces")
                      || text.contains("revokes")
                      || text.contains("missing")
                          && !text.contains("or is missing")
                          && !text.contains("a missing decision")
                      || text.contains("noted tampering")
                      || text.contains("were lost")
                      || text.contains("others may have held"));
      assertThat(report.findings())
          .filteredOn(finding -> finding.check().equals("sequence"))
          .extracting(Finding::sequence)
          .as("no valid row is reported")
          .allSatisfy(at -> assertThat(at).hasValue(sequence));
    }
  }

  private List<Finding> findings(String check) throws Exception {
    return log.verify().findings().stream()
        .filter(finding -> finding.check().equals(check))
        .toList();
  }

  /** Replaces the table with one that has the rows, but no types, keys or constraints. */
  private void withoutConstraints() throws Exception {
    Sql.run(
        log.file,
        "ALTER TABLE signed_events RENAME TO strict",
        "CREATE TABLE signed_events (sequence INTEGER, id, agent_id, event_type, payload_hash,"
            + " signature, attest_level, timestamp, prev_hash, key_id, payload)",
        "INSERT INTO signed_events SELECT * FROM strict",
        "DROP TABLE strict");
  }
}
