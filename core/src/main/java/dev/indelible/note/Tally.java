// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.event.TypeCounts;
import dev.indelible.event.VerdictCounts;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * What an {@code audit.tally} event says. Two things: how many decisions there are in the rows
 * since the tally before, whoever wrote them; and how many one run of a writer was asked for since
 * it began, and where they ended.
 *
 * @param run the run that speaks: one opening of the log by one process
 * @param number which of its tallies this is, from 1
 * @param closed whether it is its last
 * @param first the row behind the tally before; 1 if there is none
 * @param last the row before this one
 * @param rows the decisions in those rows
 * @param attempts handed in to this run, by what was decided
 * @param unrecorded decided by its gate and by design not on record, as what a hook let pass
 * @param outcomes where those that were handed in ended
 * @param recovered appended by this run for earlier ones that left them waiting
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
   * Where attempts ended.
   *
   * @param appended in the chain
   * @param deadLettered in the dead letters
   * @param repeated the same event as one that was counted already
   * @param rejected not accepted: the gate refused for want of a record
   * @param lost accepted and lost, as an {@code audit.gap} says
   */
  public record Outcomes(
      TypeCounts appended,
      TypeCounts deadLettered,
      TypeCounts repeated,
      TypeCounts rejected,
      long lost) {
    /** None. */
    public static final Outcomes NONE =
        new Outcomes(TypeCounts.NONE, TypeCounts.NONE, TypeCounts.NONE, TypeCounts.NONE, 0);

    /** Those of which the type is known. */
    public TypeCounts byType() {
      return appended.plus(deadLettered).plus(repeated).plus(rejected);
    }
  }

  /**
   * Attempts that had no outcome yet when this was written. What is lost may have been no decision,
   * and so no attempt: then it is less than none, which counts as none.
   */
  public long pending() {
    return Math.max(0, attempts.total() - outcomes.byType().total() - outcomes.lost());
  }

  /**
   * Reads the tally out of a row; empty if the row holds none. Whether it is signed is not asked.
   */
  public static Optional<Tally> read(ChainRow row) {
    return row.said(SystemEvent.TALLY, Tally::read);
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

  /** The event that chains this tally. */
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
