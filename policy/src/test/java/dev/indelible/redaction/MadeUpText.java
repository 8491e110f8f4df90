// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text with made-up secrets, written from a template.
 *
 * <p>In a template, {@code ⟦…⟧} is a secret and {@code ‹alphabet:length›} random characters. The
 * characters depend on the template alone.
 *
 * @param text the text
 * @param secrets the secrets in it, in their order
 */
record MadeUpText(String text, List<MadeUpText.Span> secrets) {
  private static final Pattern RANDOM = Pattern.compile("‹([a-zA-Z0-9]+):([0-9]+)›");
  private static final String LOW = "abcdefghijklmnopqrstuvwxyz";
  private static final String CAPITAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  private static final String DIGITS = "0123456789";
  private static final String BASE62 = LOW + CAPITAL + DIGITS;
  private static final Map<String, String> ALPHABETS =
      Map.ofEntries(
          Map.entry("b62", BASE62),
          Map.entry("b64", BASE62 + "+/"),
          Map.entry("url", BASE62 + "-_"),
          Map.entry("b32", CAPITAL + "234567"),
          Map.entry("bech", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
          Map.entry("low", LOW + DIGITS),
          Map.entry("up", CAPITAL + DIGITS),
          Map.entry("hex", DIGITS + "abcdef"),
          Map.entry("HEX", DIGITS + "ABCDEF"),
          Map.entry("dig", DIGITS),
          Map.entry("letters", LOW + CAPITAL));

  /**
   * A secret in a text.
   *
   * @param start the index of its first character
   * @param end the index after its last one
   */
  record Span(int start, int end) {}

  /** Returns the text of a template, with line breaks for {@code \n} and {@code \} for two. */
  static MadeUpText of(String template) {
    Random random = new Random(template.hashCode());
    String lines = template.replace("\\\\", "\uE000").replace("\\n", "\n").replace('\uE000', '\\');
    StringBuilder written = new StringBuilder();
    Matcher matcher = RANDOM.matcher(lines);
    while (matcher.find()) {
      int length = Integer.parseInt(matcher.group(2));
      String made = characters(matcher.group(1), length, random);
      matcher.appendReplacement(written, Matcher.quoteReplacement(made));
    }
    matcher.appendTail(written);
    StringBuilder text = new StringBuilder();
    List<Span> secrets = new ArrayList<>();
    int start = -1;
    for (int i = 0; i < written.length(); i++) {
      char c = written.charAt(i);
      if (c == '⟦') {
        start = text.length();
      } else if (c == '⟧') {
        secrets.add(new Span(start, text.length()));
      } else {
        text.append(c);
      }
    }
    return new MadeUpText(text.toString(), secrets);
  }

  private static String characters(String alphabet, int length, Random random) {
    return switch (alphabet) {
      case "pwa" -> password(BASE62, length, random);
      case "pwu" -> password(BASE62 + ".~-", length, random);
      case "pw" -> password(BASE62 + "#%^*+=,.~?", length, random);
      case "words" -> words(length, random);
      case "uuid" -> uuid(random);
      case "jwt" -> jwt(random);
      case "basic" -> base64("jo:" + password(BASE62, 14, random));
      case "pem" -> lines(length, "\\n", random) + "\\n";
      case "pemlines" -> lines(length, "\n", random);
      case "pemindent" -> lines(length, "\n  ", random);
      default -> of(ALPHABETS.get(alphabet), length, random);
    };
  }

  private static String of(String alphabet, int length, Random random) {
    StringBuilder out = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      out.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return out.toString();
  }

  /** Returns a password that begins with a letter and has a digit and a letter at its end. */
  private static String password(String alphabet, int length, Random random) {
    return of(LOW + CAPITAL, 1, random)
        + of(alphabet, length - 3, random)
        + of(DIGITS, 1, random)
        + of(LOW, 1, random);
  }

  private static String words(int count, Random random) {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      words.add(of("bdfgklmnprst", 1, random) + of("aeiou", 1, random) + of(LOW, 3, random));
    }
    return String.join("-", words);
  }

  private static String uuid(Random random) {
    return of(ALPHABETS.get("hex"), 8, random)
        + "-"
        + of(ALPHABETS.get("hex"), 4, random)
        + "-4"
        + of(ALPHABETS.get("hex"), 3, random)
        + "-a"
        + of(ALPHABETS.get("hex"), 3, random)
        + "-"
        + of(ALPHABETS.get("hex"), 12, random);
  }

  private static String jwt(Random random) {
    String claims = "{\"sub\":\"%s\",\"iat\":17%s}";
    return base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}")
        + "."
        + base64(claims.formatted(of(DIGITS, 9, random), of(DIGITS, 8, random)))
        + "."
        + of(ALPHABETS.get("url"), 43, random);
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static String lines(int count, String separator, Random random) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lines.add(of(ALPHABETS.get("b64"), i == count - 1 ? 40 : 64, random));
    }
    return String.join(separator, lines);
  }
}
