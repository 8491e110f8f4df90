// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.List;

/**
 * Finds the matches of a configured pattern. The syntax is that of RE2, which does not backtrack.
 *
 * @param id the name of the detector
 * @param pattern the pattern; if it has a group, only its first group is the secret
 */
record PatternDetector(String id, Pattern pattern) implements SecretDetector {
  /**
   * Compiles a pattern.
   *
   * @throws IllegalArgumentException if RE2 does not accept it, or it matches the empty text
   */
  static PatternDetector of(String id, String pattern) {
    Pattern compiled;
    try {
      compiled = Pattern.compile(pattern);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "the pattern is not one of RE2: %s; backreferences and look-around do not exist there"
              .formatted(e.getDescription()));
    }
    if (compiled.matcher("").find()) {
      throw new IllegalArgumentException(
          "the pattern matches the empty text; require at least one character");
    }
    return new PatternDetector(id, compiled);
  }

  /** The automaton of RE2 is in at most all of its states at a character. */
  @Override
  public int stepsPerChar() {
    return pattern.programSize();
  }

  @Override
  public void find(String text, boolean isShell, List<Found> found) {
    Matcher matcher = pattern.matcher(text);
    int group = pattern.groupCount() > 0 ? 1 : 0;
    while (matcher.find()) {
      int start = matcher.start(group);
      if (start >= 0 && matcher.end(group) > start) {
        found.add(Found.byForm(start, matcher.end(group), id));
      }
    }
  }
}
