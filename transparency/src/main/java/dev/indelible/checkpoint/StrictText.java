// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.merkle.Hash;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;

/** Reads the elements of the text formats. Each value has one spelling; all others are refused. */
final class StrictText {
  /** Longest text that is read, in bytes: twice the size of 100 signatures of the longest kind. */
  static final int MAX_BYTES = 1024 * 1024;

  private static final Pattern DECIMAL = Pattern.compile("0|[1-9][0-9]*");

  /** Most digits of a number up to 2^63-1. */
  private static final int MAX_DIGITS = 19;

  /** Most characters of a refused text that an error quotes. */
  private static final int QUOTED_CHARS = 100;

  private StrictText() {}

  /** Decodes bytes that are valid UTF-8 and have no control character but newline. */
  static String decode(byte[] bytes, String what) throws CheckpointParseException {
    return decode(bytes, MAX_BYTES, what);
  }

  /** Decodes as {@link #decode(byte[], String)} does, with a limit of bytes. */
  static String decode(byte[] bytes, int limit, String what) throws CheckpointParseException {
    if (bytes.length > limit) {
      throw new CheckpointParseException(
          "%s: %s bytes; the limit is %s".formatted(what, bytes.length, limit));
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new CheckpointParseException(what + ": not valid UTF-8");
    }
    for (int i = 0; i < text.length(); i++) {
      if (isControl(text.charAt(i))) {
        throw new CheckpointParseException(
            "%s: control character U+%04X at character %s"
                .formatted(what, (int) text.charAt(i), i));
      }
    }
    return text;
  }

  /** Returns true for one line: encodable, and without control characters or newlines. */
  static boolean isLine(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text)
        && text.chars().noneMatch(c -> c < 0x20);
  }

  /**
   * Returns true for the text of a note: encodable, and without control characters but newlines.
   */
  static boolean isText(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text)
        && text.chars().noneMatch(StrictText::isControl);
  }

  private static boolean isControl(int c) {
    return c < 0x20 && c != '\n';
  }

  /** Reads a number from 0 to 2^63-1, without sign or leading zeros. */
  static long decimal(String text, String what) throws CheckpointParseException {
    if (!DECIMAL.matcher(text).matches()) {
      throw refused(what, text, "not a decimal number without sign and leading zeros");
    }
    try {
      if (text.length() <= MAX_DIGITS) {
        return Long.parseLong(text);
      }
    } catch (NumberFormatException e) {
      // Nineteen digits above the limit.
    }
    throw refused(what, text, "above 2^63-1");
  }

  /** Reads standard base64 with padding, in the one spelling that encoding gives. */
  static byte[] base64(String text, String what) throws CheckpointParseException {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (Base64.getEncoder().encodeToString(bytes).equals(text)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      // Refused below.
    }
    throw refused(what, text, "not base64 as RFC 4648 section 4 writes it");
  }

  /** Reads a Merkle tree hash in base64. */
  static Hash hash(String text, String what) throws CheckpointParseException {
    byte[] bytes = base64(text, what);
    if (bytes.length != Hash.BYTES) {
      throw refused(what, text, "%s bytes instead of %s".formatted(bytes.length, Hash.BYTES));
    }
    return Hash.of(bytes);
  }

  static CheckpointParseException refused(String what, String text, String reason) {
    return new CheckpointParseException("%s: %s: %s".formatted(what, quote(text), reason));
  }

  /** Returns the beginning of unknown bytes, printable, for an error. */
  static String beginning(byte[] bytes) {
    int length = Math.min(bytes.length, 4 * QUOTED_CHARS);
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  /** Returns the text between quotation marks, as {@link #show} shows it. */
  static String quote(String text) {
    return "\"" + show(text) + "\"";
  }

  /** Returns the text as an error shows it: cut, and without control characters. */
  static String show(String text) {
    StringBuilder shown = new StringBuilder();
    for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
      String next = show(text.codePointAt(at));
      if (shown.length() + next.length() > QUOTED_CHARS) {
        return shown.append("...").toString();
      }
      shown.append(next);
    }
    return shown.toString();
  }

  private static String show(int c) {
    if (c == '\n') {
      return "\\n";
    }
    return isShown(c) ? Character.toString(c) : "\\u{%x}".formatted(c);
  }

  private static boolean isShown(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
