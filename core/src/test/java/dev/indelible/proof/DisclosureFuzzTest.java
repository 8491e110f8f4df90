// SPDX-License-Identifier: Apache-2.0
package dev.indelible.proof;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A fuzz target for Jazzer: a disclosure is untrusted input, and malformed input is rejected. By
 * default only stored inputs are run; docs/testing.md explains how to fuzz for longer.
 */
class DisclosureFuzzTest {
  private static final SigningKey KEY = SigningKey.fromSeed(new byte[32]);
  private static final KeyRing RING = KeyRing.of(List.of(KEY.verificationKey()));
  private static final ChainRow ROW = ChainedRows.sealed(KEY, 1).get(0);

  static List<byte[]> disclosures() {
    return List.of(
        Disclosure.of(ROW).bytes(), Disclosure.of(ROW, ROW.payload().orElseThrow()).bytes());
  }

  @DictionaryEntries({"\"sequence\":", "\"signature\":\"", "\"prev_hash\":\"", "\"v\":1}\n{"})
  @MethodSource("disclosures")
  @FuzzTest(maxDuration = "10m")
  void anyDisclosure(byte[] input) {
    fuzz(input);
  }

  /**
   * Checks that the input is rejected, or that it is exactly the record of its row. A signed row
   * without a fault must have the content of the original row.
   */
  private static void fuzz(byte[] input) {
    Disclosure disclosure = Disclosure.of(input);
    assertThat(disclosure.bytes()).isEqualTo(input);
    try {
      ChainRow row = disclosure.row();
      assertThat(row.record()).isEqualTo(disclosure.record());
      if (row.signature().isPresent() && disclosure.faults(0, RING).isEmpty()) {
        assertThat(row.signedMessage()).isEqualTo(ROW.signedMessage());
        assertThat(row.payload().orElse(ROW.payload().orElseThrow()))
            .isEqualTo(ROW.payload().orElseThrow());
      }
    } catch (JsonFormatException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
