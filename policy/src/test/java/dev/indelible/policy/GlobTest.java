// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GlobTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "/etc/passwd,    /etc/passwd",
        "/etc/*,         /etc/passwd",
        "/etc/**,        /etc/ssl/certs/a.pem",
        "**/.ssh/**,     /home/a/.ssh/id",
        "**/.ssh/**,     /.ssh/id",
        "**/.ssh/**,     .ssh/id",
        "/a/**/b,        /a/b",
        "/a/**/b,        /a/x/y/b",
        "**,             /any/thing",
        "*.key,          a.key",
        "*,              \"\"",
        "a?c,            abc",
        "a?c,            a😀c",
        "mcp__*,         mcp__db__sql",
        "a\\*b,          a*b",
        "a\\[b\\\\,      a[b\\",
      })
  void matches(String glob, String text) {
    assertThat(Glob.compile(glob).matches(text)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "/etc/*,      /etc/ssl/a",
        "/etc/**,     /etc",
        "/etc/**,     /etcetera/a",
        "/etc/**,     /x/etc/a",
        "**/.ssh/**,  /home/a.ssh/id",
        "/a/**/b,     /a/xb",
        "/a**/b,      /a",
        "a?c,         a/c",
        "a?c,         ac",
        "A,           a",
        "a\\*b,       axb",
        "a,           \"\"",
      })
  void doesNotMatch(String glob, String text) {
    assertThat(Glob.compile(glob).matches(text)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "***", "a/***", "[ab]", "{a,b}", "a\\", "a\\b"})
  void malformedGlobIsRefused(String glob) {
    assertThatThrownBy(() -> Glob.compile(glob))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("bad glob");
  }

  @Test
  void tooLongGlobIsRefused() {
    assertThat(Glob.compile("a".repeat(1024)).matches("a".repeat(1024))).isTrue();
    assertThatThrownBy(() -> Glob.compile("a".repeat(1025)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void globAgreesWithTheSlowReference() {
    Random random = new Random(20261123);
    int matches = 0;
    for (int i = 0; i < 200_000; i++) {
      String glob = some(random, List.of("a", "b", "/", "/", "*", "**", "**/", "?", "😀"), 6);
      String text = some(random, List.of("a", "b", "/", "😀"), 8);
      if (glob.isEmpty() || glob.contains("***")) {
        continue;
      }
      boolean expected = reference(glob.codePoints().toArray(), 0, text.codePoints().toArray(), 0);
      assertThat(Glob.compile(glob).matches(text)).as("%s on %s", glob, text).isEqualTo(expected);
      matches += expected ? 1 : 0;
    }
    assertThat(matches).as("number of matching pairs").isBetween(10_000, 150_000);
  }

  /** A backtracking matcher would need exponential time. */
  @Test
  void manyStarsDoNotBacktrack() {
    Glob glob = Glob.compile("**a?*a".repeat(170) + "b");
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> assertThat(glob.matches("a".repeat(20_000))).isFalse());
  }

  /** The definition of a glob: tries every way to match. */
  private static boolean reference(int[] glob, int g, int[] text, int t) {
    if (g == glob.length) {
      return t == text.length;
    }
    boolean twoStars = at(glob, g) == '*' && at(glob, g + 1) == '*';
    if (twoStars && at(glob, g + 2) == '/' && (g == 0 || glob[g - 1] == '/')) {
      boolean found = reference(glob, g + 3, text, t);
      for (int i = t; i < text.length && !found; i++) {
        found = text[i] == '/' && reference(glob, g + 3, text, i + 1);
      }
      return found;
    }
    if (at(glob, g) == '*') {
      int next = g + (twoStars ? 2 : 1);
      for (int i = t; i <= text.length; i++) {
        if (reference(glob, next, text, i)) {
          return true;
        }
        if (!twoStars && at(text, i) == '/') {
          return false;
        }
      }
      return false;
    }
    boolean one = glob[g] == '?' ? t < text.length && text[t] != '/' : at(text, t) == glob[g];
    return one && reference(glob, g + 1, text, t + 1);
  }

  private static int at(int[] text, int i) {
    return i < text.length ? text[i] : -1;
  }

  private static String some(Random random, List<String> alphabet, int most) {
    StringBuilder out = new StringBuilder();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      out.append(alphabet.get(random.nextInt(alphabet.size())));
    }
    return out.toString();
  }
}
