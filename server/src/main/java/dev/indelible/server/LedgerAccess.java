// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.OpenException;
import dev.indelible.crypto.KeyException;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import java.util.concurrent.Semaphore;

/**
 * Turns functions that read or write the ledger into endpoints. The functions may wait for the
 * disk, so only a few run at once and leave threads for the answers to agents.
 */
final class LedgerAccess {
  private final Semaphore requests;

  /**
   * Creates access for requests.
   *
   * @param most the number of requests that run at once
   */
  LedgerAccess(int most) {
    this.requests = new Semaphore(most);
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
   * ledger contradicts signed evidence, and 503 if the log cannot be used or too many requests use
   * it.
   */
  Endpoint of(Reading reading) {
    return request -> {
      if (!requests.tryAcquire()) {
        return Response.problem(
            503, "Too busy", "too many requests read the log at once; ask again");
      }
      try {
        return reading.answer(request);
      } catch (EvidenceException e) {
        String detail = String.valueOf(e.getMessage());
        return e.isContradicted()
            ? Response.problem(500, "Evidence contradicted", detail)
            : Response.problem(404, "Not found", detail);
      } catch (LedgerException | KeyException | OpenException e) {
        return Response.problem(503, "Log unavailable", String.valueOf(e.getMessage()));
      } finally {
        requests.release();
      }
    };
  }
}
