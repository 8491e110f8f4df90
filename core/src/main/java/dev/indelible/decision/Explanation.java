// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import java.util.List;
import java.util.Optional;

/**
 * The basis of a decision, for the record and for people. Longer lists and texts are truncated to
 * the limits.
 *
 * @param matched the ids of all rules that matched, at most {@value #MAX_ITEMS}
 * @param facts the facts about the action that these rules use, for example {@code deletes /}; at
 *     most {@value #MAX_ITEMS}
 * @param effectiveCommand the command that caused the decision, with wrappers removed and constants
 *     resolved; empty if the action is not a command
 */
public record Explanation(
    List<String> matched, List<String> facts, Optional<String> effectiveCommand) {
  /** The empty explanation. */
  public static final Explanation NONE = new Explanation(List.of(), List.of(), Optional.empty());

  /** Maximum number of rules, and of facts, that are recorded. */
  public static final int MAX_ITEMS = 32;

  /** Maximum length of a fact or command, in bytes. */
  public static final int MAX_TEXT_BYTES = 1024;

  private static final String CUT = "…";

  public Explanation {
    matched = cut(matched);
    facts = cut(facts);
    effectiveCommand = effectiveCommand.map(Explanation::cut);
  }

  /** Returns true if this is the empty explanation. */
  public boolean isEmpty() {
    return matched.isEmpty() && facts.isEmpty() && effectiveCommand.isEmpty();
  }

  /** Writes the members that precede the event id in canonical JSON (RFC 8785). */
  public void writeBeforeId(CanonicalWriter out) {
    out.member("effective_command", effectiveCommand);
    if (!facts.isEmpty()) {
      out.name("facts").strings(facts);
    }
  }

  /** Writes the members between the event id and the nonce. */
  public void writeAfterId(CanonicalWriter out) {
    if (!matched.isEmpty()) {
      out.name("matched").strings(matched);
    }
  }

  private static List<String> cut(List<String> texts) {
    return texts.stream().limit(MAX_ITEMS).map(Explanation::cut).toList();
  }

  /** Truncates a text to the limit, between characters. */
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
