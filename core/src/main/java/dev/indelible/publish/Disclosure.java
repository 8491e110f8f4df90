// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.crypto.KeyRing;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What goes along with a receipt: the record of a row, which is what the receipt proves, and behind
 * a newline the row's payload, if that is to be shown. Canonical JSON has no newline, so the record
 * is the first line, byte for byte.
 *
 * <p>Immutable; nothing of it is to be believed before a receipt was verified over its record.
 */
public final class Disclosure {
  private final byte[] bytes;
  private final int recordEnd;

  private Disclosure(byte[] bytes) {
    this.bytes = bytes;
    int newline = 0;
    while (newline < bytes.length && bytes[newline] != '\n') {
      newline++;
    }
    this.recordEnd = newline;
  }

  /** What was given along with a receipt, whatever it is. */
  public static Disclosure of(byte[] bytes) {
    return new Disclosure(bytes.clone());
  }

  /** A row's record alone. */
  static Disclosure of(ChainRow row) {
    return new Disclosure(row.record());
  }

  /** A row's record and this payload. */
  static Disclosure of(ChainRow row, byte[] payload) {
    byte[] record = row.record();
    byte[] bytes = Arrays.copyOf(record, record.length + 1 + payload.length);
    bytes[record.length] = '\n';
    System.arraycopy(payload, 0, bytes, record.length + 1, payload.length);
    return new Disclosure(bytes);
  }

  /** Both together. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** The record: an entry of the log, if a receipt says so. */
  public byte[] record() {
    return Arrays.copyOf(bytes, recordEnd);
  }

  private Optional<byte[]> payload() {
    return recordEnd == bytes.length
        ? Optional.empty()
        : Optional.of(Arrays.copyOfRange(bytes, recordEnd + 1, bytes.length));
  }

  /**
   * The row that the record is of, with the payload that was given.
   *
   * @throws JsonFormatException if it is not the record of a row
   */
  public ChainRow row() throws JsonFormatException {
    ChainRow row = ChainRow.fromRecord(record());
    return payload().map(row::withPayload).orElse(row);
  }

  /**
   * What is wrong with the row: its own number and the place that the receipt has for it, its
   * payload and the hash that the record has of it, its own signature. A row without a signature is
   * none of it: it is covered by the checkpoint's.
   *
   * @param index its place in the log, from 0
   * @param keys the public keys that are trusted; rows by others are said to be unknown
   * @throws JsonFormatException if it is not the record of a row
   */
  public List<RowFault> faults(long index, KeyRing keys) throws JsonFormatException {
    ChainRow row = row();
    List<RowFault> faults = new ArrayList<>();
    if (row.sequence() - 1 != index) {
      faults.add(
          new RowFault(
              RowCheck.SEQUENCE,
              true,
              "the log has it as row %s, and it says it is row %s"
                  .formatted(index + 1, row.sequence())));
    }
    RowCheck check = row.hasPayload() ? new RowCheck(keys) : RowCheck.ofRecords(keys);
    faults.addAll(check.content(row));
    faults.removeIf(fault -> RowCheck.isUnsigned(row, fault));
    return List.copyOf(faults);
  }
}
