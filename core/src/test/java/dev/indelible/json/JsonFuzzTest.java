// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * RFC 8785: every value that can be read has one canonical form, which reads back unchanged. Only
 * {@link JsonFormatException} is thrown.
 */
class JsonFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void canonicalFormReadsBackUnchanged(byte[] input) throws JsonFormatException {
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
