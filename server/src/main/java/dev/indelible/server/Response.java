// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.json.CanonicalWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP response.
 *
 * @param status the status code
 * @param headers the headers, including {@code Content-Type}
 * @param body the content; empty if there is a stream
 * @param stream writes the content piece by piece, in place of the body; null for a response with a
 *     body
 */
record Response(
    int status, Map<String, String> headers, byte[] body, @Nullable Consumer<Outlet> stream) {
  static final String JSON = "application/json";

  static final String TEXT = "text/plain; charset=utf-8";

  /** The media type of problem details (RFC 9457). */
  static final String PROBLEM_JSON = "application/problem+json";

  /** The title of a problem with the content of a request. */
  static final String UNREADABLE = "Unreadable request";

  Response {
    headers = Map.copyOf(headers);
  }

  /** Creates a response with content. */
  Response(int status, Map<String, String> headers, byte[] body) {
    this(status, headers, body, null);
  }

  /** Returns a response with content of a media type. */
  static Response of(String type, byte[] body) {
    return new Response(200, Map.of("Content-Type", type), body);
  }

  /** Returns a response whose content is written piece by piece. */
  static Response stream(String type, Consumer<Outlet> stream) {
    return new Response(200, Map.of("Content-Type", type), new byte[0], stream);
  }

  /** Returns a response with a JSON object. */
  static Response json(int status, Consumer<CanonicalWriter> members) {
    return json(status, JSON, members);
  }

  /** Returns a response with text in UTF-8. */
  static Response text(String type, String text) {
    return of(type, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns a response without content. */
  static Response empty() {
    return new Response(200, Map.of(), new byte[0]);
  }

  /**
   * Returns problem details (RFC 9457).
   *
   * @param title names the problem; equal for equal statuses
   * @param detail states what is wrong with this request and what to do
   */
  static Response problem(int status, String title, String detail) {
    return json(
        status,
        PROBLEM_JSON,
        out -> out.member("detail", detail).member("status", status).member("title", title));
  }

  /** Returns a response with a JSON object of a media type. */
  static Response json(int status, String type, Consumer<CanonicalWriter> members) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    members.accept(out);
    return new Response(status, Map.of("Content-Type", type), out.endObject().toBytes());
  }

  /** Returns this response with one more header. */
  Response with(String name, String value) {
    Map<String, String> more = new TreeMap<>(headers);
    more.put(name, value);
    return new Response(status, more, body, stream);
  }
}
