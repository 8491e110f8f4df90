// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects the parts of a word. Adjacent text becomes one literal. */
final class WordBuilder {
  private final List<Word.Part> parts = new ArrayList<>(2);

  /** The text of the literal: a single piece, or several in {@link #pieces}. */
  private String piece = "";

  private @Nullable StringBuilder pieces;

  /** True if the collected text is quoted. */
  private boolean quoted;

  /** True if a literal was begun; it may be empty, for example in {@code ""}. */
  private boolean begun;

  void add(int character, boolean isQuoted) {
    begin(isQuoted);
    pieces().append((char) character);
  }

  void add(CharSequence characters, boolean isQuoted) {
    begin(isQuoted);
    if (pieces == null && piece.isEmpty()) {
      piece = characters.toString();
    } else {
      pieces().append(characters);
    }
  }

  private StringBuilder pieces() {
    if (pieces == null) {
      pieces = new StringBuilder(piece);
      piece = "";
    }
    return pieces;
  }

  void add(Word.Part part) {
    flush();
    parts.add(part);
  }

  /** Begins a literal, so that empty quotes leave an empty literal. */
  void begin(boolean isQuoted) {
    if (begun && quoted != isQuoted) {
      flush();
    }
    begun = true;
    quoted = isQuoted;
  }

  /**
   * Returns the last character of the unquoted text that is being collected; 0 if there is none.
   */
  char last() {
    CharSequence text = pieces == null ? piece : pieces;
    return begun && !quoted && !text.isEmpty() ? text.charAt(text.length() - 1) : 0;
  }

  Word build() {
    flush();
    return parts.isEmpty() ? Word.NONE : new Word(parts);
  }

  private void flush() {
    if (begun) {
      parts.add(new Word.Literal(pieces == null ? piece : pieces.toString(), quoted));
      piece = "";
      pieces = null;
      begun = false;
    }
  }
}
