// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Suggests the known word that is nearest to a misspelled one. */
final class Spelling {
  private Spelling() {}

  /** Returns the message that {@code word} is not one of {@code known}, with a suggestion. */
  static String unknown(String what, String word, Collection<String> known) {
    String hint =
        nearest(word, known)
            .map(near -> "did you mean \"" + near + "\"?")
            .orElseGet(() -> "use one of " + String.join(", ", known));
    return "unknown %s %s; %s".formatted(what, Quoted.of(word), hint);
  }

  private static Optional<String> nearest(String word, Collection<String> known) {
    // Permits one typing error, and one more for every four letters; a word with more is a
    // different word.
    int tolerance = 1 + word.length() / 4;
    return known.stream()
        .filter(candidate -> Math.abs(candidate.length() - word.length()) <= tolerance)
        .filter(candidate -> distance(word, candidate) <= tolerance)
        .min(Comparator.comparingInt(candidate -> distance(word, candidate)));
  }

  /** Returns the Levenshtein distance, computed one row of the table at a time. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
