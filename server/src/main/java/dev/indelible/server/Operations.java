// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.AccessEvents;
import dev.indelible.queue.DeferredAuditQueue;

/** Records in the chain who changes the state of the log or its policy, before the change. */
final class Operations {
  private final DeferredAuditQueue queue;

  Operations(DeferredAuditQueue queue) {
    this.queue = queue;
  }

  /** Returns an endpoint that records its caller, and answers 503 if that cannot be recorded. */
  Endpoint of(Endpoint endpoint) {
    return Endpoint.inTurns(
        endpoint.turns(),
        request ->
            queue.submit(
                    AccessEvents.operated(
                        request.caller().principal().orElseThrow(), request.path()))
                ? endpoint.answer(request)
                : Response.problem(
                    503, "Not recorded", "this cannot be recorded now, and so it is not done"));
  }
}
