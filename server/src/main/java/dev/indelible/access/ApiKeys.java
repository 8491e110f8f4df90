// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A set of API keys.
 *
 * @param byId the keys, keyed by id, oldest first
 */
public record ApiKeys(Map<String, ApiKey> byId) {
  /** No keys. */
  static final ApiKeys NONE = new ApiKeys(Map.of());

  /** Maximum number of keys: far more than a person manages. */
  private static final int MAX_KEYS = 1_000;

  private static final long VERSION = 1;

  public ApiKeys {
    byId = Collections.unmodifiableMap(new LinkedHashMap<>(byId));
  }

  /** Returns the keys, oldest first. */
  public Collection<ApiKey> all() {
    return byId.values();
  }

  /**
   * Returns the key that a text presents; empty if there is none, or it has expired. Only the
   * secret is compared in constant time; the id is public.
   */
  Optional<ApiKey> accept(KeyText text, Instant now) {
    return Optional.ofNullable(byId.get(text.id()))
        .filter(key -> key.isOf(text))
        .filter(key -> !key.isExpired(now));
  }

  /** Returns the keys with a name, or the key with an id. */
  public List<ApiKey> named(String nameOrId) {
    return all().stream()
        .filter(key -> key.name().equals(nameOrId) || key.id().equals(nameOrId))
        .toList();
  }

  /**
   * Returns these keys and another key, which replaces a key with its id.
   *
   * @throws IllegalArgumentException if there are too many
   */
  public ApiKeys with(ApiKey key) {
    Map<String, ApiKey> more = new LinkedHashMap<>(byId);
    more.put(key.id(), key);
    if (more.size() > MAX_KEYS) {
      throw new IllegalArgumentException(
          "there are %s keys already; revoke those that are not in use".formatted(byId.size()));
    }
    return new ApiKeys(more);
  }

  /** Returns these keys without some. */
  public ApiKeys without(Collection<ApiKey> keys) {
    Map<String, ApiKey> fewer = new LinkedHashMap<>(byId);
    keys.forEach(key -> fewer.remove(key.id()));
    return new ApiKeys(fewer);
  }

  byte[] toBytes() {
    CanonicalWriter out = new CanonicalWriter().beginObject().name("keys");
    out.objects(all(), key -> key.write(out));
    return out.member("v", VERSION).endObject().toBytes();
  }

  /**
   * Reads the bytes that {@link #toBytes} returns.
   *
   * @throws JsonFormatException if anything in them is malformed or unknown
   */
  static ApiKeys read(byte[] json) throws JsonFormatException {
    JsonFields file = JsonFields.of(CanonicalJson.read(json), "file");
    if (file.optionalLong("v").orElse(0) != VERSION) {
      throw new JsonFormatException("file.v: is not " + VERSION + ", the only known version");
    }
    List<ApiKey> keys = new ArrayList<>();
    for (JsonNode each : file.node("keys")) {
      keys.add(ApiKey.read(JsonFields.of(each, "keys[" + keys.size() + "]")));
    }
    file.requireNoOthers();
    Map<String, ApiKey> byId = new LinkedHashMap<>();
    for (ApiKey key : keys) {
      if (byId.put(key.id(), key) != null) {
        throw new JsonFormatException("keys: the id %s is there twice".formatted(key.id()));
      }
    }
    return new ApiKeys(byId);
  }
}
