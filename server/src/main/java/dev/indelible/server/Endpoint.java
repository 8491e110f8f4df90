// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.json.JsonFormatException;

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
}
