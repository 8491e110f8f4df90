// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.Role;
import dev.indelible.json.JsonFormatException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The endpoints, by path and method, and the role that each needs. */
final class Routes {
  /** An endpoint and the role that a caller needs for it. */
  private record Route(Role role, Endpoint endpoint) {}

  /** The methods of a path, and the values of the names in its template. */
  private record Found(Map<String, Route> methods, Map<String, String> values) {}

  private final Callers callers;

  /** By paths without names. */
  private final Map<String, Map<String, Route>> exact = new TreeMap<>();

  /** By path templates, split at slashes; a segment in braces is the name of a value. */
  private final Map<List<String>, Map<String, Route>> templates = new HashMap<>();

  /**
   * Creates an empty table.
   *
   * @param callers identifies the caller of each request
   */
  Routes(Callers callers) {
    this.callers = callers;
  }

  /** Adds an endpoint that reads. */
  Routes get(String path, Role role, Endpoint endpoint) {
    return add("GET", path, role, endpoint).add("HEAD", path, role, endpoint);
  }

  /** Adds an endpoint that reads JSON content. */
  Routes post(String path, Role role, Endpoint endpoint) {
    return add("POST", path, role, endpoint);
  }

  private Routes add(String method, String path, Role role, Endpoint endpoint) {
    Map<String, Route> methods =
        path.contains("{")
            ? templates.computeIfAbsent(segments(path), any -> new TreeMap<>())
            : exact.computeIfAbsent(path, any -> new TreeMap<>());
    methods.put(method, new Route(role, endpoint));
    return this;
  }

  private static List<String> segments(String path) {
    return List.of(path.split("/", -1));
  }

  /** Answers any request, even if there is no endpoint for it. */
  Response answer(Request request) {
    Optional<Found> found = find(request.path());
    if (found.isEmpty()) {
      return Response.problem(
          404, "Not found", "there is no such path; /v1/openapi.yaml describes all paths");
    }
    Map<String, Route> methods = found.get().methods();
    Route route = methods.get(request.method());
    if (route == null) {
      String allowed = String.join(", ", methods.keySet());
      return Response.problem(405, "Method not allowed", "this path answers " + allowed)
          .with("Allow", allowed);
    }
    Optional<Caller> caller = callers.of(request);
    if (caller.isEmpty()) {
      return unauthorized("the credential is not accepted (header Authorization)");
    }
    if (!caller.get().has(route.role())) {
      String needed = route.role().label();
      return request.header("Authorization").isEmpty()
          ? unauthorized("this needs a credential with the role %s".formatted(needed))
          : Response.problem(
              403, "Forbidden", "the credential does not have the role %s".formatted(needed));
    }
    if (request.method().equals("POST") && !hasJson(request)) {
      return Response.problem(
          415,
          "Unsupported media type",
          "send JSON, with the header Content-Type: " + Response.JSON);
    }
    try {
      return route.endpoint().answer(request.by(caller.get()).withParameters(found.get().values()));
    } catch (JsonFormatException e) {
      return Response.problem(400, Response.UNREADABLE, String.valueOf(e.getMessage()));
    }
  }

  private static Response unauthorized(String detail) {
    return Response.problem(401, "Unauthorized", detail).with("WWW-Authenticate", "Bearer");
  }

  private Optional<Found> find(String path) {
    Map<String, Route> methods = exact.get(path);
    if (methods != null) {
      return Optional.of(new Found(methods, Map.of()));
    }
    List<String> segments = segments(path);
    return templates.keySet().stream()
        .filter(template -> matches(template, segments))
        .findFirst()
        .map(template -> new Found(templates.get(template), values(template, segments)));
  }

  private static boolean isName(String segment) {
    return segment.startsWith("{");
  }

  private static boolean matches(List<String> template, List<String> segments) {
    if (template.size() != segments.size()) {
      return false;
    }
    for (int i = 0; i < segments.size(); i++) {
      boolean same =
          isName(template.get(i))
              ? !segments.get(i).isEmpty()
              : template.get(i).equals(segments.get(i));
      if (!same) {
        return false;
      }
    }
    return true;
  }

  private static Map<String, String> values(List<String> template, List<String> segments) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < segments.size(); i++) {
      if (isName(template.get(i))) {
        String name = template.get(i);
        values.put(name.substring(1, name.length() - 1), segments.get(i));
      }
    }
    return values;
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
