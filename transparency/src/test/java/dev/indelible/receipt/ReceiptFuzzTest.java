// SPDX-License-Identifier: Apache-2.0
package dev.indelible.receipt;

import static dev.indelible.receipt.CoseReceiptTest.PUBLIC;
import static dev.indelible.receipt.CoseReceiptTest.receipt;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.indelible.checkpoint.VerificationException;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fuzz targets for Jazzer: a parser refuses malformed input with its own exception. By default only
 * stored inputs are run; docs/testing.md explains how to fuzz for longer.
 */
class ReceiptFuzzTest {
  static List<byte[]> receipts() {
    return List.of(receipt(1, 2).bytes(), receipt(30, 40).bytes(), receipt(0, 1).bytes());
  }

  @DictionaryEntries({
    "\\xd2\\x84",
    "\\xf6\\x58\\x40",
    "\\x19\\x01\\x8c\\xa1\\x20\\x81",
    "\\x1b\\xff"
  })
  @MethodSource("receipts")
  @FuzzTest(maxDuration = "10m")
  void anyReceipt(byte[] input) {
    fuzz(input);
  }

  /**
   * Parses the bytes. Valid bytes encode to the input again, and prove no record of another log.
   */
  private static void fuzz(byte[] input) {
    try {
      CoseReceipt receipt = CoseReceipt.parse(input);
      assertThat(receipt.bytes()).isEqualTo(input);
      receipt.verify(input, PUBLIC);
      throw new AssertionError("a record in no log was proven");
    } catch (ReceiptParseException e) {
      assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(300);
    } catch (VerificationException e) {
      assertThat(e.reason()).isNotNull();
    }
  }
}
