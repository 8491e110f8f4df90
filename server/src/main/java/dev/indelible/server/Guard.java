// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Refuses requests that a page in a browser sends, unless it is a page of this daemon. Browsers add
 * {@code Origin} or {@code Sec-Fetch-Site} to the requests of a page. A page that rebinds its own
 * name to the daemon's address sends that name as {@code Host}.
 */
final class Guard {
  /** The path of the console's page, to which other sites may link. */
  static final String PAGE = "/";

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
    String host = request.header("Host").orElse("").toLowerCase(Locale.ROOT);
    if (!isFollowedLink(request) && !isOfNoOtherPage(request, host)) {
      return Optional.of(
          new Problem(
              403,
              "Forbidden",
              "requests of other web pages are not answered (header Origin or Sec-Fetch-Site)"));
    }
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

  /** Returns true for a link to the console's page: a person follows it, and no page reads it. */
  private static boolean isFollowedLink(Request request) {
    return request.path().equals(PAGE)
        && request.method().equals("GET")
        && request.header("Origin").isEmpty()
        && request.header("Sec-Fetch-Mode").equals(Optional.of("navigate"))
        && request.header("Sec-Fetch-Dest").equals(Optional.of("document"));
  }

  /**
   * Returns true if no page sent the request, or a page of this daemon. No browser connects to the
   * socket, so there every page is another one.
   */
  private static boolean isOfNoOtherPage(Request request, String host) {
    String site = request.header("Sec-Fetch-Site").orElse("none");
    Optional<String> origin = request.header("Origin");
    if (request.peer().way() == Peer.Way.SOCKET) {
      return origin.isEmpty() && site.equals("none");
    }
    String own = (request.peer().isSecure() ? "https://" : "http://") + host;
    return (site.equals("none") || site.equals("same-origin"))
        && (origin.isEmpty() || origin.get().equalsIgnoreCase(own));
  }

  private String answersAs() {
    return names.isEmpty()
        ? "localhost, 127.0.0.1 or [::1]"
        : String.join(", ", new TreeSet<>(names));
  }
}
