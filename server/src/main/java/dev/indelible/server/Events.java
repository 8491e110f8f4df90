// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.AuditLog;
import dev.indelible.encoding.TimeTexts;
import dev.indelible.encoding.Timestamps;
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
import java.time.temporal.ChronoUnit;
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
      Optional<Position> position = request.parameter("cursor").map(Position::parse);
      Instant now = position.map(Position::now).orElseGet(Events::now);
      EventQuery query = query(request, now);
      Page page = log.find(position.map(each -> query.after(each.cursor())).orElse(query));
      return Response.json(
          200,
          out -> {
            out.name("events").beginArray();
            page.rows().forEach(row -> out.element().canonical(row.toJson()));
            out.endArray()
                .member("indexed", page.coverage().indexed())
                .member("last", page.coverage().last());
            out.name("next").nullable(page.next().map(next -> new Position(next, now).text()));
            out.member("reached", page.reached());
          });
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * The position in a search.
   *
   * @param cursor the cursor of the next page
   * @param now the time of the first page, from which a duration in {@code since} or {@code until}
   *     counts; with another time, the next page would belong to another search
   */
  private record Position(String cursor, Instant now) {
    private static final String SEPARATOR = ".";

    /** Digits of a time before the year 2286, in microseconds. */
    private static final int MAX_DIGITS = 16;

    static Position parse(String text) {
      int end = text.indexOf(SEPARATOR);
      String micros = text.substring(end + 1);
      if (end < 0 || micros.length() > MAX_DIGITS || !micros.matches("[0-9]+")) {
        throw new IllegalArgumentException("the cursor is malformed; begin without one");
      }
      return new Position(
          text.substring(0, end), Instant.EPOCH.plus(Long.parseLong(micros), ChronoUnit.MICROS));
    }

    String text() {
      return cursor + SEPARATOR + Timestamps.micros(now);
    }
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }

  private static EventQuery query(Request request, Instant now) throws JsonFormatException {
    Filter filter = filter(request, now);
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
      Counting counting = Counting.of(filter(request, now()));
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

  private static Filter filter(Request request, Instant now) {
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
