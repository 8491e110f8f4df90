// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.VerificationKey;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Public keys that someone trusts to sign for logs. Immutable.
 *
 * @param named Ed25519 keys, each trusted for the log of its name
 * @param nameless keys trusted for any log
 */
public record TrustedKeys(Set<VerifierKey> named, Set<VerificationKey> nameless) {
  public TrustedKeys {
    named = Set.copyOf(named);
    nameless = Set.copyOf(nameless);
  }

  public boolean isEmpty() {
    return named.isEmpty() && nameless.isEmpty();
  }

  /**
   * Returns the logs that the keys are trusted for; empty if a nameless key is trusted for any log.
   */
  public Set<String> origins() {
    return nameless.isEmpty()
        ? named.stream().map(VerifierKey::name).collect(Collectors.toSet())
        : Set.of();
  }

  /** Returns the keys that may sign for the log of a name. */
  public Set<VerificationKey> of(String origin) {
    Set<VerificationKey> keys = new LinkedHashSet<>(nameless);
    named.stream().filter(key -> key.name().equals(origin)).forEach(key -> keys.add(ed25519(key)));
    return keys;
  }

  /** Returns all keys, for any log. */
  public Set<VerificationKey> all() {
    Set<VerificationKey> keys = new LinkedHashSet<>(nameless);
    named.forEach(key -> keys.add(ed25519(key)));
    return keys;
  }

  /**
   * Returns the keys as verifier keys; the nameless ones get the name of a log.
   *
   * @throws IllegalArgumentException if no log can have this name
   */
  public Set<VerifierKey> under(String origin) {
    Set<VerifierKey> keys = new LinkedHashSet<>(named);
    keys.addAll(VerifierKey.ofLog(origin, nameless));
    return keys;
  }

  private static VerificationKey ed25519(VerifierKey key) {
    return (VerificationKey) key.key();
  }
}
