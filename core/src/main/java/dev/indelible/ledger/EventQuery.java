// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.action.AgentAction;
import dev.indelible.base.Text;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A query for rows of the chain, page by page.
 *
 * <p>The file is long because the filter, the page, the counts and their coverage are parts of this
 * one value.
 *
 * @param filter the rows to find
 * @param newestFirst true for the newest row first; false for the oldest first
 * @param limit the maximum number of rows in a page, up to {@value #MAX_LIMIT}
 * @param cursor the {@link Page#next} of the page before; empty for the first page
 * @param atMost the time after which a page ends, complete or not
 */
public record EventQuery(
    Filter filter, boolean newestFirst, int limit, Optional<String> cursor, Duration atMost) {
  /** The tags of the decisions, from the mildest on. */
  public static final List<String> VERDICTS = List.of("allow", "warn", "refuse", "escalate");

  /** The value of {@link Filter#verdict} that finds every decision. */
  public static final String ANY_VERDICT = "any";

  /** The event types of decisions. */
  public static final List<String> DECISION_TYPES =
      List.of(DeferredAuditEvent.CHECK, DeferredAuditEvent.REFUSAL);

  private static final List<String> VERDICT_VALUES =
      Stream.concat(VERDICTS.stream(), Stream.of(ANY_VERDICT)).toList();

  /** The event types that this version records, in alphabetical order. */
  public static final List<String> TYPES =
      Stream.concat(SystemEvent.TYPES.stream(), DECISION_TYPES.stream()).sorted().toList();

  /** The maximum of {@link #limit}. */
  public static final int MAX_LIMIT = 1_000;

  /** The default time limit of a page; a person who waits for the page hardly notices this time. */
  public static final Duration DEFAULT_TIME = Duration.ofMillis(150);

  private static final int DEFAULT_LIMIT = 100;

  public EventQuery {
    Objects.requireNonNull(filter, "filter is null");
    Objects.requireNonNull(cursor, "cursor is null");
    Objects.requireNonNull(atMost, "atMost is null");
    if (limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException("limit %s: 1 to %s".formatted(limit, MAX_LIMIT));
    }
  }

  /** Returns a query for the newest rows first, 100 a page. */
  public static EventQuery newest(Filter filter) {
    return new EventQuery(filter, true, DEFAULT_LIMIT, Optional.empty(), DEFAULT_TIME);
  }

  /** Returns a query for the oldest rows first, 100 a page. */
  public static EventQuery oldest(Filter filter) {
    return new EventQuery(filter, false, DEFAULT_LIMIT, Optional.empty(), DEFAULT_TIME);
  }

  /** Returns this query with another limit of rows. */
  public EventQuery limit(int rows) {
    return new EventQuery(filter, newestFirst, rows, cursor, atMost);
  }

  /** Returns this query, continued after the page that returned a cursor. */
  public EventQuery after(String next) {
    return new EventQuery(filter, newestFirst, limit, Optional.of(next), atMost);
  }

  /** Returns this query with another time limit. */
  public EventQuery within(Duration time) {
    return new EventQuery(filter, newestFirst, limit, cursor, time);
  }

  /**
   * Conditions on the rows to find. A row must meet each condition that is given.
   *
   * @param since rows of this time or later
   * @param until rows before this time
   * @param agent the agent's id
   * @param type the event type
   * @param verdict the decision, one of {@link #VERDICTS}; or {@link #ANY_VERDICT} for rows that
   *     record a decision, including those whose payload was erased
   * @param rule the id of the rule that decided
   * @param kind the kind of the action, one of {@link AgentAction#KINDS}
   * @param session the session of the agent
   * @param text a text that a value of the payload contains; case-sensitive
   */
  public record Filter(
      Optional<Instant> since,
      Optional<Instant> until,
      Optional<String> agent,
      Optional<String> type,
      Optional<String> verdict,
      Optional<String> rule,
      Optional<String> kind,
      Optional<String> session,
      Optional<String> text) {
    /** Finds every row. */
    public static final Filter ALL =
        new Filter(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    /**
     * Creates a filter.
     *
     * @throws IllegalArgumentException if a verdict or a kind is unknown, a value is empty, or the
     *     times are in the wrong order; the message names the known values
     */
    public Filter {
      if (since.isPresent() && until.isPresent() && !since.get().isBefore(until.get())) {
        throw new IllegalArgumentException(
            "since %s is not before until %s".formatted(since.get(), until.get()));
      }
      verdict.ifPresent(value -> requireKnown("verdict", value, VERDICT_VALUES));
      kind.ifPresent(value -> requireKnown("kind", value, AgentAction.KINDS));
      requireText("agent", agent);
      requireText("type", type);
      requireText("rule", rule);
      requireText("session", session);
      requireText("text", text);
    }

    private static void requireText(String name, Optional<String> value) {
      if (value.isPresent() && value.get().isEmpty()) {
        throw new IllegalArgumentException(name + " is empty");
      }
      value.ifPresent(text -> Text.requireWellFormed(text, name));
    }

    /** Refuses a value that is not in a list; the message has the list. */
    public static void requireKnown(String name, String value, List<String> known) {
      if (!known.contains(value)) {
        throw new IllegalArgumentException(
            "unknown %s '%s'; known are %s"
                .formatted(name, Text.printable(value, 64), String.join(", ", known)));
      }
    }

    /** Returns this filter for rows of a time or later. */
    public Filter since(Instant time) {
      return new Filter(Optional.of(time), until, agent, type, verdict, rule, kind, session, text);
    }

    /** Returns this filter for rows before a time. */
    public Filter until(Instant time) {
      return new Filter(since, Optional.of(time), agent, type, verdict, rule, kind, session, text);
    }

    /** Returns this filter for rows of an agent. */
    public Filter agent(String id) {
      return new Filter(since, until, Optional.of(id), type, verdict, rule, kind, session, text);
    }

    /** Returns this filter for rows of a type. */
    public Filter type(String name) {
      return new Filter(since, until, agent, Optional.of(name), verdict, rule, kind, session, text);
    }

    /** Returns this filter for one decision. */
    public Filter verdict(String tag) {
      return new Filter(since, until, agent, type, Optional.of(tag), rule, kind, session, text);
    }

    /** Returns this filter for decisions of a rule. */
    public Filter rule(String id) {
      return new Filter(since, until, agent, type, verdict, Optional.of(id), kind, session, text);
    }

    /** Returns this filter for actions of a kind. */
    public Filter kind(String tag) {
      return new Filter(since, until, agent, type, verdict, rule, Optional.of(tag), session, text);
    }

    /** Returns this filter for decisions in a session. */
    public Filter session(String id) {
      return new Filter(since, until, agent, type, verdict, rule, kind, Optional.of(id), text);
    }

    /** Returns this filter for payloads with a text. */
    public Filter text(String part) {
      return new Filter(since, until, agent, type, verdict, rule, kind, session, Optional.of(part));
    }

    /** Returns the earliest time that a row may have, in microseconds since 1970. */
    public long fromMicros() {
      return since.map(Timestamps::micros).orElse(Long.MIN_VALUE);
    }

    /** Returns the time before which a row must be, in microseconds since 1970. */
    public long toMicros() {
      return until.map(Timestamps::micros).orElse(Long.MAX_VALUE);
    }

    /** Returns a predicate for rows, which reads nothing but the row. */
    public Predicate<ChainRow> predicate() {
      Optional<PayloadText> part = text.map(PayloadText::new);
      return row -> fits(row) && part.map(each -> each.isIn(row)).orElse(true);
    }

    private boolean fits(ChainRow row) {
      if (!is(agent, row.agentId()) || !is(type, row.eventType())) {
        return false;
      }
      long time = Timestamps.micros(row.timestamp());
      if (time < fromMicros() || time >= toMicros()) {
        return false;
      }
      if (verdict.isEmpty() && rule.isEmpty() && kind.isEmpty() && session.isEmpty()) {
        return true;
      }
      Facets facets = Facets.of(row);
      boolean decided =
          isAnyVerdict()
              ? DeferredAuditEvent.isDecision(row.eventType())
              : is(verdict, facets.verdict());
      return decided
          && is(rule, facets.rule())
          && is(kind, facets.kind())
          && is(session, facets.session());
    }

    /** Returns true if every decision is to be found. */
    public boolean isAnyVerdict() {
      return verdict.equals(Optional.of(ANY_VERDICT));
    }

    private static boolean is(Optional<String> wanted, String found) {
      return wanted.isEmpty() || wanted.get().equals(found);
    }
  }

  /**
   * Values from a decision's payload that a filter can match. A value is empty if the payload lacks
   * it, was erased or cannot be read, or if the row records no decision.
   *
   * @param verdict one of {@link #VERDICTS}
   * @param rule the id of the rule that decided
   * @param kind the kind of the action
   * @param session the session of the agent
   */
  public record Facets(String verdict, String rule, String kind, String session) {
    /** The facets of a row without a readable decision. */
    public static final Facets NONE = new Facets("", "", "", "");

    /** Reads the facets of a row. */
    public static Facets of(ChainRow row) {
      return DeferredAuditEvent.isDecision(row.eventType())
          ? row.payload().map(PayloadFacets::read).orElse(NONE)
          : NONE;
    }
  }

  /**
   * A query for counts.
   *
   * @param filter the rows to count
   * @param bucket the length of a time bucket; empty to choose a length that suits the rows
   * @param top the maximum number of rules, and of agents, to name
   * @param atMost the time after which the count ends, complete or not
   */
  public record Counting(Filter filter, Optional<Duration> bucket, int top, Duration atMost) {
    /** The maximum number of rules, and of agents, to name. */
    public static final int MAX_TOP = 1_000;

    /** Creates a query; see {@link Counts#bucket} for the length of a bucket. */
    public Counting {
      if (top < 0 || top > MAX_TOP) {
        throw new IllegalArgumentException("top %s: 0 to %s".formatted(top, MAX_TOP));
      }
      if (bucket.isPresent() && bucket.get().compareTo(Duration.ofSeconds(1)) < 0) {
        throw new IllegalArgumentException("bucket %s: at least a second".formatted(bucket.get()));
      }
    }

    /**
     * The default time limit of counts; longer than a page's, because incomplete counts are of
     * little use.
     */
    private static final Duration COUNT_TIME = Duration.ofSeconds(1);

    /** Returns a query that names the ten rules and the ten agents with the most decisions. */
    public static Counting of(Filter filter) {
      return new Counting(filter, Optional.empty(), 10, COUNT_TIME);
    }

    /** Returns this query with another length of a bucket. */
    public Counting bucket(Duration length) {
      return new Counting(filter, Optional.of(length), top, atMost);
    }

    /** Returns this query with another number of names. */
    public Counting top(int names) {
      return new Counting(filter, bucket, names, atMost);
    }

    /** Returns this query with another time limit. */
    public Counting within(Duration time) {
      return new Counting(filter, bucket, top, time);
    }
  }

  /**
   * Extent of a result: it is complete for the rows up to {@code indexed}, and says nothing about
   * later ones.
   *
   * @param indexed the last row of the index
   * @param last the last row of the ledger; greater while the index is behind
   */
  public record Coverage(long indexed, long last) {
    /** The extent of a log without rows. */
    public static final Coverage NOTHING = new Coverage(0, 0);

    /** Returns true if the result covers the whole ledger. */
    public boolean isComplete() {
      return indexed >= last;
    }
  }

  /**
   * Rows found, in the order of the query.
   *
   * @param rows the rows
   * @param next the cursor of the next page; empty if the query has no more rows
   * @param reached the last row that was examined, found or not; 0 if there was none. A page may
   *     end before its limit, because its time limit is reached or its rows are large; the next
   *     page continues after this row
   * @param coverage the rows that the query as a whole covers
   */
  public record Page(List<ChainRow> rows, Optional<String> next, long reached, Coverage coverage) {
    public Page {
      rows = List.copyOf(rows);
    }
  }

  /**
   * Counts of the rows that a filter finds.
   *
   * @param rows the number of all rows, including those without a decision
   * @param verdicts the numbers of decisions among them
   * @param rules the rules with the most decisions, in descending order
   * @param agents the agents with the most decisions, in descending order
   * @param kinds the kinds of action, in descending order of their decisions
   * @param bucket the length of a time bucket
   * @param buckets the decisions by time, oldest first; a bucket without rows is left out
   * @param from the first row that was counted, if the time limit was reached; empty if all rows
   *     were counted
   * @param coverage the rows that the counts as a whole cover
   */
  public record Counts(
      long rows,
      Verdicts verdicts,
      Top rules,
      Top agents,
      List<Named> kinds,
      Duration bucket,
      List<Bucket> buckets,
      Optional<Long> from,
      Coverage coverage) {
    public Counts {
      kinds = List.copyOf(kinds);
      buckets = List.copyOf(buckets);
    }

    /** Writes the members of a JSON object. */
    public void write(CanonicalWriter out) {
      out.name("agents")
          .objects(agents.first(), each -> each.write(out))
          .member("agents_complete", agents.isComplete())
          .member("bucket_seconds", bucket.toSeconds())
          .name("buckets")
          .objects(buckets, each -> each.write(out))
          .name("decisions")
          .beginObject();
      verdicts.write(out);
      out.endObject();
      from.ifPresent(row -> out.member("from", row));
      out.member("indexed", coverage.indexed())
          .name("kinds")
          .objects(kinds, each -> each.write(out))
          .member("last", coverage.last())
          .member("more_agents", agents.more())
          .member("more_rules", rules.more())
          .member("rows", rows)
          .name("rules")
          .objects(rules.first(), each -> each.write(out));
    }

    /** Returns the counts of no rows. */
    public static Counts none(Coverage coverage) {
      Top none = new Top(List.of(), 0, true);
      return new Counts(
          0,
          new Verdicts(0, 0, 0, 0, 0),
          none,
          none,
          List.of(),
          Duration.ofDays(1),
          List.of(),
          Optional.empty(),
          coverage);
    }

    /**
     * Counts of decisions. An escalation does not count as a refusal.
     *
     * @param unknown decisions whose payload was erased or cannot be read
     */
    public record Verdicts(long allow, long warn, long refuse, long escalate, long unknown) {
      private void write(CanonicalWriter out) {
        out.member("allow", allow)
            .member("escalate", escalate)
            .member("refuse", refuse)
            .member("unknown", unknown)
            .member("warn", warn);
      }

      /** Returns the number of all decisions. */
      public long total() {
        return allow + warn + refuse + escalate + unknown;
      }
    }

    /**
     * Names with the most decisions.
     *
     * @param more the number of further names that were counted
     * @param isComplete false if there are so many names that only those of the newest rows were
     *     counted; then a name with more decisions can be missing
     */
    public record Top(List<Named> first, long more, boolean isComplete) {
      public Top {
        first = List.copyOf(first);
      }
    }

    /** The decisions of a rule, about an agent, or about a kind of action. */
    public record Named(String name, Verdicts verdicts) {
      private void write(CanonicalWriter out) {
        out.name("decisions").beginObject();
        verdicts.write(out);
        out.endObject().member("name", name);
      }
    }

    /**
     * The decisions in a bucket of time.
     *
     * @param start its first moment
     */
    public record Bucket(Instant start, Verdicts verdicts) {
      private void write(CanonicalWriter out) {
        out.name("decisions").beginObject();
        verdicts.write(out);
        out.endObject().member("start", start.toString());
      }
    }
  }
}
