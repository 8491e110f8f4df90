// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.Binding;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whom the daemon answers.
 *
 * @param keys the file of the API keys, which another process may change; null if no key is
 *     accepted
 * @param names the names of this machine in {@code Host}, beside those of loopback
 * @param bindings the roles of users, groups and client certificates
 * @param perSecond requests per second of one credential, and of all callers without one; 0 for no
 *     limit
 * @param publish true if checkpoint, tiles and entries are read without a credential
 */
record AccessSettings(
    @Nullable ApiKeyFile keys,
    Set<String> names,
    List<Binding> bindings,
    int perSecond,
    boolean publish) {
  /** Accepts no credential. */
  static final AccessSettings DEFAULT = new AccessSettings(null, Set.of(), List.of(), 0, false);

  AccessSettings {
    names = Set.copyOf(names);
    bindings = List.copyOf(bindings);
  }

  AccessSettings withKeys(ApiKeyFile file) {
    return new AccessSettings(file, names, bindings, perSecond, publish);
  }
}
