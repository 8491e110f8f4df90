// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.List;
import java.util.Optional;

/**
 * A word of the grammar before expansion.
 *
 * @param parts the parts from left to right; empty for an absent word
 */
public record Word(List<Part> parts) {
  /** A word without parts. */
  public static final Word NONE = new Word(List.of());

  /** Copies the list. */
  public Word {
    parts = List.copyOf(parts);
  }

  /** Part of a word. */
  public sealed interface Part {
    /**
     * Returns true if the part is in quotes, so that its value is neither split nor matched as a
     * pattern.
     */
    boolean isQuoted();
  }

  /**
   * Literal text, without its quotes and escapes. Unquoted text may contain the characters of
   * globs, braces and {@code ~}.
   */
  public record Literal(String text, boolean isQuoted) implements Part {}

  /**
   * {@code $name} or <code>${…}</code>.
   *
   * @param name the name of the variable or special parameter
   * @param prefix {@code #} for the length, {@code !} for an indirect expansion; empty otherwise
   * @param subscript the subscript of the element; a word without parts if there is none
   * @param operator as written, for example {@code :-} or {@code @}; empty if there is none
   * @param argument the argument of the operator
   */
  public record Parameter(
      String name, String prefix, Word subscript, String operator, Word argument, boolean isQuoted)
      implements Part {}

  /** <code>$(…)</code>, or a command in backquotes. */
  public record CommandSubstitution(Script script, boolean isQuoted) implements Part {}

  /**
   * {@code <(…)} and {@code >(…)}.
   *
   * @param isInput true if the output of the command is read ({@code <})
   */
  public record ProcessSubstitution(Script script, boolean isInput) implements Part {
    @Override
    public boolean isQuoted() {
      return false;
    }
  }

  /** <code>$((…))</code> or {@code $[…]}, as a word with its substitutions. */
  public record Arithmetic(Word expression, boolean isQuoted) implements Part {}

  /** Returns the text of the word without quotes; empty if the word has an expansion. */
  public Optional<String> literal() {
    if (parts.size() == 1) {
      return parts.get(0) instanceof Literal literal
          ? Optional.of(literal.text())
          : Optional.empty();
    }
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      if (!(part instanceof Literal literal)) {
        return Optional.empty();
      }
      text.append(literal.text());
    }
    return Optional.of(text.toString());
  }

  /** Returns true if any part is in quotes. */
  public boolean hasQuotes() {
    return parts.stream().anyMatch(Part::isQuoted);
  }

  /** Returns true if the word has an unquoted {@code *}, {@code ?} or {@code [}. */
  public boolean hasGlob() {
    return hasUnquoted("*?[");
  }

  /** Returns true if any of the characters occurs unquoted. */
  public boolean hasUnquoted(String characters) {
    for (Part part : parts) {
      if (part instanceof Literal literal && !literal.isQuoted()) {
        for (int i = 0; i < literal.text().length(); i++) {
          if (characters.indexOf(literal.text().charAt(i)) >= 0) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
