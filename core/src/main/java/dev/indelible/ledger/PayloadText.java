// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import java.util.Arrays;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Finds a text in the values of payloads. Ignores the names of members and the nonce. Safe for use
 * by any number of threads.
 */
final class PayloadText {
  private static final String NONCE = "nonce";

  private final String part;

  /** The text as it is written in a canonical JSON string, without quotation marks. */
  private final byte[] escaped;

  PayloadText(String part) {
    this.part = part;
    byte[] quoted = new CanonicalWriter().string(part).toBytes();
    this.escaped = Arrays.copyOfRange(quoted, 1, quoted.length - 1);
  }

  /** Returns true if a value of the row's payload contains the text. */
  boolean isIn(ChainRow row) {
    if (row.payload().isEmpty() || !contains(row.payload().get())) {
      return false;
    }
    try {
      return isIn(CanonicalJson.read(row.payload().get()));
    } catch (JsonFormatException e) {
      // A payload that is not JSON is searched as one text.
      return true;
    }
  }

  private boolean isIn(JsonNode node) {
    if (node.isString()) {
      return node.asString().contains(part);
    }
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> member : node.properties()) {
        if (!member.getKey().equals(NONCE) && isIn(member.getValue())) {
          return true;
        }
      }
      return false;
    }
    if (node.isArray()) {
      for (JsonNode element : node) {
        if (isIn(element)) {
          return true;
        }
      }
      return false;
    }
    return node.asString("").contains(part);
  }

  /** Searches the bytes, which costs less than parsing; most payloads do not have the text. */
  private boolean contains(byte[] payload) {
    int last = payload.length - escaped.length;
    byte first = escaped[0];
    for (int i = 0; i <= last; i++) {
      if (payload[i] == first
          && Arrays.equals(payload, i, i + escaped.length, escaped, 0, escaped.length)) {
        return true;
      }
    }
    return false;
  }
}
