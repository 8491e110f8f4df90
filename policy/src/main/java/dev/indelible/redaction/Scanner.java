// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import dev.indelible.redaction.Forms.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds secrets of known forms: tokens of services, JSON web tokens, private keys, passwords in
 * URLs, {@code Authorization} headers, and values with a secret name.
 *
 * <p>One pass over a text looks for the fixed text of each form, by two characters at a time. Only
 * where one is found do {@link FormReaders} and {@link NamedValues} read more. They read a bounded
 * part, or a part that the pass then skips, so the time is linear.
 */
final class Scanner implements SecretDetector {
  private static final int ASCII = 128;

  /** A bot's number in base64 begins with one of these, because its first two are digits. */
  private static final List<String> DISCORD_PREFIXES =
      List.of("MT", "Mj", "Mz", "ND", "NT", "Nj", "Nz", "OD", "OT");

  /** Query parameters whose value is a secret if it is long and random. */
  private static final List<String> KEY_PARAMETERS = List.of("?key=", "&key=", "?auth=", "&auth=");

  /** A beginning of a token of this length is rare in other texts. */
  static final int MIN_TELLING_PREFIX = 4;

  /** The characters that are looked at for a quote that splits a token with a short beginning. */
  private static final int MAX_SPLIT_CHARS = 128;

  /** Quotes within a word: they hide a secret, or a name, from a reading of the text alone. */
  private static final List<String> QUOTE_HINTS = List.of("''", "\"\"", "'\"", "\"'");

  /** The scanner; it has no settings. */
  static final Scanner INSTANCE = new Scanner();

  /** Reads a secret at the place of a fixed text. */
  @FunctionalInterface
  private interface Reader {
    /**
     * Returns the secret; null if there is none.
     *
     * @param at the index of the fixed text
     * @param shell the text without its quotes; null if no shell reads it
     */
    @Nullable Found read(String text, int at, @Nullable ShellView shell);
  }

  /**
   * A fixed text.
   *
   * @param anyCase true if capital and small letters are equal
   */
  private record Trigger(String literal, boolean anyCase, Hint hint, Reader reader) {
    boolean isAt(String text, int at) {
      return text.regionMatches(anyCase, at, literal, 0, literal.length());
    }

    /** Returns true if the fixed text at an index is worth a reading of the whole text. */
    boolean isSuspectAt(String text, int at) {
      return switch (hint) {
        case ALWAYS -> true;
        case WORD -> isWord(text, at, at + literal.length());
        case NAME -> !Characters.LETTER.hasAt(text, at + literal.length());
        case FORM ->
            FormReaders.isBoundary(text, at)
                    && (isTelling() || isSplit(text, at + literal.length()))
                || reader.read(text, at, null) != null;
      };
    }

    private boolean isTelling() {
      return literal.length() >= MIN_TELLING_PREFIX;
    }

    /** Returns true if a quote or a backslash ends the run: the token may go on behind it. */
    private boolean isSplit(String text, int from) {
      if (Characters.ALPHANUMERIC.hasAt(literal, literal.length() - 1)) {
        return false;
      }
      int end = Characters.TOKEN.endOfRun(text, from, from + MAX_SPLIT_CHARS);
      return end < text.length() && "'\"\\".indexOf(text.charAt(end)) >= 0;
    }
  }

  private static boolean isWord(String text, int start, int end) {
    return !Characters.TOKEN.hasAt(text, start - 1) && !Characters.TOKEN.hasAt(text, end);
  }

  /** The places in which a fixed text makes a text suspect. */
  private enum Hint {
    /** Wherever it is. */
    ALWAYS,
    /** As a whole word. */
    WORD,
    /** Where no letter follows. */
    NAME,
    /** Where a token begins; a short beginning counts with the whole token only. */
    FORM
  }

  /** The pairs of characters with which a fixed text begins. */
  private final long[] pairs = new long[ASCII * ASCII / Long.SIZE];

  /** The fixed texts, keyed by the pair with which they begin. */
  private final Trigger[][] triggers = new Trigger[ASCII * ASCII][];

  private Scanner() {
    for (Form form : Forms.all()) {
      Hint hint = form.isPlace() || form.isAfterNumber() ? Hint.ALWAYS : Hint.FORM;
      add(form.prefix(), false, hint, (text, at, shell) -> FormReaders.token(form, text, at));
    }
    for (String prefix : DISCORD_PREFIXES) {
      add(prefix, false, Hint.FORM, (text, at, shell) -> FormReaders.discordToken(text, at));
    }
    add("eyJ", false, Hint.FORM, (text, at, shell) -> FormReaders.jwt(text, at));
    add("-----BEGIN ", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.privateKey(text, at));
    add("Private-Lines: ", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.puttyKey(text, at));
    add("://", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.userInfo(text, at));
    add(
        "authorization",
        true,
        Hint.ALWAYS,
        (text, at, shell) -> FormReaders.authorization(text, at));
    add("bearer", true, Hint.ALWAYS, (text, at, shell) -> FormReaders.bearer(text, at));
    add("cookie:", true, Hint.ALWAYS, (text, at, shell) -> FormReaders.cookie(text, at));
    for (String parameter : KEY_PARAMETERS) {
      int length = parameter.length();
      add(
          parameter,
          false,
          Hint.ALWAYS,
          (text, at, shell) -> FormReaders.keyParameter(text, at + length));
    }
    add("Q~", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.azureClientSecret(text, at));
    add(".atlasv1.", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.terraformToken(text, at));
    add("-us", false, Hint.FORM, (text, at, shell) -> FormReaders.mailchimpKey(text, at));
    add("_mmk", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.maxmindKey(text, at));
    add("$apr1$", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.passwordHash(text, at));
    add("$2", false, Hint.FORM, (text, at, shell) -> FormReaders.passwordHash(text, at));
    add("$6$", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.passwordHash(text, at));
    add("$5$", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.passwordHash(text, at));
    add("$y$", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.passwordHash(text, at));
    add(" pass:", false, Hint.ALWAYS, (text, at, shell) -> FormReaders.opensslPassword(text, at));
    add("identified", true, Hint.WORD, NamedValues::identified);
    add(Markers.PREFIX, false, Hint.ALWAYS, (text, at, shell) -> FormReaders.marker(text, at));
    for (String word : Names.WORDS) {
      int length = word.length();
      Reader reader = (text, at, shell) -> NamedValues.read(text, at, at + length, shell);
      add(word, true, Hint.NAME, reader);
    }
    QUOTE_HINTS.forEach(hint -> add(hint, false, Hint.ALWAYS, (text, at, shell) -> null));
    Words.HINTS.forEach(hint -> add(hint, false, Hint.WORD, (text, at, shell) -> null));
  }

  private void add(String literal, boolean anyCase, Hint hint, Reader reader) {
    Trigger trigger = new Trigger(literal, anyCase, hint, reader);
    char first = literal.charAt(0);
    char second = literal.charAt(1);
    if (anyCase) {
      for (char a : bothCases(first)) {
        for (char b : bothCases(second)) {
          add(a, b, trigger);
        }
      }
    } else {
      add(first, second, trigger);
    }
  }

  private static char[] bothCases(char c) {
    char small = Character.toLowerCase(c);
    char capital = Character.toUpperCase(c);
    return small == capital ? new char[] {c} : new char[] {small, capital};
  }

  private void add(char first, char second, Trigger trigger) {
    int pair = first * ASCII + second;
    pairs[pair / Long.SIZE] |= 1L << pair;
    Trigger[] before = triggers[pair];
    Trigger[] after = before == null ? new Trigger[1] : Arrays.copyOf(before, before.length + 1);
    after[after.length - 1] = trigger;
    triggers[pair] = after;
  }

  /** Returns true if a text may have a secret: one of the fixed texts is in it. */
  boolean isSuspect(String text) {
    for (int i = 0; i + 1 < text.length(); i++) {
      if (isPair(text, i)) {
        for (Trigger trigger : triggersAt(text, i)) {
          if (trigger.isAt(text, i) && trigger.isSuspectAt(text, i)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private boolean isPair(String text, int at) {
    int first = text.charAt(at);
    int second = text.charAt(at + 1);
    int pair = first * ASCII + second;
    return (first | second) < ASCII && (pairs[pair / Long.SIZE] >>> pair & 1) != 0;
  }

  private Trigger[] triggersAt(String text, int at) {
    return triggers[text.charAt(at) * ASCII + text.charAt(at + 1)];
  }

  @Override
  public void find(String text, boolean isShell, List<Found> found) {
    if (!isSuspect(text)) {
      return;
    }
    ShellView view = isShell ? ShellView.of(text) : null;
    scan(text, view, found);
    if (view != null) {
      List<Found> inView = new ArrayList<>();
      scan(view.text(), view, inView);
      // A name and its value in one word are read by Words, which knows where the word ends.
      inView.removeIf(Found::isNamed);
      Words.find(text, view, inView);
      inView.forEach(each -> found.add(view.placed(each)));
    }
  }

  /** Adds the secrets that show only among the arguments of a process, as ranges of the view. */
  void findInArguments(ShellView view, List<Found> found) {
    if (isSuspect(view.text())) {
      Words.findInArguments(view, found);
    }
  }

  private void scan(String text, @Nullable ShellView shell, List<Found> found) {
    int at = 0;
    while (at + 1 < text.length()) {
      int next = at + 1;
      if (isPair(text, at)) {
        for (Trigger trigger : triggersAt(text, at)) {
          Found secret = trigger.isAt(text, at) ? trigger.reader().read(text, at, shell) : null;
          if (secret != null) {
            found.add(secret);
            next = Math.max(next, secret.end());
            break;
          }
        }
      }
      at = next;
    }
  }
}
