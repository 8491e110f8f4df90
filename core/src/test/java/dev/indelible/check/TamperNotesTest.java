// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.RowSealer;
import dev.indelible.append.RowSigning;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.RowSignatureNote;
import dev.indelible.note.TamperAnswer;
import dev.indelible.note.TamperNote;
import dev.indelible.note.TamperNotes;
import dev.indelible.note.TamperNotes.Noted;
import dev.indelible.storage.VerifiableLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TamperNotesTest {
  private static final String ROWS_GONE = TamperNote.ROWS_GONE + "9 that were written are gone";

  private final SigningKey key = SigningKey.generate();
  private final KeyRing keys = KeyRing.of(List.of(key.verificationKey()));

  /**
   * Of more than 10,000 notes, only 10,001 are returned. The one beyond the limit counts as
   * unanswered.
   */
  @Test
  void notesBeyondTheLimitCountAsUnanswered() throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    for (int i = 0; i < 10_100; i++) {
      events.add(new TamperNote(1, "00", "is no longer the row that was written").toEvent());
    }
    List<Noted> notes = notes(new RowSealer(key).seal(Head.EMPTY, events));

    assertThat(notes).hasSize(10_001).noneMatch(Noted::isAnswered);
  }

  @Test
  void everyNoteFindsItsAnswer() throws Exception {
    List<ChainRow> rows = new ArrayList<>(new RowSealer(key).seal(Head.EMPTY, events(1)));
    String hash = rows.get(0).head().hex();
    List<AuditEvent> events = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      events.add(new TamperNote(1, hash, "does not verify").toEvent());
    }
    for (int i = 0; i < 20; i++) {
      events.add(new TamperAnswer(2 + i, 1, hash, "the key was not mounted", "owner").toEvent());
    }
    rows.addAll(new RowSealer(key).seal(rows.get(0).head(), events));

    assertThat(notes(rows)).hasSize(20).allMatch(Noted::isAnswered);
  }

  /** The operator's statement clears no verdict: the rows may have been removed. */
  @Test
  void answeredLossIsUnknown() throws Exception {
    List<ChainRow> rows = lost(ROWS_GONE);
    rows.add(after(rows.get(3), loss(rows.get(3), rows.get(2))));

    assertThat(notes(rows)).singleElement().matches(Noted::isAnswered).matches(Noted::isLoss);
    VerificationReport report = verify(rows);
    assertThat(report.verdict()).isEqualTo(VerificationReport.Verdict.UNKNOWN);
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals(Finding.TAMPER))
        .singleElement()
        .returns(Finding.Status.UNKNOWN, Finding::status)
        .returns(OptionalLong.of(4), Finding::sequence)
        .extracting(Finding::message)
        .asString()
        .contains(
            "row 3 is the last one: rows up to 9",
            "answered by row 5 (owner), which states that rows are lost",
            "nothing in the log can prove how they were lost: fail-over");
  }

  @Test
  void lossOfReplacedRowIsAnswered() throws Exception {
    List<ChainRow> rows = lost(TamperNote.EXCHANGED);
    rows.add(after(rows.get(3), loss(rows.get(3), rows.get(2))));

    assertThat(notes(rows)).singleElement().matches(Noted::isLoss);
  }

  @Test
  void lossOfAllRowsIsAnswered() throws Exception {
    TamperNote note = new TamperNote(0, Head.EMPTY.hex(), TamperNote.ALL_GONE + "all 9 rows");
    List<ChainRow> rows =
        new ArrayList<>(new RowSealer(key).seal(Head.EMPTY, List.of(note.toEvent())));
    String noteHash = rows.get(0).head().hex();
    rows.add(after(rows.get(0), answer(1, 0, Head.EMPTY.hex(), Optional.of(noteHash)).toEvent()));

    assertThat(notes(rows)).singleElement().matches(Noted::isLoss);
    assertThat(verify(rows).verdict()).isEqualTo(VerificationReport.Verdict.UNKNOWN);
  }

  /** The named row of a log without row signatures is unsigned; its hash is in the tree. */
  @Test
  void lossAfterUnsignedRowIsAnswered() throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    events.add(new RowSignatureNote(false).toEvent());
    events.addAll(events(2));
    RowSealer sealer = new RowSealer(new RowSigning(key, false));
    List<ChainRow> rows = new ArrayList<>(sealer.seal(Head.EMPTY, events));
    assertThat(rows.get(2).isUnsigned()).isTrue();
    rows.add(after(rows.get(2), lossNote(rows.get(2), ROWS_GONE)));
    rows.add(after(rows.get(3), loss(rows.get(3), rows.get(2))));

    assertThat(notes(rows)).singleElement().matches(Noted::isLoss);
  }

  @Test
  void plantedAnswersOfLossDoNotCount() throws Exception {
    List<ChainRow> noted = lost(ROWS_GONE);
    ChainRow note = noted.get(3);
    ChainRow named = noted.get(2);
    String noteHash = note.head().hex();
    String namedHash = named.head().hex();
    Optional<String> lost = Optional.of(noteHash);
    ChainRow signed = after(note, loss(note, named));
    Map<String, ChainRow> planted = new LinkedHashMap<>();
    planted.put(
        "an unknown key",
        new RowSealer(SigningKey.generate()).seal(note.head(), loss(note, named)));
    planted.put(
        "no signature",
        ChainedRows.signature(ChainedRows.attest(signed, ChainRow.UNSIGNED), Optional.empty()));
    planted.put("another type", ChainedRows.type(signed, "audit.other"));
    planted.put("another payload", ChainedRows.payload(signed, Optional.of("{}".getBytes(UTF_8))));
    Map<String, TamperAnswer> wrong = new LinkedHashMap<>();
    wrong.put("that the row verifies", new TamperAnswer(4, 3, namedHash, "x", "x"));
    wrong.put("the hash of another note", answer(4, 3, namedHash, Optional.of(namedHash)));
    wrong.put("another note", answer(3, 3, namedHash, lost));
    wrong.put("itself", answer(5, 3, namedHash, lost));
    wrong.put("another row", answer(4, 2, namedHash, lost));
    wrong.put("another hash of the row", answer(4, 3, noteHash, lost));
    wrong.forEach((what, answer) -> planted.put(what, after(note, answer.toEvent())));
    for (String lossMembers : List.of("\"rows_lost\":true", "\"rows_lost\":\"yes\"", "\"x\":1")) {
      String details =
          "{\"by\":\"x\",\"note\":4,\"reason\":\"x\",\"record_hash\":\"%s\",%s,\"sequence\":3}"
              .formatted(namedHash, lossMembers);
      planted.put(
          lossMembers,
          after(
              note,
              SystemEvent.of(
                  SystemEvent.TAMPER_ANSWERED, new CanonicalWriter().canonical(details))));
    }
    planted.forEach(
        (what, answer) -> {
          List<ChainRow> rows = new ArrayList<>(noted);
          rows.add(answer);
          assertUnanswered(what, rows);
        });
  }

  /** The statement that rows are lost does not explain a row that was changed or planted. */
  @Test
  void lossAnswersNoNoteOfOneRow() throws Exception {
    List<ChainRow> rows = lost("does not verify");
    rows.add(after(rows.get(3), loss(rows.get(3), rows.get(2))));

    assertUnanswered("a note of one row", rows);
  }

  /** A later change of the note, or of the row that it names, invalidates the answer. */
  @Test
  void changedRowInvalidatesAnswerOfLoss() throws Exception {
    List<ChainRow> rows = lost(ROWS_GONE);
    rows.add(after(rows.get(3), loss(rows.get(3), rows.get(2))));
    for (int index : new int[] {2, 3}) {
      assertUnanswered(
          "row " + (index + 1),
          ChainedRows.with(rows, index, row -> ChainedRows.agent(row, "agent:mallory")));
    }
    assertUnanswered(
        "the link of row 3",
        ChainedRows.with(rows, 2, row -> ChainedRows.prevHash(row, new byte[32])));
  }

  /** The key's signature of an answer does not cover a row, or a note, that others planted. */
  @Test
  void lossAfterPlantedRowIsNotAnswered() throws Exception {
    RowSealer stranger = new RowSealer(SigningKey.generate());
    List<ChainRow> sound = ChainedRows.sealed(key, 2);
    Head end = sound.get(1).head();
    ChainRow signed = after(sound.get(1), events(1).get(0));
    ChainRow unsigned =
        ChainedRows.signature(ChainedRows.attest(signed, ChainRow.UNSIGNED), Optional.empty());
    for (ChainRow named : List.of(stranger.seal(end, events(1).get(0)), unsigned)) {
      List<ChainRow> rows = new ArrayList<>(sound);
      rows.add(named);
      rows.add(after(named, lossNote(named, ROWS_GONE)));
      rows.add(after(rows.get(3), loss(rows.get(3), named)));
      assertThat(notes(rows)).singleElement().matches(noted -> !noted.isAnswered());
    }
    List<ChainRow> rows = new ArrayList<>(sound);
    rows.add(stranger.seal(end, lossNote(sound.get(1), ROWS_GONE)));
    rows.add(after(rows.get(2), loss(rows.get(2), sound.get(1))));
    assertThat(notes(rows)).singleElement().matches(noted -> !noted.isAnswered());
  }

  /** The named row verifies, but it is not the one that the writer found. */
  @Test
  void lossAfterAnotherRowIsNotAnswered() throws Exception {
    List<ChainRow> rows = new ArrayList<>(ChainedRows.sealed(key, 3));
    ChainRow other = ChainedRows.sealed(key, 3).get(2);
    rows.add(after(rows.get(2), lossNote(other, ROWS_GONE)));
    rows.add(after(rows.get(3), loss(rows.get(3), rows.get(2))));

    assertUnanswered("another row", rows);
    assertThat(
            new TamperNotes(MemoryLedger.of(rows), KeyHistory.none(keys))
                .whyNot(4, TamperNote.read(rows.get(3)).orElseThrow()))
        .hasValue("row 3: it is not the row that the note names");
  }

  /** Returns three decisions, and a note that names the last of them. */
  private List<ChainRow> lost(String cause) {
    List<ChainRow> rows = new ArrayList<>(ChainedRows.sealed(key, 3));
    rows.add(after(rows.get(2), lossNote(rows.get(2), cause)));
    return rows;
  }

  private static AuditEvent lossNote(ChainRow named, String cause) {
    return new TamperNote(named.sequence(), named.head().hex(), cause).toEvent();
  }

  private static AuditEvent loss(ChainRow note, ChainRow named) {
    return new TamperAnswer(
            note.sequence(),
            named.sequence(),
            named.head().hex(),
            "fail-over",
            "owner",
            Optional.of(note.head().hex()))
        .toEvent();
  }

  private static TamperAnswer answer(
      long note, long sequence, String hash, Optional<String> lossNoteHash) {
    return new TamperAnswer(note, sequence, hash, "x", "x", lossNoteHash);
  }

  /** Returns the row of an event after another row. */
  private ChainRow after(ChainRow last, AuditEvent event) {
    return new RowSealer(key).seal(last.head(), event);
  }

  private void assertUnanswered(String what, List<ChainRow> rows) {
    try {
      assertThat(notes(rows)).as(what).singleElement().matches(noted -> !noted.isAnswered());
    } catch (LedgerException e) {
      throw new AssertionError(what, e);
    }
    VerificationReport report = verify(rows);
    assertThat(report.verdict()).as(what).isEqualTo(VerificationReport.Verdict.BROKEN);
  }

  private VerificationReport verify(List<ChainRow> rows) {
    return new Verifier(MemoryLedger.of(rows), VerificationOptions.of(keys)).verify();
  }

  /** A note that cannot be checked at the moment is unknown, and later rows are still checked. */
  @Test
  void uncheckableNoteHidesNoChangedRow() {
    List<AuditEvent> events = new ArrayList<>(events(1));
    events.add(new TamperNote(1, "00", "does not verify").toEvent());
    events.addAll(events(3));
    List<ChainRow> rows =
        ChainedRows.with(
            new RowSealer(key).seal(Head.EMPTY, events),
            3,
            row -> ChainedRows.agent(row, "agent:mallory"));
    VerificationReport report =
        new Verifier(withoutSingleRows(MemoryLedger.of(rows)), VerificationOptions.of(keys))
            .verify();

    assertThat(report.verdict()).isEqualTo(VerificationReport.Verdict.BROKEN);
    assertThat(report.rows()).isEqualTo(5);
    assertThat(report.findings())
        .anyMatch(f -> f.check().equals("tamper") && f.status() == Finding.Status.UNKNOWN)
        .anyMatch(f -> f.sequence().orElse(0) == 4 && f.status() == Finding.Status.BROKEN);
  }

  private static List<AuditEvent> events(int count) {
    return ChainedRows.events(count);
  }

  private List<Noted> notes(List<ChainRow> rows) throws LedgerException {
    LedgerReader ledger = MemoryLedger.of(rows);
    return new TamperNotes(ledger, KeyHistory.read(ledger, keys, false)).all();
  }

  /** A ledger that cannot look up a single row by its sequence number. */
  private static VerifiableLedger withoutSingleRows(VerifiableLedger ledger) {
    return (VerifiableLedger)
        Proxy.newProxyInstance(
            TamperNotesTest.class.getClassLoader(),
            new Class<?>[] {VerifiableLedger.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("row") && arguments[0] instanceof Long) {
                throw new LedgerException("the database is locked by another process");
              }
              try {
                return method.invoke(ledger, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
