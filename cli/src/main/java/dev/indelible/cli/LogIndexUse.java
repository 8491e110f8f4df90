// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.AuditLog;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Coverage;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.StoredLedger;

/** Uses the index for a verb: first adds the rows that it lacks, and warns if that fails. */
final class LogIndexUse {
  private final Verb verb;
  private final AuditLog log;

  /** Creates access to the index of a log; fails if the log has no ledger. */
  LogIndexUse(Verb verb) throws LedgerException, CommandFailure {
    verb.ledger().close();
    this.verb = verb;
    this.log = verb.log();
  }

  /** Adds the rows that the index lacks, with progress at a terminal. */
  void update() {
    try (Progress progress = new Progress(verb.console(), "indexed")) {
      log.updateIndex(progress::at);
    } catch (LedgerException e) {
      // The query uses the index as it is, and fails if there is none.
      verb.warn(String.valueOf(e.getMessage()));
    }
  }

  Page find(EventQuery query) throws LedgerException, CommandFailure {
    try {
      return log.find(query);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
  }

  EventQuery.Counts count(EventQuery.Counting counting) throws LedgerException, CommandFailure {
    try {
      return log.count(counting);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
  }

  void warnIfBehind(Coverage coverage) {
    if (!coverage.isComplete()) {
      verb.warn(
          "the index has the rows up to %s of %s; later rows are not in this output"
              .formatted(coverage.indexed(), coverage.last()));
    }
  }

  /** Refuses an event type that this version does not write and the ledger does not contain. */
  static void requireType(String type, StoredLedger ledger) throws LedgerException, CommandFailure {
    if (!EventQuery.TYPES.contains(type) && ledger.lastRow(type).isEmpty()) {
      try {
        Filter.requireKnown("type", type, EventQuery.TYPES);
      } catch (IllegalArgumentException e) {
        throw CommandFailure.usage(String.valueOf(e.getMessage()));
      }
    }
  }
}
