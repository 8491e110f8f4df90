// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.crypto.Sha256;
import dev.indelible.json.CanonicalJson;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The digests of the tools that a server listed last. Safe for use by several threads. */
final class ToolCatalog {
  /** Far more than a model can choose from. */
  private static final int MAX_TOOLS = 100_000;

  /** By name; guarded by this. */
  private final Map<String, String> hashes = new HashMap<>();

  /** Learns the tools in the result of a listing, or of one page of it. */
  synchronized void learn(JsonNode result) {
    Map<String, String> page = new HashMap<>();
    for (JsonNode tool : result.path("tools")) {
      JsonNode name = tool.path("name");
      if (name.isString()) {
        // Two tools of one name have a digest that neither has alone.
        digest(tool).ifPresent(hash -> page.merge(name.stringValue(), hash, ToolCatalog::both));
      }
    }
    if (hashes.size() < MAX_TOOLS) {
      hashes.putAll(page);
    }
  }

  /** Forgets all tools, because the server announced others. */
  synchronized void forget() {
    hashes.clear();
  }

  /** Returns the digest of a tool's descriptor; empty if the server did not list the tool. */
  synchronized Optional<String> hash(String tool) {
    return Optional.ofNullable(hashes.get(tool));
  }

  /** Returns the digest of a descriptor; empty if it has no canonical form. */
  private static Optional<String> digest(JsonNode descriptor) {
    try {
      return Optional.of(sha256(CanonicalJson.write(descriptor)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String both(String one, String other) {
    return sha256((one + other).getBytes(StandardCharsets.US_ASCII));
  }

  private static String sha256(byte[] bytes) {
    return "sha256:" + HexFormat.of().formatHex(Sha256.hash(bytes));
  }
}
