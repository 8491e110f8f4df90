// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.gate.Gate;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.hook.GateRequest;
import dev.indelible.hook.HookAnswer;
import dev.indelible.hook.HookDialect;
import dev.indelible.hook.HookQuestion;
import dev.indelible.json.JsonFormatException;
import dev.indelible.policy.Redactor;
import dev.indelible.server.Admission.Refusals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers agents' hooks in their own forms. The status is 200, because agents act after any other
 * status; the content of the answer blocks the action if a question cannot be read. Only if an
 * agent has no form that blocks an unknown event, another status makes its hook fail.
 */
final class Hooks {
  private static final Logger LOG = LoggerFactory.getLogger(Hooks.class);

  private final Gate gate;

  Hooks(Gate gate) {
    this.gate = gate;
  }

  /** Returns the endpoint of an agent. */
  Endpoint of(HookDialect dialect) {
    return request -> answer(dialect, request);
  }

  /** Returns refusals in the form of an agent's answers, which block the action. */
  static Refusals blocking(HookDialect dialect) {
    return new Refusals(true, (problem, body) -> failure(dialect, problem, body));
  }

  private static Response failure(HookDialect dialect, Problem problem, byte[] body) {
    HookAnswer answer = dialect.failure(HookDialect.event(body), problem.detail());
    return answer.out().length == 0 ? problem.response() : Response.of(Response.JSON, answer.out());
  }

  private Response answer(HookDialect dialect, Request request) {
    byte[] body = request.body();
    try {
      // The agent may run as another user or in a container, so its home is not known here.
      HookQuestion question = dialect.read(body, null);
      // A hook names a session but no agent, so the credential's agent is used.
      GateRequest asked = request.caller().askAsOwn(question.request());
      RecordedDecision decided = gate.record(asked.agent(), asked.action());
      return response(dialect.answer(question, decided));
    } catch (JsonFormatException e) {
      String problem = Redactor.scrub(String.valueOf(e.getMessage()));
      request.caller().refuseUnreadable(gate, body, problem);
      return failure(dialect, new Problem(400, Response.UNREADABLE, problem), body);
    } catch (Throwable e) { // Also an Error must not let the tool run.
      LOG.error("the hook of an agent failed", Redactor.scrub(e));
      Problem problem = new Problem(500, "Internal error", "the daemon's log has the cause");
      return failure(dialect, problem, body);
    }
  }

  private static Response response(HookAnswer answer) {
    return answer.out().length == 0 ? Response.empty() : Response.of(Response.JSON, answer.out());
  }
}
