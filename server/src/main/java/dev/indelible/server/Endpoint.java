// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.json.JsonFormatException;
import java.util.Optional;

/** Answers the requests of one path and method. Safe for use by any number of threads. */
@FunctionalInterface
interface Endpoint {
  /**
   * Answers a request; does not wait for the ledger, except within {@link LedgerAccess}.
   *
   * @throws JsonFormatException if the content cannot be read; the client gets status 400 with its
   *     message
   * @throws ForbiddenException if the caller's credential does not permit it; the client gets 403
   */
  Response answer(Request request) throws JsonFormatException, ForbiddenException;

  /** Returns the turns in which its requests are answered; empty if they are answered at once. */
  default Optional<Turns> turns() {
    return Optional.empty();
  }

  /** Returns an endpoint with the given turns. */
  static Endpoint inTurns(Optional<Turns> turns, Endpoint answers) {
    return new Endpoint() {
      @Override
      public Response answer(Request request) throws JsonFormatException, ForbiddenException {
        return answers.answer(request);
      }

      @Override
      public Optional<Turns> turns() {
        return turns;
      }
    };
  }
}
