// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.monitor.TypeCounts;
import dev.indelible.monitor.VerdictCounts;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * Content of an {@code audit.tally} event: the number of decisions in the rows since the previous
 * tally, by any writer; and the number of decisions of one run since it began, by outcome.
 *
 * @param run the run that writes the tally: one opening of the log by one process
 * @param number the number of this tally among those of the run, from 1
 * @param closed true if this is the last tally of the run
 * @param first the row after the previous tally; 1 if there is none
 * @param last the row before this tally
 * @param rows the decisions in those rows
 * @param attempts decisions submitted in this run, by verdict
 * @param unrecorded decisions that by design are not recorded, for example those that a hook
 *     permitted
 * @param outcomes the outcomes of the submitted decisions
 * @param recovered decisions of earlier runs that this run appended
 */
public record Tally(
    UUID run,
    long number,
    boolean closed,
    long first,
    long last,
    TypeCounts rows,
    VerdictCounts attempts,
    VerdictCounts unrecorded,
    Outcomes outcomes,
    TypeCounts recovered) {

  /**
   * The outcomes of attempts.
   *
   * @param appended decisions in the chain
   * @param deadLettered decisions in the dead letters
   * @param repeated repetitions of an event that was counted already
   * @param rejected decisions that were rejected; the gate refused, because it could not record
   *     them
   * @param lost accepted decisions that were lost, as an {@code audit.gap} event records
   */
  public record Outcomes(
      TypeCounts appended,
      TypeCounts deadLettered,
      TypeCounts repeated,
      TypeCounts rejected,
      long lost) {
    /** No outcomes. */
    public static final Outcomes NONE =
        new Outcomes(TypeCounts.NONE, TypeCounts.NONE, TypeCounts.NONE, TypeCounts.NONE, 0);

    /** Returns the sum of the outcomes whose event type is known. */
    public TypeCounts byType() {
      return appended.plus(deadLettered).plus(repeated).plus(rejected);
    }
  }

  /**
   * Returns the number of attempts without an outcome when this tally was written. A lost event
   * that was not a decision was not an attempt either, so a negative result counts as 0.
   */
  public long pending() {
    return Math.max(0, attempts.total() - outcomes.byType().total() - outcomes.lost());
  }

  /** Reads the tally in a row; empty if the row has none. Does not check the signature. */
  public static Optional<Tally> read(ChainRow row) {
    return row.details(SystemEvent.TALLY, Tally::read);
  }

  private static Tally read(JsonFields details) throws JsonFormatException {
    JsonFields covers = fields(details, "covers");
    JsonFields outcomes = fields(details, "outcomes");
    return new Tally(
        UUID.fromString(details.string("run")),
        number(details, "number"),
        closed(details),
        number(covers, "first"),
        number(covers, "last"),
        types(covers, "decisions"),
        verdicts(details, "attempts"),
        verdicts(details, "unrecorded"),
        new Outcomes(
            types(outcomes, "appended"),
            types(outcomes, "dead_lettered"),
            types(outcomes, "repeated"),
            types(outcomes, "rejected"),
            number(outcomes, "lost")),
        types(details, "recovered"));
  }

  /** Returns the event that records this tally in the chain. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    write(out, "attempts", attempts);
    out.member("closed", closed);
    out.name("covers").beginObject();
    write(out, "decisions", rows);
    out.member("first", first).member("last", last).endObject();
    out.member("number", number);
    out.name("outcomes").beginObject();
    write(out, "appended", outcomes.appended());
    write(out, "dead_lettered", outcomes.deadLettered());
    out.member("lost", outcomes.lost());
    write(out, "rejected", outcomes.rejected());
    write(out, "repeated", outcomes.repeated());
    out.endObject().member("pending", pending());
    write(out, "recovered", recovered);
    out.member("run", run);
    write(out, "unrecorded", unrecorded);
    return SystemEvent.of(SystemEvent.TALLY, out.endObject());
  }

  private static void write(CanonicalWriter out, String name, VerdictCounts counts) {
    out.name(name).beginObject();
    out.member("allow", counts.allow()).member("escalate", counts.escalate());
    out.member("refuse", counts.refuse()).member("warn", counts.warn()).endObject();
  }

  private static void write(CanonicalWriter out, String name, TypeCounts counts) {
    out.name(name).beginObject();
    out.member("check", counts.checks()).member("refusal", counts.refusals()).endObject();
  }

  private static boolean closed(JsonFields details) throws JsonFormatException {
    JsonNode closed = details.node("closed");
    if (!closed.isBoolean()) {
      throw new JsonFormatException(details.where() + ".closed: neither true nor false");
    }
    return closed.booleanValue();
  }

  private static VerdictCounts verdicts(JsonFields from, String name) throws JsonFormatException {
    JsonFields counts = fields(from, name);
    return new VerdictCounts(
        number(counts, "allow"),
        number(counts, "warn"),
        number(counts, "refuse"),
        number(counts, "escalate"));
  }

  private static TypeCounts types(JsonFields from, String name) throws JsonFormatException {
    JsonFields counts = fields(from, name);
    return new TypeCounts(number(counts, "check"), number(counts, "refusal"));
  }

  private static JsonFields fields(JsonFields from, String name) throws JsonFormatException {
    JsonNode node = from.node(name);
    return JsonFields.of(node, from.where() + "." + name);
  }

  private static long number(JsonFields from, String name) throws JsonFormatException {
    return from.optionalLong(name)
        .orElseThrow(() -> new JsonFormatException(from.where() + "." + name + ": missing"));
  }
}
