// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import dev.indelible.redaction.Forms.Form;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the secrets of known forms, each at the place of the fixed text that {@link Scanner} found.
 * A method returns null if there is no secret. The class is long because each form has its reader.
 */
final class FormReaders {
  /** The detector of markers that the agent wrote. */
  private static final String MARKER = "marker";

  /** The detector of tokens that end too early. */
  private static final String BEGUN = "begun_token";

  /** The shortest part of a token that counts as its beginning. */
  private static final int MIN_BEGUN_CHARS = 16;

  /** The longest header of a private key that is read. */
  private static final int MAX_HEADER_CHARS = 64;

  /** The longest user and host that are read in a URL. */
  private static final int MAX_AUTHORITY_CHARS = 1024;

  /** The shortest part of a JSON web token. */
  private static final int MIN_JWT_PART = 8;

  /** The shortest line of a private key, except its last one. */
  private static final int MIN_KEY_LINE = 24;

  /** The shortest line of a private key of PuTTY that is read. */
  private static final int MIN_PUTTY_LINE = 8;

  /** The shortest hash of a password, with its salt. */
  private static final int MIN_HASH_CHARS = 30;

  /** The shortest user name of a URL that is taken for a token. */
  private static final int MIN_URL_TOKEN = 20;

  /** The shortest value of a cookie that counts as a secret. */
  private static final int MIN_COOKIE_CHARS = 16;

  /** The shortest value of a query parameter {@code key} that counts as a secret. */
  private static final int MIN_KEY_PARAMETER = 24;

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

  private FormReaders() {}

  /** Returns true if a token may begin at an index: it does not continue a word. */
  static boolean isBoundary(String text, int at) {
    if (at == 0 || !Characters.ALPHANUMERIC.has(text.charAt(at - 1))) {
      return true;
    }
    // Behind an escape, for example \n.
    return at > 1 && text.charAt(at - 2) == '\\' && "ntr".indexOf(text.charAt(at - 1)) >= 0;
  }

  static @Nullable Found token(Form form, String text, int at) {
    int start = at + form.prefix().length();
    boolean isStart =
        form.isAfterNumber() ? isBotNumber(text, at) : form.isPlace() || isBoundary(text, at);
    if (!isStart) {
      return null;
    }
    int run = form.characters().endOfRun(text, start, start + form.max() + 2);
    int end = run <= start + form.max() + 1 ? trimmed(text, start, run) : run;
    int length = end - start;
    if (length < form.min() && isBegun(form, text, start, end)) {
      return Found.byForm(at, end, BEGUN);
    }
    if (length < form.min()
        || length > form.max()
        || form.isRandom() && !Characters.isMixed(text, start, end)
        || form.characters() == Characters.UUID && !Characters.isUuid(text, start, end)) {
      return null;
    }
    int from = form.isPlace() ? start : form.isAfterNumber() ? at + 1 : at;
    return Found.byForm(from, end, form.detector());
  }

  /** Returns true if a token ends too early: the rest of it may be in another text. */
  private static boolean isBegun(Form form, String text, int start, int end) {
    int last = form.prefix().length() - 1;
    return form.prefix().length() >= Scanner.MIN_TELLING_PREFIX
        && "_-.".indexOf(form.prefix().charAt(last)) >= 0
        && end - start >= MIN_BEGUN_CHARS
        && Characters.isMixed(text, start, end);
  }

  /** Reads a bot's number in base64, the time of the token and the secret, with full stops. */
  static @Nullable Found discordToken(String text, int at) {
    if (!isBoundary(text, at)) {
      return null;
    }
    int number = Characters.ALPHANUMERIC.endOfRun(text, at, at + 30);
    int time = Characters.BASE64URL.endOfRun(text, number + 1, number + 8);
    int end = Characters.BASE64URL.endOfRun(text, time + 1, time + 41);
    boolean isToken = isDot(text, number) && isDot(text, time) && time - number == 7;
    return isToken && number - at >= 23 && number - at <= 28 && end - time > 27
        ? Found.byForm(at, end, "discord_token")
        : null;
  }

  /** Reads 32 hexadecimal digits before the name of a data center. */
  static @Nullable Found mailchimpKey(String text, int at) {
    int start = at - 32;
    int end = at + "-us".length();
    while (end < text.length() && end < at + 5 && Characters.isDigit(text.charAt(end))) {
      end++;
    }
    boolean isKey = start >= 0 && isBoundary(text, start) && end > at + "-us".length();
    return isKey && Characters.HEX.endOfRun(text, start, at) == at
        ? Found.byForm(start, end, "mailchimp_key")
        : null;
  }

  static @Nullable Found maxmindKey(String text, int at) {
    int start = at - 36;
    boolean isKey = start >= 0 && text.charAt(start + 6) == '_' && isBoundary(text, start);
    return isKey && Characters.WORD.endOfRun(text, start, at) == at
        ? Found.byForm(start, at + "_mmk".length(), "maxmind_key")
        : null;
  }

  /** Reads the salted hash of a password, as in {@code /etc/shadow}. */
  static @Nullable Found passwordHash(String text, int at) {
    int end = Characters.CRYPT.endOfRun(text, at, at + 256);
    return end - at >= MIN_HASH_CHARS && text.substring(at + 3, end).indexOf('$') >= 0
        ? Found.byForm(at, end, "password_hash")
        : null;
  }

  /** Reads the first value of a cookie header that is long. */
  static @Nullable Found cookie(String text, int at) {
    int start = NamedValues.skipSpaces(text, at + "cookie:".length());
    int limit = Math.min(text.length(), start + MAX_AUTHORITY_CHARS);
    for (int i = start; i < limit && "\"'\n\r\\`".indexOf(text.charAt(i)) < 0; i++) {
      if (text.charAt(i) == '=') {
        int end = Characters.BEARER.endOfRun(text, i + 1, limit);
        if (end - i > MIN_COOKIE_CHARS && Characters.hasDigit(text, i, end)) {
          return Found.byForm(i + 1, end, "cookie");
        }
      }
    }
    return null;
  }

  static @Nullable Found keyParameter(String text, int start) {
    int end = Characters.BASE64URL.endOfRun(text, start, text.length());
    return end - start >= MIN_KEY_PARAMETER && Characters.isMixed(text, start, end)
        ? new Found(start, end, Names.DETECTOR, true)
        : null;
  }

  /** Reads the private lines of a key of PuTTY. */
  static @Nullable Found puttyKey(String text, int at) {
    int number = at + "Private-Lines: ".length();
    int line = number;
    while (line < text.length() && Characters.isDigit(text.charAt(line))) {
      line++;
    }
    int start = skipBetweenLines(text, line);
    int end = start;
    for (int next = start; next > end || next == start; next = skipBetweenLines(text, end)) {
      int lineEnd = Characters.BASE64.endOfRun(text, next, text.length());
      if (lineEnd - next < MIN_PUTTY_LINE || text.startsWith("-MAC", lineEnd)) {
        break;
      }
      end = lineEnd;
    }
    return end > start ? Found.byForm(start, end, "private_key") : null;
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

  static @Nullable Found jwt(String text, int at) {
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

  static @Nullable Found privateKey(String text, int at) {
    int name = at + "-----BEGIN ".length();
    int dashes = text.indexOf("-----", name);
    if (dashes < 0 || dashes - name > 40 || !text.substring(name, dashes).contains("PRIVATE KEY")) {
      return null;
    }
    int start = skipBetweenLines(text, dashes + "-----".length());
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
        int limit = Math.min(text.length(), lineEnd + MAX_HEADER_CHARS);
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
  static @Nullable Found userInfo(String text, int at) {
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
  static boolean isReference(String text, int at) {
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

  static @Nullable Found authorization(String text, int at) {
    int after = NamedValues.skipSeparator(text, at + "authorization".length());
    if (after < 0) {
      return null;
    }
    int from = NamedValues.skipQuote(text, after);
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
    return isScheme ? NamedValues.skipSpaces(text, end) : from;
  }

  private static @Nullable Found headerValue(String text, int start, int min) {
    int end = Characters.BEARER.endOfRun(text, start, text.length());
    return end - start >= min
            && start < text.length()
            && !isReference(text, start)
            && !Names.isPlaceholder(text.substring(start, Math.min(end, start + 41)))
        ? Found.byForm(start, end, "authorization")
        : null;
  }

  static @Nullable Found bearer(String text, int at) {
    int scheme = at + "bearer".length();
    int start =
        NamedValues.skipSpaces(text, Characters.COMMA.hasAt(text, scheme) ? scheme + 1 : scheme);
    int end = Characters.BEARER.endOfRun(text, start, text.length());
    return start > scheme
            && isBoundary(text, at)
            && end - start >= 16
            && Characters.hasDigit(text, start, end)
            && !Names.isPlaceholder(text.substring(start, end))
        ? Found.byForm(start, trimmed(text, start, end), "authorization")
        : null;
  }

  /** Reads an application's secret of Microsoft Entra: three characters, a digit, Q~, 31 to 34. */
  static @Nullable Found azureClientSecret(String text, int at) {
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

  static @Nullable Found terraformToken(String text, int at) {
    int start = at - 14;
    if (start < 0 || Characters.ALPHANUMERIC.endOfRun(text, start, at) < at) {
      return null;
    }
    int from = at + ".atlasv1.".length();
    int end = Characters.BASE64URL.endOfRun(text, from, text.length());
    return end - from >= 60 ? Found.byForm(start, end, "terraform_token") : null;
  }

  static @Nullable Found opensslPassword(String text, int at) {
    int start = at + " pass:".length();
    int end = start;
    while (end < text.length() && !NamedValues.isBareEnd(text.charAt(end), true)) {
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
  static @Nullable Found marker(String text, int at) {
    int digest = text.indexOf('-', at + Markers.PREFIX.length());
    if (digest < 0 || digest - at > Markers.MAX_CHARS) {
      return null;
    }
    int end = Characters.HEX.endOfRun(text, digest + 1, digest + 1 + Markers.DIGEST_CHARS);
    return end - digest - 1 == Markers.DIGEST_CHARS ? Found.byForm(at, end, MARKER) : null;
  }
}
