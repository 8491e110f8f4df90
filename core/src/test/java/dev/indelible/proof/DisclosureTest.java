// SPDX-License-Identifier: Apache-2.0
package dev.indelible.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.note.RowFault;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The content of a disclosure, and its checks against the record. */
class DisclosureTest {
  private final SigningKey key = SigningKey.generate();
  private final KeyRing ring = KeyRing.of(List.of(key.verificationKey()));
  private final List<ChainRow> rows = ChainedRows.sealed(key, 3);
  private final ChainRow row = rows.get(1);
  private final byte[] payload = row.payload().orElseThrow();

  @Test
  void recordAndPayloadAreSeparateLines() throws Exception {
    byte[] both = Disclosure.of(row, payload).bytes();
    assertThat(new String(both).split("\n", -1))
        .containsExactly(new String(row.record()), new String(payload));
    assertThat(Disclosure.of(both).row().toJson()).isEqualTo(row.toJson());
    assertThat(Disclosure.of(both).record()).isEqualTo(row.record());

    Disclosure alone = Disclosure.of(Disclosure.of(row).bytes());
    assertThat(alone.record()).isEqualTo(row.record());
    assertThat(alone.row().payload()).isEmpty();
  }

  @Test
  void sealedRowHasNoFault() throws Exception {
    assertThat(Disclosure.of(row, payload).faults(1, ring)).isEmpty();
    assertThat(Disclosure.of(row).faults(1, ring)).isEmpty();
  }

  @Test
  void rowAtAnotherIndexIsAFault() throws Exception {
    assertThat(Disclosure.of(row).faults(2, ring))
        .singleElement()
        .returns("sequence", RowFault::check)
        .returns(true, RowFault::proven);
  }

  @Test
  void changedPayloadIsAFault() throws Exception {
    for (int bit = 0; bit < payload.length * 8; bit++) {
      assertThat(Disclosure.of(row, ChainedRows.flipped(payload, bit)).faults(1, ring))
          .singleElement()
          .returns("payload", RowFault::check)
          .returns(true, RowFault::proven);
    }
    assertThat(Disclosure.of(row, new byte[0]).faults(1, ring)).hasSize(1);
  }

  @Test
  void wrongSignatureIsAFault() throws Exception {
    ChainRow planted = ChainedRows.agent(row, "agent:other");
    assertThat(Disclosure.of(planted).faults(1, ring))
        .singleElement()
        .returns("signature", RowFault::check)
        .returns(true, RowFault::proven);
  }

  @Test
  void signatureOfUnknownKeyIsNotProvenWrong() throws Exception {
    assertThat(Disclosure.of(row).faults(1, KeyRing.of(List.of())))
        .singleElement()
        .returns("signature", RowFault::check)
        .returns(false, RowFault::proven);
  }

  @Test
  void rowMarkedUnsignedHasNoFault() throws Exception {
    ChainRow unsigned =
        ChainedRows.attest(
            ChainedRows.keyId(ChainedRows.signature(row, Optional.empty()), Optional.empty()),
            ChainRow.UNSIGNED);
    assertThat(Disclosure.of(unsigned).faults(1, ring)).isEmpty();
  }

  @Test
  void malformedRecordIsRejected() {
    for (String wrong : List.of("", "\n", "{}", "[]", "\nx", "not a record")) {
      assertThatExceptionOfType(JsonFormatException.class)
          .isThrownBy(() -> Disclosure.of(wrong.getBytes()).row());
    }
  }
}
