// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import java.util.List;
import java.util.Optional;

/**
 * What a decision is based on, for the record and for a person. Longer lists and texts are cut to
 * the limits.
 *
 * @param matched the ids of all rules that matched, at most {@value #MAX_ITEMS}
 * @param facts what the action does as far as these rules ask, for example {@code deletes /}; at
 *     most {@value #MAX_ITEMS}
 * @param effectiveCommand the command that decided, after wrappers are removed and constants
 *     resolved; empty if the action is no command
 */
public record Explanation(
    List<String> matched, List<String> facts, Optional<String> effectiveCommand) {
  /** Says nothing. */
  public static final Explanation NONE = new Explanation(List.of(), List.of(), Optional.empty());

  /** The most rules and the most facts that are recorded. */
  public static final int MAX_ITEMS = 32;

  /** The most bytes of a fact or command. */
  public static final int MAX_TEXT_BYTES = 1024;

  private static final String CUT = "…";

  public Explanation {
    matched = cut(matched);
    facts = cut(facts);
    effectiveCommand = effectiveCommand.map(Explanation::cut);
  }

  /** Returns whether nothing is said. */
  public boolean isEmpty() {
    return matched.isEmpty() && facts.isEmpty() && effectiveCommand.isEmpty();
  }

  /** Writes the members that stand before the id of an event in canonical JSON (RFC 8785). */
  public void writeBeforeId(CanonicalWriter out) {
    out.member("effective_command", effectiveCommand);
    if (!facts.isEmpty()) {
      out.name("facts").strings(facts);
    }
  }

  /** Writes the members that stand between the id and the nonce of an event. */
  public void writeAfterId(CanonicalWriter out) {
    if (!matched.isEmpty()) {
      out.name("matched").strings(matched);
    }
  }

  private static List<String> cut(List<String> texts) {
    return texts.stream().limit(MAX_ITEMS).map(Explanation::cut).toList();
  }

  /** Cuts a text to the limit, between characters. */
  private static String cut(String text) {
    Text.requireWellFormed(text, "explanation");
    if (Text.utf8Length(text) <= MAX_TEXT_BYTES) {
      return text;
    }
    int bytes = Text.utf8Length(CUT);
    int end = 0;
    while (end < text.length()) {
      int character = text.codePointAt(end);
      bytes += Text.utf8Length(Character.toString(character));
      if (bytes > MAX_TEXT_BYTES) {
        break;
      }
      end += Character.charCount(character);
    }
    return text.substring(0, end) + CUT;
  }
}
