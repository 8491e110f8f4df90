// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.canonical.CanonicalHost;
import dev.indelible.canonical.HostPatterns;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Environment variables with the token of a service, by the table {@code tokens.txt}, and the hosts
 * of that service. Loaded at its first use. Immutable.
 */
final class Tokens {
  private static final String RESOURCE = "tokens.txt";

  private Tokens() {}

  /** The table, loaded when a variable is first sent. */
  private static final class Loaded {
    static final Map<String, HostPatterns> HOSTS = load();

    private static Map<String, HostPatterns> load() {
      try (InputStream in = Tokens.class.getResourceAsStream(RESOURCE)) {
        byte[] bytes = Objects.requireNonNull(in, RESOURCE).readAllBytes();
        Map<String, HostPatterns> hosts = new HashMap<>();
        for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
          int colon = line.indexOf(':');
          if (colon > 0 && !line.startsWith("#")) {
            List<String> own = new ArrayList<>(List.of("@loopback", "@private"));
            own.addAll(List.of(line.substring(colon + 1).strip().split(" ")));
            HostPatterns patterns = HostPatterns.of(own);
            for (String name : line.substring(0, colon).split(" ")) {
              hosts.put(name, patterns);
            }
          }
        }
        return Map.copyOf(hosts);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Returns true if a variable has the token of a service, and a command connects to a host that
   * cannot be one of this service, of this machine or of a private network.
   */
  static boolean isForeign(String variable, List<Use> uses) {
    @Nullable HostPatterns own = Loaded.HOSTS.get(variable);
    if (own == null) {
      return false;
    }
    for (Use use : uses) {
      if (use.role() == Role.CONTACTS && !use.arguments().isEmpty()) {
        CanonicalHost host = CanonicalHost.of(use.arguments().get(0));
        if (!own.isConcerned(host)) {
          return true;
        }
      }
    }
    return false;
  }
}
