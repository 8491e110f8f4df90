// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.RowSealer;
import dev.indelible.append.RowSigning;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.Head;
import dev.indelible.note.RowCheck;
import dev.indelible.testkit.Sample;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A packed row has the content of the decoded row, or is rejected. */
@Tag("any-jdk")
class PackedRowTest {
  private static final byte[] SEPARATOR = {0, 17, -3, 99, 5, -128, 127, 1};

  private final SigningKey key = SigningKey.generate();
  private final RowCheck check = new RowCheck(KeyRing.of(List.of(key.verificationKey())));

  private List<ChainRow> rows() {
    List<ChainRow> rows = new ArrayList<>(ChainedRows.sealed(key, 5));
    List<ChainRow> unsigned = new ArrayList<>();
    new RowSealer(new RowSigning(key, false))
        .sealAhead(rows.get(4).head(), ChainedRows.events(5), List.of())
        .forEachRemaining(unsigned::addAll);
    rows.addAll(unsigned);
    return rows;
  }

  @Test
  void packedRowEqualsTheDecodedRow() {
    Head before = Head.EMPTY;
    for (ChainRow row : rows()) {
      PackedRow packed = PackedRow.of(pack(row), SEPARATOR).orElseThrow();
      requireSame(packed, row);
      assertThat(packed.follows(before)).isTrue();
      before = row.head();
    }
  }

  /**
   * Some text needs JSON escapes or is not ASCII. Even then a packed row has the record of the
   * decoded row.
   */
  @Test
  void packedRowWithAnyNameEqualsTheDecodedRow() {
    for (String agent : List.of("a\"b", "a\\b", "a\nb", "ünï", "😀", "\u007f", "a\0b", "\ufffd")) {
      ChainRow row = ChainedRows.agent(rows().get(0), agent);
      requireSame(PackedRow.of(pack(row), SEPARATOR).orElseThrow(), row);
      row = ChainedRows.type(rows().get(7), agent);
      requireSame(PackedRow.of(pack(row), SEPARATOR).orElseThrow(), row);
    }
  }

  /**
   * Packed bytes with a flipped bit are rejected, or have the faults of the changed row, whether or
   * not the row is signed.
   */
  @Test
  void flippedBitChangesTheRowOrIsRejected() {
    for (ChainRow row : List.of(rows().get(2), rows().get(7))) {
      byte[] packed = pack(row);
      for (int bit = 0; bit < packed.length * 8; bit += Sample.step(7)) {
        byte[] changed = ChainedRows.flipped(packed, bit);
        Optional<PackedRow> read = PackedRow.of(changed, SEPARATOR);
        if (read.isPresent()) {
          ChainRow decoded = read.get().decoded();
          requireSame(read.get(), decoded);
          assertThat(
                  !Arrays.equals(decoded.recordHash(), row.recordHash())
                      || !check.content(read.get()).isEmpty() && !row.isUnsigned()
                      || check.content(read.get()).stream()
                          .anyMatch(fault -> fault.check().equals(RowCheck.PAYLOAD)))
              .as("bit %d is noticed", bit)
              .isTrue();
        }
      }
    }
  }

  /** A row is changed if bytes are moved from the end of one column to the start of the next. */
  @Test
  void bytesMovedBetweenColumnsChangeTheRow() {
    ChainRow row = rows().get(0);
    byte[] packed = pack(row);
    for (int at = 0; at < packed.length - SEPARATOR.length; at++) {
      if (!Arrays.equals(packed, at, at + SEPARATOR.length, SEPARATOR, 0, SEPARATOR.length)) {
        continue;
      }
      for (int shift : new int[] {-2, -1, 1, 2}) {
        if (at + shift < 0 || at + shift + SEPARATOR.length > packed.length) {
          continue;
        }
        byte[] shifted = shift(packed, at, shift);
        PackedRow.of(shifted, SEPARATOR)
            .ifPresent(
                read -> {
                  requireSame(read, read.decoded());
                  assertThat(check.content(read)).isNotEmpty();
                });
      }
    }
  }

  @Test
  void truncatedOrRandomBytesAreRejected() {
    byte[] packed = pack(rows().get(0));
    int payload = rows().get(0).payload().orElseThrow().length;
    for (int length = 0; length < packed.length - payload; length++) {
      assertThat(PackedRow.of(Arrays.copyOf(packed, length), SEPARATOR)).isEmpty();
    }
    Random random = new Random(7);
    for (int i = 0; i < 1_000; i++) {
      byte[] noise = new byte[random.nextInt(600)];
      random.nextBytes(noise);
      assertThat(PackedRow.of(noise, SEPARATOR)).isEmpty();
    }
  }

  @Test
  void invalidSequenceIsRejected() {
    ChainRow row = rows().get(0);
    for (String sequence : List.of("0", "-1", "01", "+1", "", "1 ", "9223372036854775808")) {
      assertThat(PackedRow.of(pack(row, sequence), SEPARATOR)).as(sequence).isEmpty();
    }
    long far = 999_999_999_999_999_999L;
    ChainRow planted = ChainedRows.at(row, far);
    requireSame(PackedRow.of(pack(planted), SEPARATOR).orElseThrow(), planted);
  }

  private void requireSame(PackedRow packed, ChainRow row) {
    assertThat(packed.head()).isEqualTo(row.head());
    assertThat(packed.sequence()).isEqualTo(row.sequence());
    assertThat(packed.isUnsigned()).isEqualTo(row.isUnsigned());
    if (row.eventType().matches("[ -~]*")) {
      assertThat(packed.is(row.eventType())).isTrue();
    }
    assertThat(packed.is("other")).isFalse();
    assertThat(packed.decoded().toJson()).isEqualTo(row.toJson());
    assertThat(packed.decoded().signedMessage()).isEqualTo(row.signedMessage());
    assertThat(check.content(packed)).isEqualTo(check.content(row));
    Head before = new Head(row.sequence() - 1, row.prevHash());
    assertThat(packed.follows(before)).isTrue();
    assertThat(packed.follows(new Head(row.sequence(), row.prevHash()))).isFalse();
    assertThat(packed.follows(new Head(row.sequence() - 1, ChainedRows.flipped(row.prevHash(), 7))))
        .isFalse();
  }

  private static byte[] shift(byte[] packed, int separatorAt, int by) {
    byte[] shifted = packed.clone();
    System.arraycopy(SEPARATOR, 0, shifted, separatorAt + by, SEPARATOR.length);
    if (by > 0) {
      System.arraycopy(packed, separatorAt + SEPARATOR.length, shifted, separatorAt, by);
    } else {
      System.arraycopy(packed, separatorAt + by, shifted, separatorAt + by + SEPARATOR.length, -by);
    }
    return shifted;
  }

  private static byte[] pack(ChainRow row) {
    return pack(row, Long.toString(row.sequence()));
  }

  private static byte[] pack(ChainRow row, String sequence) {
    List<byte[]> columns = new ArrayList<>();
    for (String text :
        List.of(
            sequence,
            row.agentId(),
            row.eventType(),
            row.attestLevel(),
            row.id(),
            row.timestamp())) {
      columns.add(text.getBytes(StandardCharsets.UTF_8));
    }
    columns.add(row.payloadHash());
    columns.add(row.prevHash());
    row.keyId().ifPresent(keyId -> columns.add(keyId.getBytes(StandardCharsets.UTF_8)));
    row.signature().ifPresent(columns::add);
    row.payload().ifPresent(columns::add);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] column : columns) {
      if (out.size() > 0) {
        out.writeBytes(SEPARATOR);
      }
      out.writeBytes(column);
    }
    return out.toByteArray();
  }
}
