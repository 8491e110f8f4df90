// SPDX-License-Identifier: Apache-2.0
package dev.indelible.proof;

import dev.indelible.crypto.KeyRing;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Record of a row, which a receipt proves, followed by a newline and the row's payload if the
 * payload is disclosed. Canonical JSON has no newline, so the record is exactly the first line.
 *
 * <p>Immutable. Proves nothing until {@link DisclosureVerifier} has verified a receipt over it.
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

  /** Returns the disclosure of a receipt; its content is not checked. */
  public static Disclosure of(byte[] bytes) {
    return new Disclosure(bytes.clone());
  }

  /** Returns a row's record only. */
  static Disclosure of(ChainRow row) {
    return new Disclosure(row.record());
  }

  /** Returns a row's record and a payload. */
  static Disclosure of(ChainRow row, byte[] payload) {
    byte[] record = row.record();
    byte[] bytes = Arrays.copyOf(record, record.length + 1 + payload.length);
    bytes[record.length] = '\n';
    System.arraycopy(payload, 0, bytes, record.length + 1, payload.length);
    return new Disclosure(bytes);
  }

  /** Returns the record and the payload. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Returns the record, which a receipt proves to be an entry of the log. */
  public byte[] record() {
    return Arrays.copyOf(bytes, recordEnd);
  }

  private Optional<byte[]> payload() {
    return recordEnd == bytes.length
        ? Optional.empty()
        : Optional.of(Arrays.copyOfRange(bytes, recordEnd + 1, bytes.length));
  }

  /**
   * Returns the row of the record, with the disclosed payload.
   *
   * @throws JsonFormatException if it is not the record of a row
   */
  public ChainRow row() throws JsonFormatException {
    ChainRow row = ChainRow.fromRecord(record());
    return payload().map(row::withPayload).orElse(row);
  }

  /**
   * Returns the faults of the row: a sequence that differs from its index in the log, a payload
   * that differs from its hash, an invalid row signature. A missing row signature is no fault,
   * because the checkpoint's signature covers the row.
   *
   * @param index the row's index in the log, from 0
   * @param keys the trusted public keys; a row by another key has an unproven fault
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
              "it is row %s of the log, but states that it is row %s"
                  .formatted(index + 1, row.sequence())));
    }
    RowCheck check = row.hasPayload() ? new RowCheck(keys) : RowCheck.ofRecords(keys);
    faults.addAll(check.content(row));
    faults.removeIf(fault -> RowCheck.isUnsigned(row, fault));
    return List.copyOf(faults);
  }
}
