// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Refuses requests that a page in a browser can send. A page that rebinds its own name to the
 * daemon's address sends that name as {@code Host}; browsers add {@code Origin} or {@code
 * Sec-Fetch-Site} to the requests of a page.
 */
final class Guard {
  /** Names of this machine as a client on it writes them, with or without a port. */
  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(:[0-9]{1,5})?");

  private static final Pattern PORT = Pattern.compile(":[0-9]{1,5}$");

  private final Set<String> names;

  /**
   * Creates a guard.
   *
   * @param names the names of this machine besides the loopback names, in lower case
   */
  Guard(Set<String> names) {
    this.names = names;
  }

  /** Returns why a request is refused; empty if it may be answered. */
  Optional<Problem> problem(Request request) {
    String site = request.header("Sec-Fetch-Site").orElse("none");
    if (request.header("Origin").isPresent() || !site.equals("none")) {
      return Optional.of(
          new Problem(
              403,
              "Forbidden",
              "requests of web pages are not answered (header Origin or Sec-Fetch-Site)"));
    }
    String host = request.header("Host").orElse("").toLowerCase(Locale.ROOT);
    boolean named =
        request.peer().way() == Peer.Way.SOCKET
            || LOOPBACK.matcher(host).matches()
            || names.contains(PORT.matcher(host).replaceFirst(""));
    return named
        ? Optional.empty()
        : Optional.of(
            new Problem(
                421,
                "Misdirected request",
                "this daemon answers as %s (header Host)".formatted(answersAs())));
  }

  private String answersAs() {
    return names.isEmpty()
        ? "localhost, 127.0.0.1 or [::1]"
        : String.join(", ", new TreeSet<>(names));
  }
}
