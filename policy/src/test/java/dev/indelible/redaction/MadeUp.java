// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;

/** Makes up secrets at random, in the forms of real ones. */
final class MadeUp {
  private static final String SMALL = "abcdefghijklmnopqrstuvwxyz";
  private static final String CAPITAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  private static final String DIGITS = "0123456789";
  private static final String ALPHANUMERIC = SMALL + CAPITAL + DIGITS;

  private final Random random;

  MadeUp(long seed) {
    this.random = new Random(seed);
  }

  /** Returns random characters of a set, with at least one of each kind. */
  private String of(String set, int length) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < length; i++) {
      out.append(set.charAt(random.nextInt(set.length())));
    }
    return out.toString();
  }

  String alphanumeric(int length) {
    return "a1B" + of(ALPHANUMERIC, length - 3);
  }

  String hex(int length) {
    return of(DIGITS + "abcdef", length);
  }

  String capital(int length) {
    return of(CAPITAL + "234567", length);
  }

  String base64Url(int length) {
    return "a1B" + of(ALPHANUMERIC + "-_", length - 4) + "z";
  }

  String base64(int bytes) {
    byte[] content = new byte[bytes];
    random.nextBytes(content);
    return Base64.getEncoder().encodeToString(content);
  }

  String digits(int length) {
    return "7" + of(DIGITS, length - 1);
  }

  /** Returns a password as a person or a generator makes it, of characters that need no quotes. */
  String password(int length) {
    return "p4W" + of(ALPHANUMERIC + "!.+~", length - 3);
  }

  String jwt() {
    Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
    String header = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    String claims = "{\"sub\":\"%s\",\"iat\":%s}".formatted(digits(10), digits(9));
    return encoder.encodeToString(header.getBytes(StandardCharsets.UTF_8))
        + "."
        + encoder.encodeToString(claims.getBytes(StandardCharsets.UTF_8))
        + "."
        + base64Url(43);
  }
}
