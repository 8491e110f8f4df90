// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An HTTP request.
 *
 * @param method the method, in upper case
 * @param path the path, decoded and without dot segments
 * @param headers the first value of each header, by its name in lower case
 * @param body the content; empty without one
 */
record Request(String method, String path, Map<String, String> headers, byte[] body) {
  Request {
    headers = Map.copyOf(headers);
  }

  /** Returns this request with content. */
  Request withBody(byte[] content) {
    return new Request(method, path, headers, content);
  }

  /** Returns the first value of a header. */
  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
  }
}
