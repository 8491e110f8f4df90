// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Refuses what a page in a browser can send to a daemon on loopback. A page that rebinds its own
 * name to 127.0.0.1 sends that name as {@code Host}; browsers send {@code Origin} or {@code
 * Sec-Fetch-Site} for what a page asks for.
 */
final class Guard {
  /** Names of this machine as a client on it writes them, with or without a port. */
  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(:[0-9]{1,5})?");

  private Guard() {}

  /**
   * Returns the refusal of a request; empty if it may be answered.
   *
   * @param network true if it came over TCP, false if over the Unix socket
   */
  static Optional<Response> refusal(Request request, boolean network) {
    String site = request.header("Sec-Fetch-Site").orElse("none");
    if (request.header("Origin").isPresent() || !site.equals("none")) {
      return Optional.of(
          Response.problem(
              403,
              "Forbidden",
              "requests of web pages are not answered (header Origin or Sec-Fetch-Site)"));
    }
    String host = request.header("Host").orElse("").toLowerCase(Locale.ROOT);
    if (network && !LOOPBACK.matcher(host).matches()) {
      return Optional.of(
          Response.problem(
              421,
              "Misdirected request",
              "this daemon answers as localhost, 127.0.0.1 or [::1] (header Host)"));
    }
    return Optional.empty();
  }
}
