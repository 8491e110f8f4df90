// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** PEM text (RFC 7468) with one section. */
final class Pem {
  private static final int LINE_CHARS = 64;

  private Pem() {}

  static String encode(String type, byte[] der) {
    Base64.Encoder base64 =
        Base64.getMimeEncoder(LINE_CHARS, "\n".getBytes(StandardCharsets.US_ASCII));
    return begin(type) + "\n" + base64.encodeToString(der) + "\n" + end(type) + "\n";
  }

  /** Errors name the source but never quote the text, which may be secret. */
  static byte[] decode(String pem, String type, String source) throws KeyException {
    String text = pem.strip();
    if (text.length() < begin(type).length() + end(type).length()
        || !text.startsWith(begin(type))
        || !text.endsWith(end(type))) {
      throw new KeyException(source + ": not PEM text of type " + type);
    }
    String body = text.substring(begin(type).length(), text.length() - end(type).length());
    try {
      return Base64.getDecoder().decode(body.replaceAll("[\r\n]", ""));
    } catch (IllegalArgumentException e) {
      throw new KeyException(source + ": its PEM body is not base64");
    }
  }

  private static String begin(String type) {
    return "-----BEGIN " + type + "-----";
  }

  private static String end(String type) {
    return "-----END " + type + "-----";
  }
}
