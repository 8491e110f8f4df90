// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An HTTP request.
 *
 * @param method the method, in upper case
 * @param path the path, decoded and without dot segments
 * @param parameters the parameters of the query, and the values of the names in the endpoint's
 *     path, by name
 * @param headers the first value of each header, by its name in lower case
 * @param body the content; empty without one
 * @param caller the caller; {@link Caller#NOBODY} until it is identified
 * @param peer the other end of the connection
 */
record Request(
    String method,
    String path,
    Map<String, String> parameters,
    Map<String, String> headers,
    byte[] body,
    Caller caller,
    Peer peer) {
  Request {
    parameters = Map.copyOf(parameters);
    headers = Map.copyOf(headers);
  }

  /** Creates a request without content. */
  Request(String method, String path, Map<String, String> parameters, Map<String, String> headers) {
    this(method, path, parameters, headers, new byte[0], Caller.NOBODY, Peer.LOCAL);
  }

  /** Returns this request on a connection. */
  Request from(Peer end) {
    return new Request(method, path, parameters, headers, body, caller, end);
  }

  /** Returns this request with content. */
  Request withBody(byte[] content) {
    return new Request(method, path, parameters, headers, content, caller, peer);
  }

  /** Returns this request of an identified caller. */
  Request by(Caller identified) {
    return new Request(method, path, parameters, headers, body, identified, peer);
  }

  /** Returns this request with more parameters. */
  Request withParameters(Map<String, String> more) {
    Map<String, String> all = new HashMap<>(parameters);
    all.putAll(more);
    return new Request(method, path, all, headers, body, caller, peer);
  }

  /** Returns the first value of a header. */
  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
  }

  /** Returns the value of a parameter. */
  Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }
}
