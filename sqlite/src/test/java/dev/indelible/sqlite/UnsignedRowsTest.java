// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSealer;
import dev.indelible.append.RowSigning;
import dev.indelible.check.Verifier;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.note.RowSignatureNote;
import dev.indelible.pending.EventBatch;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows without signatures, in a log that is configured to leave rows unsigned (promise D11). */
class UnsignedRowsTest {
  private static final RowSigning OFF = new RowSigning(TestLog.KEY, false);
  private static final RowSigning ON = RowSigning.everyRow(TestLog.KEY);

  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.in(directory);
  }

  @Test
  void unsignedRowsAreRecordedAndReported() throws Exception {
    append(OFF, 200);
    append(OFF, 1);

    assertThat(log.rows()).isEqualTo(202);
    assertThat(levels()).startsWith("self_signed").hasSize(202);
    assertThat(levels().subList(1, 202)).containsOnly("unsigned");
    assertThat(Sql.number(log.file, "SELECT count(signature) + count(key_id) FROM signed_events"))
        .as("only the note is signed")
        .isEqualTo(2);
    VerificationReport report = log.verify();
    assertThat(report.verdict()).as("a checkpoint covers the rows").isEqualTo(Verdict.INTACT);
    assertThat(unsigned(report).message()).endsWith("the checkpoint over 202 rows covers them");

    Sql.run(log.file, "DELETE FROM indelible_checkpoints WHERE size > 201");
    report = log.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(report.faults()).isZero();
    assertThat(unsigned(report))
        .returns(Status.UNKNOWN, Finding::status)
        .returns(OptionalLong.of(2), Finding::sequence)
        .extracting(Finding::message)
        .asString()
        .startsWith("201 rows from row 2 on are unsigned, as a signed note before them states");
  }

  @Test
  void signingEnabledAgainSignsLaterRows() throws Exception {
    append(OFF, 3);
    append(ON, 3);
    append(ON, 3);

    assertThat(notes()).containsExactly(false, true);
    assertThat(log.verify().faults()).isZero();
    strip(log.rows());
    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(log.verify().firstBroken()).hasValue(log.rows());
  }

  /**
   * Two processes with different settings append in turn. Each row is signed or unsigned, as its
   * writer declared.
   */
  @Test
  void writersWithDifferentSettingsStayVerifiable() throws Exception {
    try (LedgerSink off = log.sink(OFF);
        LedgerSink on = log.sink(ON)) {
      for (int i = 0; i < 3; i++) {
        off.append(EventBatch.of(List.of(TestLog.refusal("agent:a", "off " + i))));
        on.append(EventBatch.of(List.of(TestLog.refusal("agent:b", "on " + i))));
      }
    }

    assertThat(log.verify().faults()).isZero();
    assertThat(Sql.number(log.file, "SELECT count(*) FROM signed_events WHERE signature IS NULL"))
        .isEqualTo(3);
    assertThat(Sql.number(log.file, count(SystemEvent.TAMPER))).isZero();
  }

  /** Unsigned rows need a signed note, which only a holder of the log's key can write. */
  @Test
  void noteWithoutASignatureExcusesNothing() throws Exception {
    append(ON, 5);
    for (RowSigning forger : List.of(OFF, RowSigning.everyRow(TestLog.FOREIGN_KEY))) {
      List<ChainRow> forged = new ArrayList<>();
      new RowSealer(forger)
          .sealAhead(
              head(),
              List.of(new RowSignatureNote(false).toEvent(), TestLog.refusal("agent:mallory", "x")),
              List.of())
          .forEachRemaining(forged::addAll);
      try (SqliteWriter writer = SqliteWriter.open(log.file)) {
        for (ChainRow row : forged) {
          writer.insert(List.of(row));
        }
      }
    }
    strip(6);
    strip(log.rows());

    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(log.verify().findings()).noneMatch(finding -> finding.check().equals("unsigned"));
    append(ON, 1);
    assertThat(Sql.number(log.file, count(SystemEvent.TAMPER))).isEqualTo(1);
  }

  @Test
  void laterStartKnowsEarlierDeclarations() throws Exception {
    append(OFF, 10);
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      VerificationReport report =
          new Verifier(ledger, VerificationOptions.of(TestLog.KEYS).since(5)).verify();
      assertThat(report.faults()).isZero();
      assertThat(unsigned(report).sequence()).hasValue(5);
    }
  }

  /** A row changed in place is reported by its payload and by the link of the next row. */
  @Test
  void changedUnsignedRowAndTheNextAreNamed() throws Exception {
    append(OFF, 10);
    Sql.run(log.file, "UPDATE signed_events SET agent_id = 'agent:eve' WHERE sequence = 5");

    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(log.verify().firstBroken()).hasValue(5);
    assertThat(log.verify().findings())
        .anyMatch(finding -> finding.check().equals("link") && finding.sequence().orElse(0) == 6);
  }

  /** A writer of another process accepts unsigned rows that it did not write. */
  @Test
  void unsignedRowsAtTheEndAreNotTampering() throws Exception {
    append(OFF, 3);
    append(OFF, 3);
    append(ON, 3);

    assertThat(Sql.number(log.file, count(SystemEvent.TAMPER))).isZero();
  }

  private void append(RowSigning signing, int events) throws Exception {
    try (LedgerSink sink = log.sink(signing)) {
      sink.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:a", events))));
    }
  }

  /** Removes the signature of a row; the link of the row stays valid. */
  private void strip(long sequence) throws Exception {
    Sql.run(
        log.file,
        "UPDATE signed_events SET signature = NULL, key_id = NULL, attest_level = 'unsigned'"
            + " WHERE sequence = "
            + sequence);
  }

  private Head head() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      return ledger.lastRow().orElseThrow().head();
    }
  }

  private List<String> levels() throws Exception {
    return Sql.texts(log.file, "SELECT attest_level FROM signed_events ORDER BY sequence");
  }

  private List<Boolean> notes() throws Exception {
    List<Boolean> said = new ArrayList<>();
    for (String payload :
        Sql.texts(
            log.file,
            "SELECT payload FROM signed_events WHERE event_type = '%s' ORDER BY sequence"
                .formatted(SystemEvent.ROW_SIGNATURES))) {
      said.add(payload.contains("\"row_signatures\":\"on\""));
    }
    return said;
  }

  private static String count(String eventType) {
    return "SELECT count(*) FROM signed_events WHERE event_type = '" + eventType + "'";
  }

  private static Finding unsigned(VerificationReport report) {
    return report.findings().stream()
        .filter(finding -> finding.check().equals("unsigned"))
        .findFirst()
        .orElseThrow();
  }
}
