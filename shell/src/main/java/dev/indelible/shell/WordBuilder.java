// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayList;
import java.util.List;

/** Collects the parts of a word. Adjacent text becomes one literal. */
final class WordBuilder {
  private final List<Word.Part> parts = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  /** True if the collected text is quoted. */
  private boolean quoted;

  /** True if a literal was begun; it may be empty, for example in {@code ""}. */
  private boolean begun;

  void add(int character, boolean isQuoted) {
    begin(isQuoted);
    text.append((char) character);
  }

  void add(CharSequence characters, boolean isQuoted) {
    begin(isQuoted);
    text.append(characters);
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
    return begun && !quoted && text.length() > 0 ? text.charAt(text.length() - 1) : 0;
  }

  Word build() {
    flush();
    return parts.isEmpty() ? Word.NONE : new Word(parts);
  }

  private void flush() {
    if (begun) {
      parts.add(new Word.Literal(text.toString(), quoted));
      text.setLength(0);
      begun = false;
    }
  }
}
