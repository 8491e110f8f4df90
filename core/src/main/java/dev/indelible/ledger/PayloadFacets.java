// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.EventQuery.Facets;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads the facets of a decision from its payload in one pass over the bytes, at a fraction of the
 * cost of a parser. Reads only the layout that writers use, with plain texts as values; any other
 * payload goes to the parser. Used by one thread.
 */
final class PayloadFacets {
  private static final byte[] ACTION = ascii("action");
  private static final byte[] DECISION = ascii("decision");
  private static final byte[] KIND = ascii("kind");
  private static final byte[] POLICY = ascii("policy");
  private static final byte[] RULE_ID = ascii("rule_id");
  private static final byte[] SESSION = ascii("session");

  private final byte[] bytes;
  private int at;
  private String verdict = "";
  private String rule = "";
  private String kind = "";
  private String session = "";

  private PayloadFacets(byte[] bytes, int from) {
    this.bytes = bytes;
    this.at = from;
  }

  /** Reads the facets; they are empty if the payload is not JSON. */
  static Facets read(byte[] payload) {
    PayloadFacets reading = new PayloadFacets(payload, 0);
    return known(
        reading.outermost()
            ? new Facets(reading.verdict, reading.rule, reading.kind, reading.session)
            : parsed(payload));
  }

  /**
   * Returns the digest of the policy that a decision names; empty if it names none.
   *
   * @param bytes an array that ends with the payload
   * @param from the offset at which the payload begins
   */
  static Optional<String> policy(byte[] bytes, int from) {
    PayloadFacets reading = new PayloadFacets(bytes, from);
    if (!reading.skip('{')) {
      return Optional.empty();
    }
    do {
      int name = reading.at + 1;
      int end = reading.plainString();
      if (end < 0 || !reading.skip(':')) {
        return parsedPolicy(bytes, from);
      }
      if (reading.is(POLICY, name, end)) {
        String digest = reading.text();
        return digest == null ? parsedPolicy(bytes, from) : Optional.of(digest);
      }
      if (!reading.value()) {
        return parsedPolicy(bytes, from);
      }
    } while (reading.skip(','));
    return reading.skip('}') && reading.at == bytes.length
        ? Optional.empty()
        : parsedPolicy(bytes, from);
  }

  private static Optional<String> parsedPolicy(byte[] bytes, int from) {
    try {
      JsonNode policy =
          CanonicalJson.read(Arrays.copyOfRange(bytes, from, bytes.length)).path("policy");
      return policy.isString() ? Optional.of(policy.asString()) : Optional.empty();
    } catch (JsonFormatException e) {
      return Optional.empty();
    }
  }

  private static Facets known(Facets found) {
    return EventQuery.VERDICTS.contains(found.verdict())
        ? found
        : new Facets("", found.rule(), found.kind(), found.session());
  }

  private static Facets parsed(byte[] payload) {
    try {
      JsonNode tree = CanonicalJson.read(payload);
      JsonNode decision = tree.path("decision");
      return new Facets(
          decision.path("decision").asString(""),
          decision.path("rule_id").asString(""),
          tree.path("action").path("kind").asString(""),
          tree.path("session").asString(""));
    } catch (JsonFormatException e) {
      return Facets.NONE;
    }
  }

  /** Reads the outermost object; returns false if the parser must read the payload. */
  private boolean outermost() {
    if (!skip('{')) {
      return false;
    }
    do {
      int name = at + 1;
      int end = plainString();
      if (end < 0 || !skip(':')) {
        return false;
      }
      boolean read;
      if (is(ACTION, name, end)) {
        read = object(false);
      } else if (is(DECISION, name, end)) {
        read = object(true);
      } else if (is(SESSION, name, end)) {
        String value = text();
        session = value == null ? "" : value;
        read = value != null;
      } else {
        read = value();
      }
      if (!read) {
        return false;
      }
    } while (skip(','));
    return skip('}') && at == bytes.length;
  }

  /** Reads the action, or the decision. */
  private boolean object(boolean decision) {
    if (!skip('{')) {
      return false;
    }
    do {
      int name = at + 1;
      int end = plainString();
      if (end < 0 || !skip(':')) {
        return false;
      }
      boolean isVerdict = decision && is(DECISION, name, end);
      boolean isRule = decision && is(RULE_ID, name, end);
      boolean isKind = !decision && is(KIND, name, end);
      if (isVerdict || isRule || isKind) {
        String value = text();
        if (value == null) {
          return false;
        }
        verdict = isVerdict ? value : verdict;
        rule = isRule ? value : rule;
        kind = isKind ? value : kind;
      } else if (!value()) {
        return false;
      }
    } while (skip(','));
    return skip('}');
  }

  private boolean skip(char expected) {
    if (at < bytes.length && bytes[at] == expected) {
      at++;
      return true;
    }
    return false;
  }

  /**
   * Steps over a string without escapes; returns its end, or -1 if the next value is another one.
   */
  private int plainString() {
    if (!skip('"')) {
      return -1;
    }
    while (at < bytes.length && bytes[at] != '"' && bytes[at] != '\\') {
      at++;
    }
    int end = at;
    return skip('"') ? end : -1;
  }

  /** Returns a string without escapes; null if the next value is another one. */
  private @Nullable String text() {
    int from = at + 1;
    int end = plainString();
    return end < 0 ? null : new String(bytes, from, end - from, StandardCharsets.UTF_8);
  }

  /** Steps over any value, by its brackets and strings. */
  private boolean value() {
    int depth = 0;
    while (at < bytes.length) {
      byte next = bytes[at];
      if (next == '"') {
        string();
      } else if (next == '{' || next == '[') {
        depth++;
        at++;
      } else if (depth == 0 && (next == ',' || next == '}')) {
        return true;
      } else if (next == '}' || next == ']') {
        depth--;
        at++;
      } else if (next <= ' ') {
        return false;
      } else {
        at++;
      }
    }
    return false;
  }

  private void string() {
    at++;
    while (at < bytes.length && bytes[at] != '"') {
      at += bytes[at] == '\\' ? 2 : 1;
    }
    at++;
  }

  private boolean is(byte[] name, int from, int to) {
    return to - from == name.length && Arrays.equals(bytes, from, to, name, 0, name.length);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
