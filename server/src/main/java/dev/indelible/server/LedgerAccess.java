// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.OpenException;
import dev.indelible.crypto.KeyException;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import java.util.Optional;

/**
 * Turns functions that read or write the ledger into endpoints. The functions may wait for the
 * disk, so only a few run at once, and leave threads for the answers to agents. Further requests
 * wait for their turn without a thread.
 */
final class LedgerAccess {
  /** Clients of C2SP tlog-tiles ask for dozens of tiles at once. */
  static final int MAX_WAITING = 128;

  private final Turns turns;

  /**
   * Creates access for requests.
   *
   * @param most the number of requests that are answered at once
   */
  LedgerAccess(int most) {
    this.turns = new Turns(most, MAX_WAITING);
  }

  /** Answers a request from the ledger. Safe for use by any number of threads. */
  @FunctionalInterface
  interface Reading {
    /** Answers a request. */
    Response answer(Request request)
        throws JsonFormatException, LedgerException, KeyException, OpenException;
  }

  /**
   * Returns an endpoint. It answers 404 if the requested record does not exist (yet), 500 if the
   * ledger contradicts signed evidence, and 503 if the log cannot be used.
   */
  Endpoint of(Reading reading) {
    return Endpoint.inTurns(Optional.of(turns), request -> answer(reading, request));
  }

  private static Response answer(Reading reading, Request request) throws JsonFormatException {
    try {
      return reading.answer(request);
    } catch (EvidenceException e) {
      String detail = String.valueOf(e.getMessage());
      return e.isContradicted()
          ? Response.problem(500, "Evidence contradicted", detail)
          : Response.problem(404, "Not found", detail);
    } catch (LedgerException | KeyException | OpenException e) {
      return Response.problem(503, "Log unavailable", String.valueOf(e.getMessage()));
    }
  }
}
