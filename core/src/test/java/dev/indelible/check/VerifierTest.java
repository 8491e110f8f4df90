// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.RowSealer;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ErasureNote;
import dev.indelible.note.LogEnd;
import dev.indelible.note.TamperNote;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The verdicts and findings of the verifier, from rows in memory. */
class VerifierTest {
  private final SigningKey key = SigningKey.generate();
  private final KeyRing keys = KeyRing.of(List.of(key.verificationKey()));
  private final List<ChainRow> rows = ChainedRows.sealed(key, 20);

  private static final SystemEvent GAP_NOTE =
      SystemEvent.of(SystemEvent.GAP, new CanonicalWriter().beginObject().endObject());

  private VerificationReport verify(List<ChainRow> chain) {
    return new Verifier(MemoryLedger.of(chain), VerificationOptions.of(keys)).verify();
  }

  private VerificationReport since(List<ChainRow> chain, long sequence) {
    return new Verifier(MemoryLedger.of(chain), VerificationOptions.of(keys).since(sequence))
        .verify();
  }

  @Test
  void emptyChainIsIntact() {
    VerificationReport report = verify(List.of());
    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(report.head()).isEqualTo(Head.EMPTY);
    assertThat(report.rows()).isZero();
  }

  @Test
  void soundChainIsIntact() {
    VerificationReport report = verify(rows);
    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(report.rows()).isEqualTo(20);
    assertThat(report.head()).isEqualTo(rows.get(19).head());
    assertThat(report.faults()).isZero();
    assertThat(report.findings())
        .allMatch(finding -> finding.status() == Status.OK || !finding.counts())
        .extracting(Finding::check)
        .contains("sequence", "link", "payload", "signature", "dead_letters");
  }

  /** Changes one bit of each column of each row. */
  @Test
  void changedBitNamesItsRow() {
    Map<String, UnaryOperator<ChainRow>> changes = new LinkedHashMap<>();
    changes.put("id", r -> ChainedRows.id(r, text(r.id())));
    changes.put("agent_id", r -> ChainedRows.agent(r, text(r.agentId())));
    changes.put("event_type", r -> ChainedRows.type(r, text(r.eventType())));
    changes.put(
        "payload_hash", r -> ChainedRows.payloadHash(r, ChainedRows.flipped(r.payloadHash(), 9)));
    changes.put(
        "signature",
        r -> ChainedRows.signature(r, r.signature().map(s -> ChainedRows.flipped(s, 100))));
    changes.put("attest_level", r -> ChainedRows.attest(r, text(r.attestLevel())));
    changes.put("timestamp", r -> ChainedRows.timestamp(r, text(r.timestamp())));
    changes.put("prev_hash", r -> ChainedRows.prevHash(r, ChainedRows.flipped(r.prevHash(), 3)));
    changes.put("key_id", r -> ChainedRows.keyId(r, r.keyId().map(VerifierTest::text)));
    changes.put(
        "payload", r -> ChainedRows.payload(r, r.payload().map(p -> ChainedRows.flipped(p, 50))));
    changes.forEach(
        (column, change) -> {
          for (int i = 0; i < rows.size(); i++) {
            VerificationReport report = verify(ChainedRows.with(rows, i, change));
            assertThat(report.verdict())
                .as("%s of row %d", column, i + 1)
                .isEqualTo(Verdict.BROKEN);
            assertThat(report.firstBroken()).as("%s of row %d", column, i + 1).hasValue(i + 1);
          }
        });
  }

  private static String text(String value) {
    return (char) (value.charAt(0) ^ 1) + value.substring(1);
  }

  @Test
  void deletedRowIsReportedAtTheNextRow() {
    for (int i = 0; i < rows.size() - 1; i++) {
      List<ChainRow> chain = new ArrayList<>(rows);
      chain.remove(i);
      VerificationReport report = verify(chain);
      assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
      assertThat(report.findings())
          .contains(
              new Finding(
                  "sequence",
                  Status.BROKEN,
                  OptionalLong.of(i + 2),
                  "row " + (i + 1) + " before it is missing"));
    }
  }

  @Test
  void onlyErasuresMayFollowTheEnd() {
    List<ChainRow> ended = followed(rows, key, new LogEnd("moved", "ops").toEvent());
    List<ChainRow> erased =
        followed(ended, key, ErasureNote.of(rows.get(0), 0, "asked", "ops").toEvent());
    assertThat(ofEnd(verify(erased))).containsExactly("the log was ended by row 21");

    List<ChainRow> grown = followed(erased, key, GAP_NOTE);
    String fault =
        "the log was ended by row 21, but 1 row was appended that may not follow it, the first of"
            + " them row 23";
    assertThat(verify(grown).verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(ofEnd(verify(grown))).containsExactly(fault);
    assertThat(ofEnd(since(grown, 22))).containsExactly(fault);
  }

  @Test
  void endThatTheLogDidNotSignDoesNotCount() {
    SystemEvent end = new LogEnd("moved", "ops").toEvent();
    List<ChainRow> chain = followed(followed(rows, SigningKey.generate(), end), key, GAP_NOTE);
    assertThat(ofEnd(verify(chain))).isEmpty();
  }

  private static List<ChainRow> followed(List<ChainRow> chain, SigningKey by, AuditEvent event) {
    List<ChainRow> longer = new ArrayList<>(chain);
    longer.add(new RowSealer(by).seal(chain.get(chain.size() - 1).head(), event));
    return longer;
  }

  private static List<String> ofEnd(VerificationReport report) {
    return report.findings().stream()
        .filter(finding -> finding.check().equals(Finding.END))
        .map(Finding::message)
        .toList();
  }

  /** Promise D7. */
  @Test
  void recordedGapIsReportedButNotBroken() throws Exception {
    SystemEvent gap =
        SystemEvent.of(
            SystemEvent.GAP,
            new CanonicalWriter()
                .beginObject()
                .member("cause", "a bad block")
                .member("count", 1)
                .endObject());
    List<ChainRow> chain = new ArrayList<>(rows);
    chain.add(new RowSealer(key).seal(rows.get(19).head(), gap));

    VerificationReport report = verify(chain);

    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(report.findings())
        .contains(
            new Finding(
                "gap",
                Status.OK,
                OptionalLong.of(21),
                "accepted events were lost, as this row records: a bad block"));
  }

  /** Swaps two rows: each gets the sequence number of the other. */
  @Test
  void swappedRowsAreReportedAsMoved() {
    List<ChainRow> chain = new ArrayList<>(rows);
    Collections.swap(chain, 6, 9);
    chain.set(6, ChainedRows.at(chain.get(6), 7));
    chain.set(9, ChainedRows.at(chain.get(9), 10));
    VerificationReport report = verify(chain);
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals("order"))
        .extracting(Finding::message)
        .containsExactly(
            "it was signed as row 10 and has been moved",
            "it was signed as row 7 and has been moved");
  }

  @Test
  void insertedRowIsReported() {
    SigningKey stranger = SigningKey.generate();
    List<ChainRow> chain = new ArrayList<>(rows.subList(0, 10));
    chain.addAll(new RowSealer(stranger).seal(rows.get(9).head(), ChainedRows.events(1)));
    rows.subList(10, 20).forEach(row -> chain.add(ChainedRows.at(row, row.sequence() + 1)));
    VerificationReport report = verify(chain);
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.findings())
        .anyMatch(f -> f.status() == Status.UNKNOWN && f.sequence().equals(OptionalLong.of(11)))
        .anyMatch(f -> f.check().equals("link") && f.sequence().equals(OptionalLong.of(12)))
        .anyMatch(f -> f.check().equals("order") && f.sequence().equals(OptionalLong.of(12)));
  }

  @Test
  void unknownKeyGivesVerdictUnknown() {
    List<ChainRow> foreign = ChainedRows.sealed(SigningKey.generate(), 3);
    VerificationReport report = verify(foreign);
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(report.faults()).isEqualTo(3);
    assertThat(report.firstBroken()).isEmpty();
  }

  /** A row without a signature is broken in a log that signs its rows. */
  @Test
  void unsignedRowIsBroken() {
    ChainRow last = rows.get(19);
    ChainRow unsigned =
        ChainedRows.signature(
            ChainedRows.keyId(ChainedRows.attest(last, "unsigned"), Optional.empty()),
            Optional.empty());
    VerificationReport report = verify(ChainedRows.with(rows, 19, row -> unsigned));
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.firstBroken()).hasValue(20);
  }

  @Test
  void sinceReportsItsTrustedPrefix() {
    List<ChainRow> chain = ChainedRows.with(rows, 3, row -> ChainedRows.agent(row, "x"));
    VerificationReport later = since(chain, 11);
    assertThat(later.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(later.rows()).isEqualTo(10);
    assertThat(later.findings())
        .filteredOn(finding -> finding.check().equals("trusted"))
        .singleElement()
        .returns(OptionalLong.of(10), Finding::sequence)
        .satisfies(f -> assertThat(f.message()).contains(rows.get(9).head().hex()));
    assertThat(since(chain, 1).verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(since(chain, 4).firstBroken()).hasValue(4);
    assertThat(since(chain, 5).firstBroken())
        .as("row 4 is trusted unverified, and row 5 does not link to it")
        .hasValue(5);
    assertThat(since(chain, 99).verdict()).isEqualTo(Verdict.UNKNOWN);
  }

  /** The log's own note of tampering is a finding. */
  @Test
  void notedTamperingIsBroken() {
    List<ChainRow> chain = new ArrayList<>(rows);
    TamperNote note = new TamperNote(20, "00", "was changed");
    chain.addAll(new RowSealer(key).seal(rows.get(19).head(), List.of(note.toEvent())));
    VerificationReport report = verify(chain);
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.findings())
        .contains(
            new Finding(
                "tamper",
                Status.BROKEN,
                OptionalLong.of(21),
                "the log noted tampering while it ran: row 20 was changed"));
  }

  /** An unreadable ledger has an unknown verdict, and a damaged one is broken (D11). */
  @Test
  void unreadableLedgerIsNotIntact() {
    for (boolean damaged : new boolean[] {false, true}) {
      LedgerException failure = new LedgerException("no", damaged, null);
      VerificationReport report =
          new Verifier(new MemoryLedger(rows, Optional.of(failure)), VerificationOptions.of(keys))
              .verify();
      assertThat(report.verdict()).isEqualTo(damaged ? Verdict.BROKEN : Verdict.UNKNOWN);
      assertThat(report.findings()).noneMatch(finding -> finding.status() == Status.OK);
    }
  }

  /** A report stays short. Its first proven fault is included even after many unproven ones. */
  @Test
  void reportNamesAtMostAThousandFaults() {
    List<ChainRow> foreign = new ArrayList<>(ChainedRows.sealed(SigningKey.generate(), 1_100));
    foreign.set(1_099, ChainedRows.payload(foreign.get(1_099), Optional.empty()));
    VerificationReport report = verify(foreign);
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.firstBroken()).hasValue(1_100);
    assertThat(report.faults()).isEqualTo(1_101);
    assertThat(report.findings().stream().filter(f -> f.counts() && f.status() != Status.OK))
        .hasSizeLessThanOrEqualTo(Finding.MAX_NAMED);
  }
}
