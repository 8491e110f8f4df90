// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.json.JsonFormatException;
import dev.indelible.policy.Redactor;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * The treatment of a request, decided from its head, so that an unknown caller cannot make the
 * daemon hold content.
 *
 * @param request the head
 * @param endpoint answers the request with its content
 * @param refusals writes a problem in the form that the client understands
 * @param problem the reason not to call the endpoint; empty if it is called
 */
record Admission(Request request, Endpoint endpoint, Refusals refusals, Optional<Problem> problem) {
  /** Far more than is read of a hook's question to choose the form of its refusal. */
  private static final int MAX_REFUSED_BYTES = 64 << 10;

  /**
   * Writes problems in the form that the clients of an endpoint understand.
   *
   * @param needContent true if the form depends on the content of the request
   * @param form makes the response from the problem and the content, of which perhaps only the
   *     beginning has arrived
   */
  record Refusals(boolean needContent, BiFunction<Problem, byte[], Response> form) {
    /** Problem details with the status of the problem. */
    static final Refusals DETAILS = new Refusals(false, (problem, content) -> problem.response());
  }

  /** Refuses a request for which there is no endpoint. */
  static Admission refused(Request request, Problem problem) {
    return new Admission(
        request, any -> problem.response(), Refusals.DETAILS, Optional.of(problem));
  }

  /**
   * Refuses a request whose path has no endpoint for its method.
   *
   * @param methods the methods that it has
   */
  static Admission notAllowed(Request request, Set<String> methods) {
    String allowed = String.join(", ", methods);
    Problem problem = new Problem(405, "Method not allowed", "this path answers " + allowed);
    Response response = problem.response().with("Allow", allowed);
    return new Admission(
        request,
        any -> response,
        new Refusals(false, (any, content) -> response),
        Optional.of(problem));
  }

  /** Returns the largest content that is held, in bytes; 0 if none is read. */
  int maxContent() {
    if (problem.isPresent()) {
      return refusals.needContent() ? MAX_REFUSED_BYTES : 0;
    }
    return request.method().equals("POST") ? HttpServer.MAX_BODY_BYTES : 0;
  }

  /** Returns the turns in which the request is answered; empty if it is answered at once. */
  Optional<Turns> turns() {
    return problem.isPresent() ? Optional.empty() : endpoint.turns();
  }

  /** Returns the response; the content is empty if it was not needed. */
  Response answer(byte[] content) {
    if (problem.isPresent()) {
      return refusals.form().apply(problem.get(), content);
    }
    try {
      return endpoint.answer(request.withBody(content));
    } catch (JsonFormatException e) {
      Problem unreadable =
          new Problem(400, Response.UNREADABLE, Redactor.scrub(String.valueOf(e.getMessage())));
      return refusals.form().apply(unreadable, content);
    } catch (ForbiddenException e) {
      Problem forbidden = new Problem(403, "Forbidden", String.valueOf(e.getMessage()));
      return refusals.form().apply(forbidden, content);
    }
  }

  /**
   * Returns the response to a request that fails, or whose content cannot be read.
   *
   * @param content the content, or the part of it that has arrived
   */
  Response refuse(Problem reason, byte[] content) {
    return refusals.form().apply(problem.orElse(reason), content);
  }

  /** Returns the treatment of a request that is refused, unless it is refused already. */
  Admission refused(Problem reason) {
    return new Admission(request, endpoint, refusals, problem.or(() -> Optional.of(reason)));
  }
}
