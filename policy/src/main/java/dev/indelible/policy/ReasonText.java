// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.base.Text;
import dev.indelible.fact.Fact;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The reason of a rule, with fields in braces: {@code {fact}}, {@code {operand}}, {@code
 * {command}}. Each decision fills them in from the fact that the rule matched. If a reason has no
 * field, the fact is appended to it.
 */
final class ReasonText {
  private static final Map<String, Function<Fact, String>> FIELDS =
      Map.of(
          "fact", Fact::describe,
          "operand", fact -> fact.operand().display(),
          "command", fact -> fact.cause().command());

  /** Maximum number of characters of a filled-in field. */
  private static final int MAX_FIELD_CHARS = 300;

  private final String text;

  /** Texts and field names, alternating; the first and the last are texts. */
  private final List<String> parts = new ArrayList<>();

  private ReasonText(String text) {
    this.text = text;
  }

  /** Returns a reason without fields. */
  static ReasonText plain(String text) {
    ReasonText reason = new ReasonText(text);
    reason.parts.add(text);
    return reason;
  }

  /**
   * Compiles a reason with fields.
   *
   * @throws IllegalArgumentException if a field is unknown
   */
  static ReasonText withFields(String text) {
    ReasonText reason = new ReasonText(text);
    reason.read();
    return reason;
  }

  private void read() {
    int at = 0;
    int open = text.indexOf('{');
    while (open >= 0) {
      int close = text.indexOf('}', open);
      String field = close < 0 ? "" : text.substring(open + 1, close);
      if (!FIELDS.containsKey(field)) {
        throw new IllegalArgumentException(
            Spelling.unknown(
                "field in the reason", field, FIELDS.keySet().stream().sorted().toList()));
      }
      parts.add(text.substring(at, open));
      parts.add(field);
      at = close + 1;
      open = text.indexOf('{', at);
    }
    parts.add(text.substring(at));
  }

  /** Returns the reason of a decision. */
  String fillIn(List<Fact> because) {
    if (because.isEmpty()) {
      return text;
    }
    Fact fact = because.get(0);
    StringBuilder out = new StringBuilder(parts.get(0));
    for (int i = 1; i < parts.size(); i += 2) {
      out.append(shortened(FIELDS.get(parts.get(i)).apply(fact))).append(parts.get(i + 1));
    }
    if (parts.size() == 1) {
      out.append(": ").append(shortened(fact.describe()));
    }
    return bounded(out.toString());
  }

  private static String shortened(String value) {
    if (value.length() <= MAX_FIELD_CHARS) {
      return value;
    }
    int end = MAX_FIELD_CHARS;
    return value.substring(0, Character.isHighSurrogate(value.charAt(end - 1)) ? end - 1 : end)
        + "…";
  }

  /** Returns the reason as written if the filled-in one cannot be recorded. */
  private String bounded(String filled) {
    return Text.utf8Length(filled) <= Rule.MAX_REASON_BYTES
            && filled.equals(
                new String(filled.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
        ? filled
        : text;
  }
}
