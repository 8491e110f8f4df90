// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/** Replaces ranges of a text. */
final class Replacement {
  private Replacement() {}

  /** Returns a text with each of the found secrets replaced. */
  static String of(String text, List<Found> found, Function<Found, String> replacement) {
    if (found.isEmpty()) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length());
    int at = 0;
    for (Found secret : merged(found)) {
      out.append(text, at, secret.start()).append(replacement.apply(secret));
      at = secret.end();
    }
    return out.append(text, at, text.length()).toString();
  }

  /** Returns the secrets in order; those that overlap are one, named after a form if one has it. */
  static List<Found> merged(List<Found> found) {
    List<Found> sorted = new ArrayList<>(found);
    sorted.sort(Comparator.comparingInt(Found::start));
    List<Found> merged = new ArrayList<>();
    for (Found next : sorted) {
      Found last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last == null || next.start() >= last.end()) {
        merged.add(next);
      } else {
        Found name = last.isNamed() && !next.isNamed() ? next : last;
        merged.set(
            merged.size() - 1,
            new Found(
                last.start(), Math.max(last.end(), next.end()), name.detector(), name.isNamed()));
      }
    }
    return merged;
  }
}
