// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the last members of a payload's outermost object, from its end to its beginning. This costs
 * a fraction of parsing the whole payload, because the action before these members can be large.
 *
 * <p>Every unescaped quotation mark ends or begins a string, also in this direction. So each step
 * begins outside of strings, at a known depth. Reads only the layout that writers use; the caller
 * parses a payload of any other layout. Used by one thread.
 */
final class PayloadMembers {
  private static final byte[] NONCE = ascii(",\"nonce\":\"");
  private static final byte[] POLICY = ascii(",\"policy\":");
  private static final byte[] REASON = ascii(",\"reason\":");
  private static final byte[] RULE_ID = ascii(",\"rule_id\":");
  private static final byte[] DECISION = ascii("\",\"decision\":{\"decision\":");
  private static final byte[] QUOTE = ascii("\"");
  private static final int NONCE_CHARS = 22;

  private final byte[] bytes;

  /** Offset at which the payload begins. The payload ends where the bytes end. */
  private final int from;

  /** End of the bytes that are not read yet. */
  private int end;

  PayloadMembers(byte[] bytes, int from) {
    this.bytes = bytes;
    this.from = from;
    this.end = bytes.length;
  }

  /** Steps over these bytes, if the unread bytes end with them. */
  boolean skipBack(byte[] expected) {
    return skipBack(expected, 0, expected.length);
  }

  /** Steps over a range of another array, if the unread bytes end with it. */
  boolean skipBack(byte[] other, int otherFrom, int otherTo) {
    int at = end - (otherTo - otherFrom);
    if (at < from || !Arrays.equals(bytes, at, end, other, otherFrom, otherTo)) {
      return false;
    }
    end = at;
    return true;
  }

  /** Steps over the nonce, and over the policy after it if there is one. */
  boolean skipBackNonce() {
    return skipBackNonceItself() || skipBackString() && skipBack(POLICY) && skipBackNonceItself();
  }

  private boolean skipBackNonceItself() {
    int at = end - 1 - NONCE_CHARS;
    if (at < from || bytes[end - 1] != '"') {
      return false;
    }
    for (int i = at; i < end - 1; i++) {
      if (bytes[i] == '"' || bytes[i] == '\\') {
        return false;
      }
    }
    int before = end;
    end = at;
    if (skipBack(NONCE)) {
      return true;
    }
    end = before;
    return false;
  }

  /** Steps over a decision, blocking or not, up to the value before it. */
  boolean skipBackDecision(boolean blocking) {
    int stringEnd = end;
    if (!skipBackString()) {
      return false;
    }
    if (skipBack(RULE_ID)) {
      if (!skipBackString() || !skipBack(REASON)) {
        return false;
      }
      stringEnd = end;
      if (!skipBackString()) {
        return false;
      }
    }
    boolean named =
        blocking
            ? isString("refuse", stringEnd) || isString("escalate", stringEnd)
            : isString("allow", stringEnd) || isString("warn", stringEnd);
    return named && skipBack(DECISION);
  }

  /**
   * Returns true if the string that was stepped over last, which ends at {@code stringEnd}, is the
   * given text.
   */
  private boolean isString(String text, int stringEnd) {
    int length = stringEnd - end - 2;
    if (length != text.length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (bytes[end + 1 + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Steps over a string with both its quotation marks. */
  private boolean skipBackString() {
    if (!skipBack(QUOTE)) {
      return false;
    }
    for (int i = end - 1; i >= from; i--) {
      if (bytes[i] == '"' && !isEscaped(i)) {
        end = i;
        return true;
      }
    }
    return false;
  }

  private boolean isEscaped(int at) {
    int backslashes = at - 1;
    while (backslashes >= from && bytes[backslashes] == '\\') {
      backslashes--;
    }
    return (at - 1 - backslashes) % 2 == 1;
  }

  /**
   * Returns true if the payload begins with these three parts, one after another, and they end
   * before the bytes that were stepped over.
   */
  boolean begins(byte[] first, byte[] second, int secondFrom, int secondTo, byte[] third) {
    int secondAt = from + first.length;
    int thirdAt = secondAt + secondTo - secondFrom;
    int to = thirdAt + third.length;
    return to <= end
        && Arrays.equals(bytes, from, secondAt, first, 0, first.length)
        && Arrays.equals(bytes, secondAt, thirdAt, second, secondFrom, secondTo)
        && Arrays.equals(bytes, thirdAt, to, third, 0, third.length);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
