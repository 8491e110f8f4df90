// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import dev.indelible.redaction.Forms.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds secrets of known forms: tokens of services, JSON web tokens, private keys, passwords in
 * URLs, {@code Authorization} headers, and values with a secret name.
 *
 * <p>One pass over a text looks for the fixed beginnings of all forms, by two characters at a time;
 * only where one begins is more read. What is read there is bounded or is then skipped, so the time
 * is linear.
 */
final class Scanner implements SecretDetector {
  /** The detector of markers that the agent wrote. */
  static final String MARKER = "marker";

  private static final int ASCII = 128;

  /** The longest name of a variable or option that is read. */
  private static final int MAX_NAME_CHARS = 64;

  /** The longest user and host that are read in a URL. */
  private static final int MAX_AUTHORITY_CHARS = 1024;

  /** The shortest part of a JSON web token. */
  private static final int MIN_JWT_PART = 8;

  /** The shortest line of a private key, except its last one. */
  private static final int MIN_KEY_LINE = 24;

  /** The shortest user name of a URL that is taken for a token. */
  private static final int MIN_URL_TOKEN = 20;

  /** The schemes of {@code Authorization} headers, in small letters. */
  private static final Set<String> SCHEMES =
      Set.of(
          "bearer",
          "basic",
          "token",
          "digest",
          "apikey",
          "api-key",
          "key",
          "jwt",
          "oauth",
          "bot",
          "negotiate",
          "ntlm",
          "ssws",
          "geniekey",
          "aws4-hmac-sha256");

  /** Words after which a command may have secrets that only its words show. */
  private static final List<String> WORD_HINTS =
      List.of(
          "curl",
          "sshpass",
          "mysql",
          "mariadb",
          "redis-cli",
          "mongosh",
          "sqlcmd",
          "smbclient",
          "docker login",
          "podman login",
          "''",
          "\"\"",
          "'\"",
          "\"'");

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
  private record Trigger(String literal, boolean anyCase, Reader reader) {
    boolean isAt(String text, int at) {
      return text.regionMatches(anyCase, at, literal, 0, literal.length());
    }
  }

  /** The pairs of characters with which a fixed text begins. */
  private final long[] pairs = new long[ASCII * ASCII / Long.SIZE];

  /** The fixed texts by the pair with which they begin. */
  private final Trigger[][] triggers = new Trigger[ASCII * ASCII][];

  private Scanner() {
    for (Form form : Forms.all()) {
      add(form.prefix(), false, (text, at, shell) -> token(form, text, at));
    }
    add("eyJ", false, (text, at, shell) -> jwt(text, at));
    add("-----BEGIN ", false, (text, at, shell) -> privateKey(text, at));
    add("://", false, (text, at, shell) -> userInfo(text, at));
    add("authorization", true, (text, at, shell) -> authorization(text, at));
    add("bearer ", true, (text, at, shell) -> bearer(text, at));
    add("Q~", false, (text, at, shell) -> azureClientSecret(text, at));
    add(".atlasv1.", false, (text, at, shell) -> terraformToken(text, at));
    add(" pass:", false, (text, at, shell) -> opensslPassword(text, at));
    add(Markers.PREFIX, false, (text, at, shell) -> marker(text, at));
    for (String word : Names.WORDS) {
      add(word, true, (text, at, shell) -> named(text, at, at + word.length(), shell));
    }
    for (String hint : WORD_HINTS) {
      add(hint, false, (text, at, shell) -> null);
    }
  }

  private void add(String literal, boolean anyCase, Reader reader) {
    Trigger trigger = new Trigger(literal, anyCase, reader);
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
          if (trigger.isAt(text, i)) {
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

  /** Returns true if a token may begin at an index: it does not continue a word. */
  private static boolean isBoundary(String text, int at) {
    if (at == 0 || !Characters.ALPHANUMERIC.has(text.charAt(at - 1))) {
      return true;
    }
    // Behind an escape, for example \n.
    return at > 1 && text.charAt(at - 2) == '\\' && "ntr".indexOf(text.charAt(at - 1)) >= 0;
  }

  private static @Nullable Found token(Form form, String text, int at) {
    String prefix = form.prefix();
    int start = at + prefix.length();
    char last = prefix.charAt(prefix.length() - 1);
    boolean isPlace = last == '=' || last == '/';
    if (prefix.charAt(0) == ':') {
      if (!isBotNumber(text, at)) {
        return null;
      }
    } else if (!isPlace && !isBoundary(text, at)) {
      return null;
    }
    int end = form.characters().endOfRun(text, start, start + form.max() + 1);
    int length = end - start;
    if (length < form.min()
        || length > form.max()
        || form.isRandom() && !Characters.isMixed(text, start, end)) {
      return null;
    }
    int from = isPlace ? start : prefix.charAt(0) == ':' ? at + 1 : at;
    return Found.byForm(from, trimmed(text, from, end), form.detector());
  }

  /** Returns the end without full stops, which end a sentence and not a token. */
  private static int trimmed(String text, int start, int end) {
    int at = end;
    while (at > start + 1 && text.charAt(at - 1) == '.') {
      at--;
    }
    return at;
  }

  private static boolean isBotNumber(String text, int end) {
    int start = end;
    while (start > 0 && end - start < 12 && Characters.isDigit(text.charAt(start - 1))) {
      start--;
    }
    return end - start >= 8 && end - start <= 10;
  }

  private static @Nullable Found jwt(String text, int at) {
    if (!isBoundary(text, at) || at > 0 && "_-.".indexOf(text.charAt(at - 1)) >= 0) {
      return null;
    }
    // Only the beginning of a run is read, so a run is read once.
    int first = Characters.BASE64URL.endOfRun(text, at, text.length());
    if (!isDot(text, first)) {
      return null;
    }
    int second = Characters.BASE64URL.endOfRun(text, first + 1, text.length());
    int end = Characters.TOKEN.endOfRun(text, second, text.length());
    boolean isToken =
        isDot(text, second) && first - at >= MIN_JWT_PART && second - first > MIN_JWT_PART;
    return isToken ? Found.byForm(at, trimmed(text, at, end), "jwt") : null;
  }

  private static boolean isDot(String text, int at) {
    return at < text.length() && text.charAt(at) == '.';
  }

  private static @Nullable Found privateKey(String text, int at) {
    int name = at + "-----BEGIN ".length();
    int dashes = text.indexOf("-----", name);
    if (dashes < 0 || dashes - name > 40 || !text.substring(name, dashes).contains("PRIVATE KEY")) {
      return null;
    }
    int start = dashes + "-----".length();
    int end = endOfKey(text, start);
    return end > start ? Found.byForm(start, end, "private_key") : null;
  }

  /**
   * Returns the end of the lines of a key. Only lines of base64 and headers belong to it, so that
   * nobody hides a command behind the beginning of a key.
   */
  private static int endOfKey(String text, int start) {
    int end = start;
    while (true) {
      int line = skipBetweenLines(text, end);
      int lineEnd = Characters.BASE64.endOfRun(text, line, text.length());
      boolean isHeader = text.startsWith(": ", lineEnd) || text.startsWith("-Type: ", lineEnd);
      if (isHeader || text.startsWith("-Info: ", lineEnd)) {
        int limit = Math.min(text.length(), lineEnd + MAX_NAME_CHARS);
        int newline = text.substring(lineEnd, limit).indexOf('\n');
        lineEnd = newline < 0 ? line : lineEnd + newline;
      } else if (lineEnd - line < MIN_KEY_LINE
          && !text.startsWith("-----END", skipBetweenLines(text, lineEnd))) {
        return end;
      }
      if (lineEnd == line) {
        return end;
      }
      end = lineEnd;
    }
  }

  /** Skips white space, escapes of it, quotes, and the sign that joins texts. */
  private static int skipBetweenLines(String text, int at) {
    int next = at;
    while (next < text.length()) {
      boolean isEscape =
          text.charAt(next) == '\\'
              && next + 1 < text.length()
              && "nrt\\\n".indexOf(text.charAt(next + 1)) >= 0;
      if (!isEscape && " \t\r\n\"'".indexOf(text.charAt(next)) < 0) {
        return next;
      }
      next += isEscape ? 2 : 1;
    }
    return next;
  }

  /** Reads {@code user:password@} of a URL; the host stays. */
  private static @Nullable Found userInfo(String text, int at) {
    int start = at + "://".length();
    int limit = Math.min(text.length(), start + MAX_AUTHORITY_CHARS);
    int last = -1;
    int colon = -1;
    for (int i = start; i < limit; i++) {
      char c = text.charAt(i);
      if ("/?#\"'<> \t\n\r`\\".indexOf(c) >= 0 || c == ShellView.BREAK) {
        break;
      }
      last = c == '@' ? i : last;
      colon = c == ':' && colon < 0 ? i : colon;
    }
    if (last < 0) {
      return null;
    }
    boolean hasPassword = colon >= 0 && colon < last;
    int from = hasPassword ? colon + 1 : start;
    if (from >= last || isReference(text, from) || isMask(text, from, last)) {
      return null;
    }
    if (!hasPassword && (last - from < MIN_URL_TOKEN || !Characters.hasDigit(text, from, last))) {
      return null;
    }
    return Found.byForm(from, last, "url_password");
  }

  /** Returns true if a value begins with an expansion or stands for another. */
  private static boolean isReference(String text, int at) {
    char c = text.charAt(at);
    return c == '$' || c == '<' || c == '{' || c == '`' || c == ShellView.EXPANSION || c == '[';
  }

  private static boolean isMask(String text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (text.charAt(i) != '*' && text.charAt(i) != 'x') {
        return false;
      }
    }
    return true;
  }

  private static @Nullable Found authorization(String text, int at) {
    int after = skipSeparator(text, at + "authorization".length());
    if (after < 0) {
      return null;
    }
    int from = skipQuote(text, after);
    int value = afterScheme(text, from);
    return headerValue(text, value, value > from ? 4 : 8);
  }

  /** Returns the index after the scheme with which a header's value begins, if there is one. */
  static int afterScheme(String text, int from) {
    int end = Characters.BASE64URL.endOfRun(text, from, from + 24);
    boolean isScheme =
        end < text.length()
            && text.charAt(end) == ' '
            && SCHEMES.contains(text.substring(from, end).toLowerCase(Locale.ROOT));
    return isScheme ? skipSpaces(text, end) : from;
  }

  private static @Nullable Found headerValue(String text, int start, int min) {
    int end = Characters.BEARER.endOfRun(text, start, text.length());
    return end - start >= min && start < text.length() && !isReference(text, start)
        ? Found.byForm(start, end, "authorization")
        : null;
  }

  private static @Nullable Found bearer(String text, int at) {
    int start = at + "bearer ".length();
    int end = Characters.BEARER.endOfRun(text, start, text.length());
    return isBoundary(text, at) && end - start >= 16 && Characters.hasDigit(text, start, end)
        ? Found.byForm(start, trimmed(text, start, end), "authorization")
        : null;
  }

  /** Reads an application's secret of Microsoft Entra: three characters, a digit, Q~, 31 to 34. */
  private static @Nullable Found azureClientSecret(String text, int at) {
    int start = at - 4;
    if (start < 0 || !Characters.isDigit(text.charAt(at - 1))) {
      return null;
    }
    int end = Characters.QUERY.endOfRun(text, at + 2, at + 2 + 36);
    int length = end - at - 2;
    return length >= 31 && length <= 34 && Characters.QUERY.endOfRun(text, start, at) == at
        ? Found.byForm(start, end, "azure_client_secret")
        : null;
  }

  private static @Nullable Found terraformToken(String text, int at) {
    int start = at - 14;
    if (start < 0 || Characters.ALPHANUMERIC.endOfRun(text, start, at) < at) {
      return null;
    }
    int from = at + ".atlasv1.".length();
    int end = Characters.BASE64URL.endOfRun(text, from, text.length());
    return end - from >= 60 ? Found.byForm(start, end, "terraform_token") : null;
  }

  private static @Nullable Found opensslPassword(String text, int at) {
    int start = at + " pass:".length();
    int end = start;
    while (end < text.length() && !isBareEnd(text.charAt(end), true)) {
      end++;
    }
    return end > start && !isReference(text, start)
        ? new Found(start, end, "password_option", true)
        : null;
  }

  /**
   * Reads text that looks like a marker. It is replaced as well, so that every marker on record was
   * written by this program.
   */
  private static @Nullable Found marker(String text, int at) {
    int digest = text.indexOf('-', at + Markers.PREFIX.length());
    if (digest < 0 || digest - at > Markers.MAX_CHARS) {
      return null;
    }
    int end = Characters.HEX.endOfRun(text, digest + 1, digest + 1 + Markers.DIGEST_CHARS);
    return end - digest - 1 == Markers.DIGEST_CHARS ? Found.byForm(at, end, MARKER) : null;
  }

  /** Reads the value of a name that ends with a word for a secret. */
  private static @Nullable Found named(
      String text, int at, int nameEnd, @Nullable ShellView shell) {
    if (nameEnd < text.length() && Characters.WORD.has(text.charAt(nameEnd))
        || isNameContinued(text, nameEnd)) {
      return null;
    }
    int start = at;
    while (start > 0
        && at - start < MAX_NAME_CHARS
        && Characters.TOKEN.has(text.charAt(start - 1))) {
      start--;
    }
    String name = text.substring(start, nameEnd);
    if (!Names.isSecret(name)) {
      return null;
    }
    int from = skipSeparator(text, nameEnd);
    return from < 0 ? null : value(text, name, nameEnd, from, shell);
  }

  private static boolean isNameContinued(String text, int at) {
    return at + 1 < text.length()
        && (text.charAt(at) == '-' || text.charAt(at) == '.')
        && Characters.ALPHANUMERIC.has(text.charAt(at + 1));
  }

  /**
   * Returns the index after the sign between a name and its value, and after spaces around it; -1
   * if there is none.
   */
  private static int skipSeparator(String text, int nameEnd) {
    int at = skipSpaces(text, skipQuote(text, nameEnd));
    if (at >= text.length()) {
      return -1;
    }
    char sign = text.charAt(at);
    if (sign != '=' && sign != ':') {
      return -1;
    }
    at++;
    if (at < text.length() && (text.charAt(at) == '=' || text.charAt(at) == ':')) {
      // := assigns; == and :: do not.
      if (sign == '=' || text.charAt(at) == ':') {
        return -1;
      }
      at++;
    } else if (at < text.length() && sign == '=' && text.charAt(at) == '>') {
      at++;
    }
    at = skipSpaces(text, at);
    return at < text.length() ? at : -1;
  }

  /** Skips a quote that ends a name in JSON, also in JSON within a string. */
  private static int skipQuote(String text, int at) {
    int next = at < text.length() && text.charAt(at) == '\\' ? at + 1 : at;
    return next < text.length() && (text.charAt(next) == '"' || text.charAt(next) == '\'')
        ? next + 1
        : at;
  }

  private static int skipSpaces(String text, int at) {
    int end = at;
    while (end < text.length()
        && end - at < 8
        && (text.charAt(end) == ' ' || text.charAt(end) == '\t')) {
      end++;
    }
    return end;
  }

  private static @Nullable Found value(
      String text, String name, int nameEnd, int from, @Nullable ShellView shell) {
    int open = from < text.length() && text.charAt(from) == '\\' ? from + 1 : from;
    boolean isQuoted =
        open < text.length() && (text.charAt(open) == '"' || text.charAt(open) == '\'');
    if (isQuoted && isClosing(text, open, shell)) {
      return null;
    }
    boolean isShell = shell != null;
    int start = isQuoted ? open + 1 : from;
    int end = isQuoted ? quotedEnd(text, open, isShell) : bareEnd(text, from, isShell);
    if (end <= start || isReference(text, start)) {
      return null;
    }
    if (end - start > Names.MAX_VALUE_CHARS) {
      // Read once and skipped: to look at it again at each name within it would not be linear.
      return new Found(start, end, Names.DETECTOR, true);
    }
    String value = text.substring(start, end);
    if (!Names.isSecretValue(name, value)
        || !isQuoted && !Names.isSecretValue(name, withoutPunctuation(value))) {
      return null;
    }
    boolean isTight = from == nameEnd + 1 && text.charAt(nameEnd) == '=';
    if (!isQuoted && (isTight ? isCode(text, value, end) : !isLikely(name, value))) {
      return null;
    }
    return new Found(start, end, Names.DETECTOR, true);
  }

  /** Returns true if a quote ends the text that a name is in, and does not begin a value. */
  private static boolean isClosing(String text, int at, @Nullable ShellView shell) {
    char open = shell == null ? '?' : shell.quotes()[at];
    if (open == 0 || open == text.charAt(at)) {
      return open != 0;
    }
    boolean isOdd = false;
    for (int i = at - 1; i >= 0 && at - i < MAX_NAME_CHARS * 4 && text.charAt(i) != '\n'; i--) {
      isOdd ^= text.charAt(i) == text.charAt(at);
    }
    return isOdd;
  }

  /** Returns a value without a sign that ends it in prose or code. */
  private static String withoutPunctuation(String value) {
    return ",;.".indexOf(value.charAt(value.length() - 1)) < 0
        ? value
        : value.substring(0, value.length() - 1);
  }

  /** Returns the end of the constant beginning of a quoted value, in the same line. */
  private static int quotedEnd(String text, int open, boolean isShell) {
    char quote = text.charAt(open);
    boolean isEscaped = open > 0 && text.charAt(open - 1) == '\\';
    for (int i = open + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n' || isShell && (c == '$' || c == '`')) {
        return i;
      }
      if (c == '\\' && !isEscaped) {
        i++;
      } else if (c == quote) {
        return isEscaped && text.charAt(i - 1) == '\\' ? i - 1 : i;
      }
    }
    return text.length();
  }

  private static int bareEnd(String text, int from, boolean isShell) {
    int end = from;
    while (end < text.length() && !isBareEnd(text.charAt(end), isShell)) {
      end++;
    }
    return end;
  }

  private static boolean isBareEnd(char c, boolean isShell) {
    return c <= ' '
        || c == '"'
        || c == '\''
        || c == '`'
        || c == '\\'
        || c == '&'
        || isShell && ";|()<>$".indexOf(c) >= 0
        || !isShell && ",;)}]".indexOf(c) >= 0;
  }

  /** Returns true if an unquoted value is an expression of a program rather than a constant. */
  private static boolean isCode(String text, String value, int end) {
    String small = value.toLowerCase(Locale.ROOT);
    return value.indexOf('(') > 0
        || end < text.length() && (text.charAt(end) == '[' || text.charAt(end) == '(')
        || Names.WORDS.stream().anyMatch(word -> small.endsWith('.' + word));
  }

  /** Returns true if an unquoted value after a colon or spaces has the look of a secret. */
  private static boolean isLikely(String name, String value) {
    int length = value.length();
    boolean isPlain = value.indexOf('(') < 0 && value.indexOf('[') < 0 && value.indexOf('{') < 0;
    return isPlain
        && (length >= 8 && Characters.hasDigit(value, 0, length)
            || Names.isPassword(name) && value.indexOf('.') < 0);
  }
}
