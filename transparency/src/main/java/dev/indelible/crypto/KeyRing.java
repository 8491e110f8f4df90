// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The public keys that rows may be signed with, by key id. Immutable. */
public final class KeyRing {
  private final Map<String, VerificationKey> keys = new LinkedHashMap<>();

  private KeyRing() {}

  /** A ring of these keys. */
  public static KeyRing of(Collection<VerificationKey> keys) {
    KeyRing ring = new KeyRing();
    keys.forEach(key -> ring.keys.put(key.keyId(), key));
    return ring;
  }

  /** A ring of these keys and those. */
  public KeyRing and(KeyRing others) {
    KeyRing ring = of(keys.values());
    ring.keys.putAll(others.keys);
    return ring;
  }

  /** The key of that id. */
  public Optional<VerificationKey> find(String keyId) {
    return Optional.ofNullable(keys.get(keyId));
  }

  /** All keys. */
  public Collection<VerificationKey> keys() {
    return keys.values();
  }
}
