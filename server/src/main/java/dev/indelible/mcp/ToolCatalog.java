// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.crypto.Sha256;
import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalJson;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The digests of the tools that a server lists. A tool counts as unlisted if the client was shown
 * two descriptors of it, or one without a digest: nobody knows which descriptor the model follows.
 * Safe for use by several threads.
 */
final class ToolCatalog {
  /** Far more than a model can choose from. Further tools count as unlisted. */
  private static final int MAX_TOOLS = 100_000;

  private final int maxTools;

  /** The digests of the tools that the server listed last, keyed by name; guarded by this. */
  private final Map<String, String> listed = new HashMap<>();

  /** The digests of all tools that the client was shown since its start; guarded by this. */
  private final Map<String, String> shown = new HashMap<>();

  /** True if the client was shown more tools than are kept; guarded by this. */
  private boolean isFull;

  ToolCatalog() {
    this(MAX_TOOLS);
  }

  ToolCatalog(int maxTools) {
    this.maxTools = maxTools;
  }

  /** Stores the tools of a listing, or of one page of it, that the client never sees. */
  synchronized void list(JsonNode result) {
    if (!hasLookAlikes(result)) {
      put(digests(result), listed);
    }
  }

  /**
   * Stores the tools of a listing that the client is about to see.
   *
   * @return false if the client must not see it, because parsers differ about what it lists
   */
  synchronized boolean show(JsonNode result) {
    if (hasLookAlikes(result)) {
      return false;
    }
    Map<String, String> page = digests(result);
    put(page, listed);
    page.replaceAll((tool, digest) -> both(digest, shown.getOrDefault(tool, digest)));
    isFull |= !put(page, shown);
    return true;
  }

  /** Forgets the tools that the server listed, because it announced others. */
  synchronized void forget() {
    listed.clear();
  }

  /**
   * Returns the digest of a tool's descriptor, or {@link GateRequest#UNLISTED} if it has no single
   * one; empty if the server did not list the tool.
   */
  synchronized Optional<String> hash(String tool) {
    return Optional.ofNullable(listed.get(tool))
        .map(
            digest ->
                both(digest, shown.getOrDefault(tool, isFull ? GateRequest.UNLISTED : digest)));
  }

  /** Returns false if some did not fit. */
  private boolean put(Map<String, String> page, Map<String, String> all) {
    boolean fits = true;
    for (Map.Entry<String, String> each : page.entrySet()) {
      if (all.size() < maxTools || all.containsKey(each.getKey())) {
        all.put(each.getKey(), each.getValue());
      } else {
        fits = false;
      }
    }
    return fits;
  }

  private static Map<String, String> digests(JsonNode result) {
    Map<String, String> page = new HashMap<>();
    for (JsonNode tool : result.path("tools")) {
      JsonNode name = tool.path("name");
      if (name.isString()) {
        page.merge(name.stringValue(), digest(tool), ToolCatalog::both);
      }
    }
    return page;
  }

  /** Returns true if a parser that ignores case reads other tools, or other names of them. */
  private static boolean hasLookAlikes(JsonNode result) {
    if (hasLookAlike(result, "tools")) {
      return true;
    }
    for (JsonNode tool : result.path("tools")) {
      if (hasLookAlike(tool, "name")) {
        return true;
      }
    }
    return false;
  }

  private static boolean hasLookAlike(JsonNode object, String member) {
    return object.propertyNames().stream()
        .anyMatch(name -> name.equalsIgnoreCase(member) && !name.equals(member));
  }

  private static String both(String one, String other) {
    return one.equals(other) ? one : GateRequest.UNLISTED;
  }

  /** Returns the digest of a descriptor, or "unlisted" if it has no canonical form. */
  private static String digest(JsonNode descriptor) {
    try {
      byte[] digest = Sha256.hash(CanonicalJson.write(descriptor));
      return "sha256:" + HexFormat.of().formatHex(digest);
    } catch (RuntimeException e) { // Jackson and the canonical form differ in what they throw.
      return GateRequest.UNLISTED;
    }
  }
}
