// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.Role;
import dev.indelible.server.Admission.Refusals;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The endpoints, by path and method, and the role that each needs. */
final class Routes implements HttpServer.Router {
  /**
   * An endpoint.
   *
   * @param roles the roles of which a caller needs one; empty if it answers everyone
   * @param isCounted true if its requests count for the rate limit of the caller
   * @param forbidden records a request whose caller lacks the role
   */
  private record Route(
      Set<Role> roles,
      Endpoint endpoint,
      Refusals refusals,
      boolean isCounted,
      Consumer<Request> forbidden) {
    Route(Set<Role> roles, Endpoint endpoint, Refusals refusals) {
      this(roles, endpoint, refusals, true, any -> {});
    }

    boolean admits(Caller caller) {
      return roles.isEmpty() || roles.stream().anyMatch(caller::has);
    }

    String labels() {
      return roles.stream().sorted().map(Role::label).collect(Collectors.joining(" or "));
    }
  }

  /** The methods of a path, and the values of the names in its template. */
  private record Found(Map<String, Route> methods, Map<String, String> values) {}

  private final Callers callers;
  private final Limits limits;
  private final Optional<ReadRecord> reads;

  /** The methods of paths without names, keyed by path. */
  private final Map<String, Map<String, Route>> exact = new TreeMap<>();

  /**
   * The methods of path templates, keyed by the template's segments. A segment {@code {name}}
   * matches any one segment; as the last segment, {@code {name...}} matches all remaining ones.
   */
  private final Map<List<String>, Map<String, Route>> templates = new HashMap<>();

  /**
   * Creates an empty table.
   *
   * @param callers identifies the caller of each request
   * @param limits counts the requests of each caller
   * @param reads records the requests that {@link Role#READER} permits; empty for none
   */
  Routes(Callers callers, Limits limits, Optional<ReadRecord> reads) {
    this.callers = callers;
    this.limits = limits;
    this.reads = reads;
  }

  /** Adds an endpoint that reads. */
  Routes get(String path, Role role, Endpoint endpoint) {
    return get(path, Set.of(role), endpoint);
  }

  /** Adds an endpoint that reads; a caller needs one of the roles. */
  Routes get(String path, Set<Role> roles, Endpoint endpoint) {
    return get(path, new Route(roles, endpoint, Refusals.DETAILS));
  }

  /** Adds an endpoint that reads, and answers everyone without asking for a credential. */
  Routes getOpenly(String path, Endpoint endpoint) {
    return get(path, new Route(Set.of(), endpoint, Refusals.DETAILS));
  }

  /** Adds an endpoint that answers everyone at any rate: the probe of a supervisor. */
  Routes getUncounted(String path, Endpoint endpoint) {
    return get(path, new Route(Set.of(), endpoint, Refusals.DETAILS, false, any -> {}));
  }

  private Routes get(String path, Route route) {
    return add("GET", path, route).add("HEAD", path, route);
  }

  /** Adds an endpoint that reads JSON content. */
  Routes post(String path, Role role, Endpoint endpoint) {
    return post(path, role, endpoint, Refusals.DETAILS);
  }

  /**
   * Adds an endpoint that reads JSON content, and whose clients need refusals in their own form.
   */
  Routes post(String path, Role role, Endpoint endpoint, Refusals refusals) {
    return add("POST", path, new Route(Set.of(role), endpoint, refusals));
  }

  /**
   * Adds an endpoint that reads JSON content.
   *
   * @param forbidden records each request whose caller may ask for decisions but lacks the role
   */
  Routes post(String path, Role role, Endpoint endpoint, Consumer<Request> forbidden) {
    return add("POST", path, new Route(Set.of(role), endpoint, Refusals.DETAILS, true, forbidden));
  }

  private Routes add(String method, String path, Route route) {
    Map<String, Route> methods =
        path.contains("{")
            ? templates.computeIfAbsent(segments(path), any -> new TreeMap<>())
            : exact.computeIfAbsent(path, any -> new TreeMap<>());
    methods.put(method, route);
    return this;
  }

  private static List<String> segments(String path) {
    return List.of(path.split("/", -1));
  }

  @Override
  public Admission refuse(Request head, Problem problem) {
    return find(head.path())
        .flatMap(found -> Optional.ofNullable(found.methods().get(head.method())))
        .map(route -> new Admission(head, route.endpoint(), route.refusals(), Optional.of(problem)))
        .orElseGet(() -> Admission.refused(head, problem));
  }

  @Override
  public Admission admit(Request head) {
    Optional<Found> found = find(head.path());
    if (found.isEmpty()) {
      return Admission.refused(
          head,
          new Problem(
              404, "Not found", "there is no such path; /v1/openapi.yaml describes all paths"));
    }
    Map<String, Route> methods = found.get().methods();
    Route route = methods.get(head.method());
    if (route == null) {
      return Admission.notAllowed(head, methods.keySet());
    }
    Optional<Caller> caller =
        route.roles().isEmpty() ? Optional.of(Caller.NOBODY) : callers.of(head);
    Optional<Problem> problem = problem(head, route, caller);
    Request identified = head.by(caller.orElse(Caller.NOBODY));
    Request complete = identified.withParameters(found.get().values());
    if (caller.isPresent()
        && !route.admits(caller.get())
        && caller.get().has(Role.AGENT)
        && limits.allows(caller.get().principal())) {
      route.forbidden().accept(complete);
    }
    if (problem.isEmpty()
        && route.roles().contains(Role.READER)
        && reads.isPresent()
        && !reads.get().add(identified)) {
      problem = Optional.of(ReadRecord.REFUSAL);
    }
    return new Admission(complete, route.endpoint(), route.refusals(), problem);
  }

  /** Returns why a request is refused by its head; empty if it is not. */
  private Optional<Problem> problem(Request head, Route route, Optional<Caller> caller) {
    if (caller.isEmpty()) {
      return Optional.of(
          limits.allowsFailure(head)
              ? unauthorized("the credential is not accepted (header Authorization)")
              : tooMany("too many credentials are not accepted"));
    }
    if (!route.admits(caller.get())) {
      return Optional.of(
          caller.get().principal().isEmpty()
              ? unauthorized("this needs a credential with the role %s".formatted(route.labels()))
              : new Problem(
                  403,
                  "Forbidden",
                  "the credential does not have the role %s".formatted(route.labels())));
    }
    if (route.isCounted() && !limits.allows(caller.get().principal())) {
      return Optional.of(tooMany("this caller sends too many requests per second"));
    }
    return head.method().equals("POST") && !hasJson(head)
        ? Optional.of(
            new Problem(
                415,
                "Unsupported media type",
                "send JSON, with the header Content-Type: " + Response.JSON))
        : Optional.empty();
  }

  private static Problem unauthorized(String detail) {
    return new Problem(401, "Unauthorized", detail);
  }

  private static Problem tooMany(String detail) {
    return new Problem(429, "Too many requests", detail);
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

  private static boolean isRest(String segment) {
    return segment.endsWith("...}");
  }

  private static boolean matches(List<String> template, List<String> segments) {
    int last = template.size() - 1;
    if (segments.size() != template.size()
        && !(segments.size() > last && isRest(template.get(last)))) {
      return false;
    }
    for (int i = 0; i < template.size(); i++) {
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
    for (int i = 0; i < template.size(); i++) {
      String name = template.get(i);
      if (isRest(name)) {
        values.put(
            name.substring(1, name.length() - 4),
            String.join("/", segments.subList(i, segments.size())));
      } else if (isName(name)) {
        values.put(name.substring(1, name.length() - 1), segments.get(i));
      }
    }
    return values;
  }

  /**
   * Returns true if the content is declared as JSON. Without permission, a page in a browser can
   * send other types to any address, but not JSON.
   */
  private static boolean hasJson(Request request) {
    String type = request.header("Content-Type").orElse("");
    int parameters = type.indexOf(';');
    String name = (parameters < 0 ? type : type.substring(0, parameters)).strip();
    return name.toLowerCase(Locale.ROOT).equals(Response.JSON);
  }
}
