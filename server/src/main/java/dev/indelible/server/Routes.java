// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.json.JsonFormatException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The endpoints, by path and method. */
final class Routes {
  private final Map<String, Map<String, Endpoint>> byPath = new TreeMap<>();

  /** Adds an endpoint that reads. */
  Routes get(String path, Endpoint endpoint) {
    return add("GET", path, endpoint).add("HEAD", path, endpoint);
  }

  /** Adds an endpoint that reads JSON content. */
  Routes post(String path, Endpoint endpoint) {
    return add("POST", path, endpoint);
  }

  private Routes add(String method, String path, Endpoint endpoint) {
    byPath.computeIfAbsent(path, any -> new TreeMap<>()).put(method, endpoint);
    return this;
  }

  /** Answers any request, even if there is no endpoint for it. */
  Response answer(Request request) {
    Map<String, Endpoint> methods = byPath.get(request.path());
    if (methods == null) {
      return Response.problem(
          404, "Not found", "there is no such path; the paths are " + byPath.keySet());
    }
    Endpoint endpoint = methods.get(request.method());
    if (endpoint == null) {
      String allowed = String.join(", ", methods.keySet());
      return Response.problem(405, "Method not allowed", "this path answers " + allowed)
          .with("Allow", allowed);
    }
    if (request.method().equals("POST") && !hasJson(request)) {
      return Response.problem(
          415,
          "Unsupported media type",
          "send JSON, with the header Content-Type: " + Response.JSON);
    }
    try {
      return endpoint.answer(request);
    } catch (JsonFormatException e) {
      return Response.problem(400, Response.UNREADABLE, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Returns true if the content is declared as JSON. A page in a browser can send other types to
   * any address without permission, but not JSON.
   */
  private static boolean hasJson(Request request) {
    String type = request.header("Content-Type").orElse("");
    int parameters = type.indexOf(';');
    String name = (parameters < 0 ? type : type.substring(0, parameters)).strip();
    return name.toLowerCase(Locale.ROOT).equals(Response.JSON);
  }
}
