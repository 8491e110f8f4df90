// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.Head;
import dev.indelible.note.RowCheck;
import dev.indelible.note.TamperNote;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A row that an attacker added or changed at the end of the chain is recorded as tampering. */
class HeadGuardTest {
  private final SigningKey key = SigningKey.generate();
  private final HeadGuard guard =
      new HeadGuard(new RowCheck(KeyRing.of(List.of(key.verificationKey()))));
  private final List<ChainRow> rows = ChainedRows.sealed(key, 5);

  private Head before(int index) {
    return index == 0 ? Head.EMPTY : rows.get(index - 1).head();
  }

  @Test
  void validLastRowIsNotTampering() {
    assertThat(guard.judge(rows.get(4), before(4), false)).isEmpty();
    guard.committed(rows.get(4).head());
    assertThat(guard.judge(rows.get(4), before(4), false)).isEmpty();
    guard.committed(rows.get(2).head());
    assertThat(guard.judge(rows.get(4), before(4), false))
        .as("another process appended rows")
        .isEmpty();
  }

  /** An honest writer may use a newer key. Once that key is accepted, its row is not tampering. */
  @Test
  void rowOfNewlyAcceptedKeyIsNotTampering() {
    SigningKey newer = SigningKey.generate();
    List<KeyRing> accepted = new ArrayList<>(List.of(KeyRing.of(List.of())));
    HeadGuard grown =
        new HeadGuard(
            new RowCheck(KeyRing.of(List.of(key.verificationKey()))), () -> accepted.get(0));
    ChainRow next = new RowSealer(newer).seal(rows.get(4).head(), ChainedRows.events(1)).get(0);
    grown.committed(rows.get(4).head());

    assertThat(grown.judge(next, rows.get(4).head(), false))
        .get()
        .extracting(TamperNote::cause)
        .asString()
        .contains("a key that is not known here");

    accepted.set(0, KeyRing.of(List.of(newer.verificationKey())));
    assertThat(grown.judge(next, rows.get(4).head(), false)).isEmpty();
    assertThat(grown.isSound(next)).isTrue();
    assertThat(grown.isSound(rows.get(4))).as("the first key is still accepted").isTrue();
  }

  /** An unknown key counts as tampering only if the accepted keys could be read (promise D11). */
  @Test
  void unreadableKeysAreAnErrorAndNotTampering() {
    HeadGuard blind =
        new HeadGuard(
            new RowCheck(KeyRing.of(List.of())),
            () -> {
              throw new KeyException("keys: cannot be listed");
            });

    assertThatExceptionOfType(HeadGuard.KeysUnreadableException.class)
        .isThrownBy(() -> blind.judge(rows.get(4), before(4), false))
        .withMessage(
            "row 5 is signed by a key not known here, and the accepted keys cannot be read:"
                + " keys: cannot be listed");
  }

  @Test
  void emptyChainIsTamperingOnlyAfterCommits() {
    assertThat(guard.judgeEmpty()).isEmpty();
    guard.committed(Head.EMPTY);
    assertThat(guard.judgeEmpty()).isEmpty();
    guard.committed(rows.get(4).head());
    assertThat(guard.judgeEmpty())
        .get()
        .returns(0L, TamperNote::sequence)
        .returns("is the start of nothing: all 5 rows are gone", TamperNote::cause);
  }

  @Test
  void truncatedChainIsNoted() {
    guard.committed(rows.get(4).head());
    TamperNote note = guard.judge(rows.get(2), before(2), false).orElseThrow();
    assertThat(note.sequence()).isEqualTo(3);
    assertThat(note.recordHash()).isEqualTo(rows.get(2).head().hex());
    assertThat(note.scope()).isEqualTo(TamperNote.Scope.CHAIN);
    assertThat(note.cause())
        .startsWith(
            "is the last one: rows up to 5 that were written after it are gone; a fail-over")
        .contains("so has a deletion");
  }

  /** The replacement has a valid signature and a valid link. */
  @Test
  void replacedLastRowIsNoted() {
    guard.committed(rows.get(4).head());
    ChainRow replaced = new RowSealer(key).seal(rows.get(3).head(), ChainedRows.events(1)).get(0);
    assertThat(guard.judge(replaced, before(4), false))
        .get()
        .returns(5L, TamperNote::sequence)
        .satisfies(
            note ->
                assertThat(note.cause())
                    .startsWith("is no longer the row that was written; a fail-over"));
  }

  /** Others wrote further rows, so the end of the chain shows nothing. */
  @Test
  void replacedEarlierRowIsNoted() {
    guard.committed(rows.get(3).head());
    assertThat(guard.judgeReplaced(rows.get(3).head())).isEmpty();
    Head other = new Head(4, new byte[32]);
    assertThat(guard.judgeReplaced(other))
        .get()
        .returns(4L, TamperNote::sequence)
        .returns(other.hex(), TamperNote::recordHash)
        .returns(TamperNote.Scope.CHAIN, TamperNote::scope);
    assertThat(guard.judgeReplaced(rows.get(2).head()))
        .get()
        .returns(3L, TamperNote::sequence)
        .satisfies(note -> assertThat(note.cause()).contains("rows up to 4"));
  }

  @Test
  void plantedRowIsNotedBySequenceAndHash() {
    ChainRow planted =
        ChainedRows.prevHash(
            ChainedRows.signature(ChainedRows.at(rows.get(4), 6), Optional.of(new byte[64])),
            new byte[32]);
    guard.committed(rows.get(4).head());
    TamperNote note = guard.judge(planted, rows.get(4).head(), false).orElseThrow();
    assertThat(note.sequence()).isEqualTo(6);
    assertThat(note.recordHash()).isEqualTo(HexFormat.of().formatHex(planted.recordHash()));
    assertThat(note.cause()).contains("does not link").contains("does not verify");
  }

  /** A note that was sealed into a row is read back unchanged. */
  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        1,
        6,
        (1L << 53) - 1,
        1L << 53,
        (1L << 53) + 1,
        Long.MAX_VALUE,
        -1,
        Long.MIN_VALUE
      })
  void noteOfAnySequenceRoundTrips(long sequence) {
    TamperNote note = new TamperNote(sequence, "00ff", "\"odd\" \u0000 \u20ac");
    SystemEvent event = note.toEvent();
    assertThat(event.eventType()).isEqualTo("audit.tamper");
    ChainRow row = new RowSealer(key).seal(Head.EMPTY, List.of(event)).get(0);
    assertThat(TamperNote.read(row)).contains(note);
  }

  /** A planted row with a huge sequence number and a huge field does not stop the log. */
  @Test
  void noteAboutHugeRowRoundTrips() {
    ChainRow planted =
        ChainedRows.attest(ChainedRows.at(rows.get(4), Long.MAX_VALUE), "x".repeat(2_000_000));
    TamperNote note = guard.judge(planted, rows.get(3).head(), false).orElseThrow();
    SystemEvent event = note.toEvent();
    assertThat(event.content().bytes()).hasSizeLessThan(100_000);
    ChainRow row = new RowSealer(key).seal(rows.get(4).head(), List.of(event)).get(0);
    assertThat(TamperNote.read(row))
        .get()
        .satisfies(read -> assertThat(read.isAbout(note)).isTrue());
  }

  @Test
  void otherRowTypesHaveNoTamperNote() {
    assertThat(TamperNote.read(rows.get(0))).isEmpty();
    ChainRow empty =
        ChainedRows.payload(ChainedRows.type(rows.get(0), "audit.tamper"), Optional.empty());
    assertThat(TamperNote.read(empty)).isEmpty();
    assertThat(TamperNote.read(ChainedRows.type(rows.get(0), "audit.tamper"))).isEmpty();
  }

  @Test
  void recordedScopeRoundTrips() {
    TamperNote note = new TamperNote(3, "00", "was reworded", TamperNote.Scope.CHAIN);
    ChainRow row =
        new RowSealer(SigningKey.generate()).seal(Head.EMPTY, List.of(note.toEvent())).get(0);

    assertThat(TamperNote.read(row)).contains(note);
  }

  @Test
  void causeDeterminesMissingScope() {
    assertThat(new TamperNote(3, "00", TamperNote.EXCHANGED).scope())
        .isEqualTo(TamperNote.Scope.CHAIN);
    assertThat(new TamperNote(3, "00", "does not verify").scope()).isEqualTo(TamperNote.Scope.ROW);
  }
}
