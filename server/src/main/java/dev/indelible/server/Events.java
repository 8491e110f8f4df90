// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.AuditLog;
import dev.indelible.encoding.TimeTexts;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Counts;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Searches and counts the recorded events. */
final class Events {
  /** Parameters that select events. */
  private static final List<String> FILTERS =
      List.of("since", "until", "agent", "type", "verdict", "rule", "kind", "session", "text");

  private static final String NEWEST = "newest";
  private static final String OLDEST = "oldest";

  private final AuditLog log;

  Events(AuditLog log) {
    this.log = log;
  }

  /** Returns a page of events; {@code next} is the cursor of the next page, null if it is last. */
  Response list(Request request) throws JsonFormatException, LedgerException {
    requireKnown(request, List.of("order", "limit", "cursor"));
    try {
      EventQuery query = query(request);
      Optional<String> cursor = request.parameter("cursor");
      Page page = log.find(cursor.isPresent() ? query.after(cursor.get()) : query);
      return Response.json(
          200,
          out -> {
            out.name("events").beginArray();
            page.rows().forEach(row -> out.element().canonical(row.toJson()));
            out.endArray()
                .member("indexed", page.coverage().indexed())
                .member("last", page.coverage().last());
            out.name("next").nullable(page.next());
            out.member("reached", page.reached());
          });
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }

  private static EventQuery query(Request request) throws JsonFormatException {
    Filter filter = filter(request);
    String order = request.parameter("order").orElse(NEWEST);
    Filter.requireKnown("order", order, List.of(NEWEST, OLDEST));
    EventQuery query = order.equals(NEWEST) ? EventQuery.newest(filter) : EventQuery.oldest(filter);
    return query.limit(
        (int) request.number("limit", 1, EventQuery.MAX_LIMIT).orElse(query.limit()));
  }

  /** Returns one event with its payload. */
  Response show(Request request) throws JsonFormatException, LedgerException {
    if (request.parameters().size() > 1) {
      throw new JsonFormatException("this path has no parameters");
    }
    String id = request.parameter("id").orElseThrow();
    Optional<ChainRow> found;
    try (LedgerReader ledger = log.reader()) {
      found = ledger.row(id);
    }
    ChainRow row = found.orElseThrow(() -> EvidenceException.absent("%s: no event of this id", id));
    return Response.json(
        200, out -> out.member("erased", !row.hasPayload()).name("event").canonical(row.toJson()));
  }

  /** Counts events by verdict, rule, agent and time. */
  Response stats(Request request) throws JsonFormatException, LedgerException {
    requireKnown(request, List.of("bucket", "top"));
    try {
      Counting counting = Counting.of(filter(request));
      Optional<Duration> bucket = request.parameter("bucket").map(TimeTexts::duration);
      counting = bucket.isPresent() ? counting.bucket(bucket.get()) : counting;
      Counts counts =
          log.count(
              counting.top(
                  (int) request.number("top", 0, Counting.MAX_TOP).orElse(counting.top())));
      return Response.json(200, counts::write);
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }

  private static Filter filter(Request request) {
    Instant now = Instant.now();
    return new Filter(
        request.parameter("since").map(text -> TimeTexts.instant(text, now)),
        request.parameter("until").map(text -> TimeTexts.instant(text, now)),
        request.parameter("agent"),
        request.parameter("type"),
        request.parameter("verdict"),
        request.parameter("rule"),
        request.parameter("kind"),
        request.parameter("session"),
        request.parameter("text"));
  }

  /** Refuses an unknown parameter, because to ignore it would answer another question. */
  private static void requireKnown(Request request, List<String> more) throws JsonFormatException {
    TreeSet<String> known = new TreeSet<>(FILTERS);
    known.addAll(more);
    for (String name : request.parameters().keySet()) {
      if (!known.contains(name)) {
        throw new JsonFormatException(
            "unknown parameter '%s'; known are %s".formatted(name, String.join(", ", known)));
      }
    }
  }
}
