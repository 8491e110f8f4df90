// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.merkle.Hash;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;

/** Parses the elements of the text formats. Each value has one spelling; others are refused. */
final class StrictText {
  /** Maximum length of a text, in bytes: twice the size of 100 signatures of the longest type. */
  static final int MAX_BYTES = 1024 * 1024;

  private static final Pattern DECIMAL = Pattern.compile("0|[1-9][0-9]*");

  /** Maximum number of digits of a number up to 2^63-1. */
  private static final int MAX_DIGITS = 19;

  /** Maximum number of characters of a refused text that an error quotes. */
  private static final int QUOTED_CHARS = 100;

  private StrictText() {}

  /** Decodes UTF-8. Refuses invalid UTF-8 and control characters other than newline. */
  static String decode(byte[] bytes, String what) throws CheckpointParseException {
    return decode(bytes, MAX_BYTES, what);
  }

  /** Decodes as {@link #decode(byte[], String)} does, with a limit in bytes. */
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

  /** Returns true if a text can be encoded and has no control characters, not even newlines. */
  static boolean isLine(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text)
        && text.chars().noneMatch(c -> c < 0x20);
  }

  /** Returns true if a text can be encoded and has no control characters other than newline. */
  static boolean isText(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text)
        && text.chars().noneMatch(StrictText::isControl);
  }

  private static boolean isControl(int c) {
    return c < 0x20 && c != '\n';
  }

  /** Parses a number from 0 to 2^63-1, without sign or leading zeros. */
  static long decimal(String text, String what) throws CheckpointParseException {
    if (!DECIMAL.matcher(text).matches()) {
      throw refused(what, text, "not a decimal number without sign and leading zeros");
    }
    try {
      if (text.length() <= MAX_DIGITS) {
        return Long.parseLong(text);
      }
    } catch (NumberFormatException e) {
      // A number of nineteen digits that is above the limit.
    }
    throw refused(what, text, "above 2^63-1");
  }

  /**
   * Parses standard base64 with padding. Refuses every spelling that an encoder would not write.
   */
  static byte[] base64(String text, String what) throws CheckpointParseException {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (Base64.getEncoder().encodeToString(bytes).equals(text)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      // The exception below reports it.
    }
    throw refused(what, text, "not base64 as RFC 4648 section 4 writes it");
  }

  /** Parses a Merkle tree hash in base64. */
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

  /** Returns the beginning of unknown bytes as printable text for an error. */
  static String beginning(byte[] bytes) {
    int length = Math.min(bytes.length, 4 * QUOTED_CHARS);
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  /** Returns the text of {@link #show} between quotation marks. */
  static String quote(String text) {
    return "\"" + show(text) + "\"";
  }

  /** Returns the text for an error: shortened, and without control characters. */
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
