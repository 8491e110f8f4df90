// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * An HTTP request.
 *
 * @param method the method, in upper case
 * @param path the path, decoded and without dot segments
 * @param parameters the parameters of the query and of the endpoint's path template, keyed by name
 * @param headers the first value of each header, keyed by its name in lower case
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
  private static final Pattern WHOLE_NUMBER = Pattern.compile("[0-9]{1,18}");

  Request {
    parameters = Map.copyOf(parameters);
    headers = Map.copyOf(headers);
  }

  /** Creates a request without content. */
  Request(String method, String path, Map<String, String> parameters, Map<String, String> headers) {
    this(method, path, parameters, headers, new byte[0], Caller.NOBODY, Peer.LOCAL);
  }

  /** Returns this request with its connection's other end. */
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

  /**
   * Returns the members of the content, which is an object or empty.
   *
   * @throws JsonFormatException if it is neither
   */
  JsonFields fields() throws JsonFormatException {
    return JsonFields.of(
        body.length == 0
            ? JsonNodeFactory.instance.objectNode()
            : CanonicalJson.readUntrusted(body),
        "request");
  }

  /**
   * Returns the value of a parameter that is a whole number.
   *
   * @throws JsonFormatException if the value is not a whole number in the range
   */
  OptionalLong number(String name, long min, long max) throws JsonFormatException {
    Optional<String> given = parameter(name);
    if (given.isEmpty()) {
      return OptionalLong.empty();
    }
    if (WHOLE_NUMBER.matcher(given.get()).matches()) {
      long value = Long.parseLong(given.get());
      if (value >= min && value <= max) {
        return OptionalLong.of(value);
      }
    }
    throw new JsonFormatException(
        max == Long.MAX_VALUE
            ? "%s: give a whole number from %s on".formatted(name, min)
            : "%s: give a whole number from %s to %s".formatted(name, min, max));
  }

  /** Returns the value of a parameter. */
  Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }
}
