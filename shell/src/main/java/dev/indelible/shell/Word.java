// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.List;
import java.util.Optional;

/**
 * A word of the grammar before expansion.
 *
 * @param parts from left to right; none for an absent word
 */
public record Word(List<Part> parts) {
  /** A word without parts. */
  public static final Word NONE = new Word(List.of());

  /** Takes a copy of the list. */
  public Word {
    parts = List.copyOf(parts);
  }

  /** Part of a word. */
  public sealed interface Part {
    /**
     * Returns whether the part stands in quotes, so that its value is neither split nor matched.
     */
    boolean isQuoted();
  }

  /**
   * Text that stands for itself, quotes and escapes removed. Unquoted text may hold the characters
   * of globs, braces and {@code ~}.
   */
  public record Literal(String text, boolean isQuoted) implements Part {}

  /**
   * {@code $name} or <code>${…}</code>.
   *
   * @param name of the variable or special parameter
   * @param prefix {@code #} for the length, {@code !} for an indirect expansion; empty otherwise
   * @param subscript of the element; without parts if none is given
   * @param operator as written, for example {@code :-} or {@code @}; empty if there is none
   * @param argument of the operator
   */
  public record Parameter(
      String name, String prefix, Word subscript, String operator, Word argument, boolean isQuoted)
      implements Part {}

  /** <code>$(…)</code>, or a text in backquotes. */
  public record CommandSubstitution(Script script, boolean isQuoted) implements Part {}

  /**
   * {@code <(…)} and {@code >(…)}.
   *
   * @param isInput whether the command's output is read ({@code <})
   */
  public record ProcessSubstitution(Script script, boolean isInput) implements Part {
    @Override
    public boolean isQuoted() {
      return false;
    }
  }

  /** <code>$((…))</code> or {@code $[…]}, with the substitutions in it. */
  public record Arithmetic(Word expression, boolean isQuoted) implements Part {}

  /** Returns the text of the word with its quotes removed, if nothing in it is expanded. */
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

  /** Returns whether any part stands in quotes. */
  public boolean hasQuotes() {
    return parts.stream().anyMatch(Part::isQuoted);
  }

  /** Returns whether an unquoted character of a pattern occurs: {@code *}, {@code ?}, {@code [}. */
  public boolean hasGlob() {
    return hasUnquoted("*?[");
  }

  /** Returns whether any of the characters occurs unquoted. */
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
