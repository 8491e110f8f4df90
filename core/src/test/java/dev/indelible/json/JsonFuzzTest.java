// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Every value that can be read has one canonical form (RFC 8785), which reads back unchanged. The
 * reader throws only {@link JsonFormatException}.
 */
class JsonFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void canonicalFormRoundTrips(byte[] input) throws JsonFormatException {
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
