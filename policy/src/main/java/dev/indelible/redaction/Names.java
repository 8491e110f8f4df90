// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Names of variables, options, headers and members whose values are secrets, and values that are
 * never secrets.
 */
final class Names {
  /** Detector of values with a name that ends with one of {@link #WORDS}. */
  static final String DETECTOR = "named_secret";

  /**
   * The ends of names, in small letters. The short ones of {@link #SEPARATE} count only as a
   * separate last part of a name.
   */
  static final List<String> WORDS =
      List.of(
          "password",
          "passwd",
          "passphrase",
          "passcode",
          "pass",
          "pwd",
          "secret",
          "token",
          "apikey",
          "api_key",
          "api-key",
          "accesskey",
          "access_key",
          "access-key",
          "secretkey",
          "secret_key",
          "secret-key",
          "privatekey",
          "private_key",
          "private-key",
          "encryption_key",
          "encryption-key",
          "signing_key",
          "signing-key",
          "accountkey",
          "account_key",
          "account-key",
          "master_key",
          "master-key",
          "auth_key",
          "auth-key",
          "authkey",
          "storage_key",
          "storage-key",
          "storagekey",
          "admin_key",
          "app_key",
          "app-key",
          "appkey",
          "application_key",
          "application-key",
          "applicationkey",
          "subscription_key",
          "subscription-key",
          "subscriptionkey",
          "deploy_key",
          "stripe_key",
          "preshared_key",
          "presharedkey",
          "secret_key_base",
          "key-data",
          "psk",
          "pw",
          "_auth");

  /** Short words that end many other words, for example {@code bypass}. */
  private static final Set<String> SEPARATE = Set.of("pass", "pwd", "pw", "psk");

  /** Names that end with a short word without a separator. */
  private static final Set<String> JOINED =
      Set.of("storepass", "keypass", "requirepass", "sshpass");

  /** Words before {@code token} in names of tokens that continue a list, or stop or order work. */
  private static final List<String> HARMLESS_TOKENS =
      List.of(
          "next",
          "page",
          "starting",
          "continuation",
          "sync",
          "cancel",
          "cancellation",
          "start",
          "end",
          "stop",
          "eos",
          "bos",
          "pad",
          "unk",
          "mask",
          "sep",
          "client",
          "resume");

  /** Values that are not secrets: types, constants, and words that stand for a value. */
  private static final Set<String> HARMLESS_VALUES =
      Set.of(
          "true",
          "false",
          "null",
          "none",
          "nil",
          "undefined",
          "yes",
          "no",
          "on",
          "off",
          "string",
          "str",
          "bytes",
          "number",
          "object",
          "any",
          "optional",
          "required",
          "stdin",
          "prompt",
          "ask",
          // Of messages about files: /etc/passwd: cannot be read.
          "not",
          "cannot",
          "-");

  /** The shortest value that counts under a name other than one for a password. */
  private static final int MIN_TOKEN_CHARS = 6;

  /** The longest value that is looked at; all of a longer one counts as a secret. */
  static final int MAX_VALUE_CHARS = 1024;

  /** The longest value that may be a placeholder. */
  private static final int MAX_PLACEHOLDER_CHARS = 40;

  /** A value that looks like a path although it is base64 has at least this length. */
  private static final int MIN_BASE64_CHARS = 32;

  /** The tag of sudo's rules that need no password; commands follow it. */
  private static final String SUDO = "nopasswd";

  private Names() {}

  /** Returns true if a value of this name is a secret. */
  static boolean isSecret(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    if (small.endsWith(SUDO) || small.endsWith("existingsecret")) {
      return false;
    }
    if (JOINED.contains(small.substring(small.lastIndexOf('-') + 1))) {
      return true;
    }
    for (String word : WORDS) {
      if (small.endsWith(word) && isLastPart(name, small, word)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLastPart(String name, String small, String word) {
    int at = small.length() - word.length();
    if (SEPARATE.contains(word)) {
      boolean isWhole = at == 0 && (!word.equals("pwd") || name.equals("Pwd"));
      return isWhole || at > 0 && (isSeparator(small.charAt(at - 1)) || isCapitalised(name, at));
    }
    if (word.equals("token") && at > 0) {
      String before = small.substring(0, at);
      int end = before.length();
      while (end > 0 && isSeparator(before.charAt(end - 1))) {
        end--;
      }
      String first = before.substring(0, end);
      return HARMLESS_TOKENS.stream()
          .noneMatch(part -> first.endsWith(part) && isPart(name, first, part));
    }
    return true;
  }

  /** Returns true if the last part of a name is this word and not the end of a longer one. */
  private static boolean isPart(String name, String first, String part) {
    int at = first.length() - part.length();
    return at == 0 || isSeparator(first.charAt(at - 1)) || isCapitalised(name, at);
  }

  private static boolean isCapitalised(String name, int at) {
    return Character.isUpperCase(name.charAt(at)) && Character.isLowerCase(name.charAt(at - 1));
  }

  private static boolean isSeparator(char c) {
    return c == '_' || c == '-' || c == '.' || c == '$';
  }

  /** Returns true if a name is one for a password, so that even a short value is a secret. */
  static boolean isPassword(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    return small.contains("pass") || small.contains("pwd") || SEPARATE.contains(small);
  }

  /**
   * Returns true if a value under a secret name is a secret: not a reference, a path, a type or a
   * placeholder.
   */
  static boolean isSecretValue(String name, String value) {
    if (value.length() < 2
        || value.length() < MIN_TOKEN_CHARS && !isPassword(name)
        || HARMLESS_VALUES.contains(value.toLowerCase(Locale.ROOT))
        || isPlaceholder(value)) {
      return false;
    }
    if (value.length() > MAX_VALUE_CHARS) {
      return true;
    }
    char first = value.charAt(0);
    if (first == '<' || first == '@' || first == ShellView.EXPANSION || value.startsWith("{{")) {
      return false;
    }
    return !isPath(value)
        && !isRepeated(value)
        && !value.contains("://")
        && !value.startsWith("env:")
        && !value.startsWith("file:")
        && !value.startsWith("id=")
        && !value.startsWith("type=")
        && !value.equalsIgnoreCase(name)
        && !WORDS.contains(value);
  }

  /** Returns true if a value is a placeholder: {@code your-api-key-here}, {@code changeme}. */
  static boolean isPlaceholder(String value) {
    if (value.length() > MAX_PLACEHOLDER_CHARS) {
      return false;
    }
    String small = value.toLowerCase(Locale.ROOT);
    return small.startsWith("your") && (small.length() == 4 || !isLetter(small.charAt(4)))
        || small.startsWith("change") && small.endsWith("me")
        || small.startsWith("xxxx");
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z';
  }

  private static boolean isPath(String value) {
    boolean isPath =
        value.startsWith("/")
            || value.startsWith("./")
            || value.startsWith("../")
            || value.startsWith("~/");
    return isPath
        && !(value.length() >= MIN_BASE64_CHARS
            && Characters.BASE64.endOfRun(value, 0, value.length()) == value.length()
            && Characters.isMixed(value, 0, value.length()));
  }

  /** Returns true if a value is one character, repeated: a placeholder. */
  private static boolean isRepeated(String value) {
    char first = value.charAt(0);
    for (int i = 1; i < value.length(); i++) {
      if (value.charAt(i) != first) {
        return false;
      }
    }
    return value.length() > 2;
  }
}
