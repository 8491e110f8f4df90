// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * RFC 8785: whatever is read has one canonical form, and that form is read as the same. Nothing but
 * {@link JsonFormatException} comes out of reading.
 */
class JsonFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void theCanonicalFormIsItsOwnCanonicalForm(byte[] input) throws JsonFormatException {
    byte[] canonical;
    try {
      canonical = CanonicalJson.canonicalize(input);
    } catch (JsonFormatException e) {
      return;
    }
    byte[] again = CanonicalJson.canonicalize(canonical);
    if (!Arrays.equals(again, canonical)) {
      throw new AssertionError(
          new String(canonical, StandardCharsets.UTF_8)
              + " reads back as "
              + new String(again, StandardCharsets.UTF_8));
    }
  }
}
