// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.AuditLog;
import dev.indelible.OpenException;
import dev.indelible.crypto.KeyException;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.proof.ProvenRow;

/** Returns receipts: proofs that an event is in the log, which can be checked without the log. */
final class Proofs {
  private final AuditLog log;

  Proofs(AuditLog log) {
    this.log = log;
  }

  /**
   * Returns a C2SP tlog-proof of an event with its record, and with its payload if the parameter
   * {@code payload} is {@code true}.
   */
  Response prove(Request request)
      throws JsonFormatException, LedgerException, KeyException, OpenException {
    String payload = request.parameter("payload").orElse("false");
    if (!payload.equals("true") && !payload.equals("false")) {
      throw new JsonFormatException("payload: give true or false");
    }
    ProvenRow proven = log.prove(request.parameter("id").orElseThrow());
    byte[] receipt =
        proven
            .tlogProof(payload.equals("true") ? proven.recordAndPayload() : proven.record())
            .bytes();
    return Response.of(Response.TEXT, receipt);
  }
}
