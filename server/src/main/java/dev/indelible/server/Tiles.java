// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.AuditLog;
import dev.indelible.crypto.KeyException;
import dev.indelible.ledger.LedgerException;

/**
 * The log as static files (C2SP tlog-tiles): checkpoint, tiles and entry bundles, as an export
 * writes them. Entries are the records of rows: agent ids, times and types, but no payloads.
 */
final class Tiles {
  private final AuditLog log;

  /** True if everybody may read the files, so that caches may keep those that never change. */
  private final boolean published;

  Tiles(AuditLog log, boolean published) {
    this.log = log;
    this.published = published;
  }

  boolean arePublished() {
    return published;
  }

  /** Returns the last signed checkpoint. */
  Response checkpoint(Request request) throws LedgerException, KeyException {
    return Response.of(Response.TEXT, log.exportedFile("checkpoint"));
  }

  /** Returns a tile or an entry bundle; 404 for one that the checkpoint does not cover. */
  Response tile(Request request) throws LedgerException, KeyException {
    Response file =
        Response.of(
            "application/octet-stream",
            log.exportedFile("tile/" + request.parameter("path").orElseThrow()));
    return published ? file.with("Cache-Control", "public, max-age=31536000, immutable") : file;
  }
}
