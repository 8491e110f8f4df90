// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayList;
import java.util.List;

/** Collects the parts of a word, neighbouring text in one literal. */
final class WordBuilder {
  private final List<Word.Part> parts = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  /** Whether the collected text is quoted. */
  private boolean quoted;

  /** Whether a literal was begun, perhaps an empty one in quotes. */
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

  /** Begins a literal, so that quotes without text leave an empty one. */
  void begin(boolean isQuoted) {
    if (begun && quoted != isQuoted) {
      flush();
    }
    begun = true;
    quoted = isQuoted;
  }

  /** Returns the last character of the unquoted text just collected; 0 if there is none. */
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
