// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.RowSealer;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.Head;
import dev.indelible.note.RowCheck;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two rows with the same event id, both sealed with a valid key (promise D4). */
class EventIdCheckTest {
  private final SigningKey key = SigningKey.generate();
  private final KeyRing keys = KeyRing.of(List.of(key.verificationKey()));

  @Test
  void secondRowOfAnEventIsBroken() {
    List<ChainRow> rows = sealedTwice(2);

    VerificationReport report =
        new Verifier(MemoryLedger.of(rows), VerificationOptions.of(keys)).verify();

    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.findings())
        .filteredOn(finding -> finding.status() == Status.BROKEN)
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.check()).isEqualTo("event_id");
              assertThat(finding.sequence()).hasValue(21);
              assertThat(finding.message())
                  .isEqualTo(
                      "it has the event id of row 3, %s: an event is in one row only"
                          .formatted(rows.get(2).id()));
            });
  }

  @Test
  void trustedRowsAreNotCompared() {
    VerificationReport report =
        new Verifier(MemoryLedger.of(sealedTwice(2)), VerificationOptions.of(keys).since(10))
            .verify();

    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
  }

  /**
   * If the ids do not fit into memory, the report states that they were not compared, and the
   * verdict does not change.
   */
  @Test
  void moreIdsThanFitAreNotCompared() throws Exception {
    Findings findings = new Findings();
    List<ChainRow> rows = sealedTwice(2);
    EventIdCheck check = new EventIdCheck(findings, MemoryLedger.of(rows), 1, rows.size() - 1);
    rows.forEach(row -> check.row(CheckedRow.of(row, new RowCheck(keys))));

    check.end();

    assertThat(findings.report(rows.size(), Head.EMPTY).findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.status()).isEqualTo(Status.UNKNOWN);
              assertThat(finding.counts()).isFalse();
              assertThat(finding.message()).contains("not checked", "20 ids fit", "-Xmx");
            });
  }

  /** Returns twenty rows, followed by a second row for one of their events. */
  private List<ChainRow> sealedTwice(int index) {
    List<AuditEvent> events = new ArrayList<>(ChainedRows.events(20));
    events.add(events.get(index));
    return new RowSealer(key).seal(Head.EMPTY, events);
  }
}
