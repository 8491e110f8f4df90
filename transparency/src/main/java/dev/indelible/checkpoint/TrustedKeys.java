// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.VerificationKey;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Public keys that someone trusts to sign for logs. Immutable.
 *
 * @param named keys, each trusted for the log of its name: Ed25519, or ML-DSA-44 for the second
 *     signature of checkpoints
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
    return nameless.isEmpty() ? origins(named) : Set.of();
  }

  /** Returns the Ed25519 keys that may sign for the log of a name. */
  public Set<VerificationKey> of(String origin) {
    Set<VerificationKey> keys = new LinkedHashSet<>(nameless);
    for (VerifierKey key : named) {
      if (key.name().equals(origin) && key.key() instanceof VerificationKey ed25519) {
        keys.add(ed25519);
      }
    }
    return keys;
  }

  /** Returns all Ed25519 keys, for any log. */
  public Set<VerificationKey> all() {
    Set<VerificationKey> keys = new LinkedHashSet<>(nameless);
    origins(named).forEach(origin -> keys.addAll(of(origin)));
    return keys;
  }

  /** Returns the ML-DSA-44 keys, which sign checkpoints of the log of their name. */
  public Set<VerifierKey> mlDsa44() {
    return named.stream()
        .filter(key -> key.key() instanceof MlDsa44Key)
        .collect(Collectors.toUnmodifiableSet());
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

  private static Set<String> origins(Set<VerifierKey> keys) {
    return keys.stream().map(VerifierKey::name).collect(Collectors.toSet());
  }
}
