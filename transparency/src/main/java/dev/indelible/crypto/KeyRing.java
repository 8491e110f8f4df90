// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The public keys that may sign rows, keyed by key id. Immutable. */
public final class KeyRing {
  private final Map<String, VerificationKey> keys = new LinkedHashMap<>();

  private KeyRing() {}

  /** Returns a ring of these keys. */
  public static KeyRing of(Collection<VerificationKey> keys) {
    KeyRing ring = new KeyRing();
    keys.forEach(key -> ring.keys.put(key.keyId(), key));
    return ring;
  }

  /** Returns a ring with the keys of both rings. */
  public KeyRing and(KeyRing others) {
    KeyRing ring = of(keys.values());
    ring.keys.putAll(others.keys);
    return ring;
  }

  /** Returns the key with an id; empty if there is none. */
  public Optional<VerificationKey> find(String keyId) {
    return Optional.ofNullable(keys.get(keyId));
  }

  /** Returns all keys. */
  public Collection<VerificationKey> keys() {
    return keys.values();
  }
}
