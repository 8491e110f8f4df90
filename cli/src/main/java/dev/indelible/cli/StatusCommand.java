// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.HealthCheck;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.health.HealthEntry;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.TamperNotes.Noted;
import dev.indelible.policy.Policy;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.queue.AuditHealth;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteLedger.BlockedCounts;
import dev.indelible.sqlite.SqliteLibrary;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "status",
    description = "Show the state of the log: counts, keys, rules, and everything that is wrong.",
    footer = {
      "",
      "Exit status: 0 nothing is wrong, 1 something is; each line 'problem' says what to do.",
      "It reads counts and the last row; 'log verify' checks the chain."
    })
final class StatusCommand extends Verb {
  private static final String UNREADABLE = "(unreadable)";

  @Mixin AnchorOption anchor = new AnchorOption();

  /** Everything that is wrong, also with what is read for a field. */
  private AuditHealth health = AuditHealth.RECORDING;

  @Override
  public Integer call() throws Exception {
    requireDataDirectory();
    // A library that cannot be loaded is a fault of this machine, and not of the log.
    SqliteLibrary.load();
    List<Field> fields;
    try (SqliteLedger ledger = ledger()) {
      fields = fields(Optional.of(ledger));
    } catch (LedgerException e) {
      fields = withoutLedger(e);
    }
    if (json()) {
      console().json(toJson(fields));
    } else {
      print(fields);
    }
    return health.isWell() ? ExitCode.OK : ExitCode.FAILED;
  }

  /** The fields of a log whose ledger cannot be opened. */
  private List<Field> withoutLedger(LedgerException e) throws LedgerException {
    health = health.and(List.of(HealthCheck.unreadable(e)));
    List<Field> fields = fields(Optional.empty());
    boolean waits = health.entry(HealthEntry.WAITING).isPresent();
    if (!Files.exists(data().database()) && !waits) {
      // Nothing was ever recorded here.
      throw e;
    }
    return fields;
  }

  /** Every field, in the order in which a person reads them. */
  private List<Field> fields(Optional<SqliteLedger> ledger) {
    HealthCheck check = HealthCheck.of(data(), ledger, anchor.file());
    health = health.and(check.health().entries());
    // Read first: the state is of all of them.
    Optional<Head> head = read(ledger, "the last row", StatusCommand::head);
    List<Field> read = new ArrayList<>();
    read.add(rows(read(ledger, "rows", SqliteLedger::size)));
    read.addAll(blocked(read(ledger, "refusals", SqliteLedger::blocked)));
    read.add(deadLetters(check.deadLetters()));
    read.add(waiting(check.waiting()));
    read.add(head(head));
    read.add(signatures(rowSignatures(ledger, check)));
    read.add(checkpoint(check.checkpoint(), head));
    read.add(witnesses(ledger, check, head));
    read.add(anchor(check.anchored(), head));
    read.add(tally(lastTally(ledger, check)));
    read.addAll(keys(check));
    read.add(policy(check.policy()));
    read.addAll(tamperNotes(check.tamperNotes()));
    String state = check.isTampered() ? "tampered" : health.isWell() ? "ok" : "unhealthy";
    List<Field> all = new ArrayList<>();
    all.add(
        new Field(
            "state",
            console().bold(console().byMeaning(state, state)),
            "state",
            out -> out.string(state)));
    all.addAll(read);
    return all;
  }

  /** Reads something of the ledger; empty if it cannot be read, which is not zero (D11). */
  private <T> Optional<T> read(Optional<SqliteLedger> ledger, String what, Reading<T> reading) {
    try {
      return ledger.isPresent() ? Optional.of(reading.read(ledger.get())) : Optional.empty();
    } catch (LedgerException e) {
      String reason = what + " cannot be read: " + e.getMessage();
      health = health.and(List.of(new HealthEntry(HealthEntry.LEDGER, reason)));
      return Optional.empty();
    }
  }

  private static Head head(SqliteLedger ledger) throws LedgerException {
    return ledger.lastRow().map(ChainRow::head).orElse(Head.EMPTY);
  }

  private RowSignatures rowSignatures(Optional<SqliteLedger> ledger, HealthCheck check) {
    return check
        .accepted()
        .flatMap(ring -> read(ledger, "row signatures", open -> RowSignatures.read(open, ring)))
        .orElse(RowSignatures.UNKNOWN);
  }

  /** Empty where it cannot be told which tallies hold. */
  private Optional<LastTally> lastTally(Optional<SqliteLedger> ledger, HealthCheck check) {
    return check
        .accepted()
        .flatMap(ring -> read(ledger, "the last tally", open -> LastTally.read(open, ring)))
        .flatMap(Function.identity());
  }

  private static Field rows(Optional<Long> rows) {
    return number("rows", "rows", rows);
  }

  /**
   * Refusals and escalations, which rows record under one event type: told apart by their payloads.
   */
  private static List<Field> blocked(Optional<BlockedCounts> counts) {
    Field refusals = number("refusals", "refusals", counts.map(BlockedCounts::refusals));
    long unknown = counts.map(BlockedCounts::unknown).orElse(0L);
    String text =
        unknown == 0
            ? refusals.text()
            : refusals.text()
                + text("; %,d more were refusals or escalations, their payloads are gone", unknown);
    return List.of(
        new Field(refusals.name(), text, refusals.member(), refusals.json()),
        number("escalations", "escalations", counts.map(BlockedCounts::escalations)),
        jsonOnly("blocked", number(counts.map(BlockedCounts::rows))));
  }

  private static Field deadLetters(OptionalLong letters) {
    Optional<Long> count = boxed(letters);
    return new Field(
        "dead letters",
        text(count),
        "approval",
        out -> {
          out.beginObject().name("deferred_audit_dlq_size");
          number(count).accept(out);
          out.endObject();
        });
  }

  private Field waiting(Optional<WaitingEvents> waiting) {
    return new Field(
        "waiting",
        waiting.map(this::describe).orElse(UNREADABLE),
        "waiting",
        out ->
            waiting.ifPresentOrElse(
                events ->
                    out.beginObject()
                        .member("alive", events.alive())
                        .member("ended", events.ended())
                        .endObject(),
                () -> out.canonical("null")));
  }

  private String describe(WaitingEvents events) {
    if (events.isNone()) {
      return "0 events";
    }
    List<String> parts = new ArrayList<>();
    if (events.ended() > 0) {
      String ended = text("%s in the journal of a process that has ended", events(events.ended()));
      parts.add(console().yellow(ended));
    }
    if (events.alive() > 0) {
      parts.add(text("%s in the journal of a process at work", events(events.alive())));
    }
    return String.join(", ", parts);
  }

  private static String events(long count) {
    return text("%,d %s", count, count == 1 ? "event" : "events");
  }

  private static Field head(Optional<Head> head) {
    return new Field(
        "head",
        head.map(last -> last.equals(Head.EMPTY) ? "(empty)" : last.toString()).orElse(UNREADABLE),
        "head",
        out ->
            head.filter(last -> !last.equals(Head.EMPTY))
                .ifPresentOrElse(
                    last ->
                        out.beginObject()
                            .member("hash", last.hex())
                            .member("sequence", last.sequence())
                            .endObject(),
                    () -> out.canonical("null")));
  }

  private Field signatures(RowSignatures found) {
    String text =
        switch (found) {
          case ON -> "on";
          case OFF ->
              console().yellow("off")
                  + ": new rows are unsigned, as a signed note in the chain says";
          case UNKNOWN -> console().yellow("(unknown)");
        };
    return new Field("signatures", text, "row_signatures", out -> out.string(found.label()));
  }

  private static Field checkpoint(Optional<Checkpoint> checkpoint, Optional<Head> head) {
    String text =
        checkpoint
            .map(
                last ->
                    text("over %,d rows of %s", last.size(), Console.printable(last.origin()))
                        + behind(OptionalLong.of(last.size()), head).stream()
                            .filter(rows -> rows > 0)
                            .mapToObj(rows -> text("; %,d rows follow it", rows))
                            .findFirst()
                            .orElse(""))
            .orElse("(none that can be read)");
    return new Field(
        "checkpoint",
        text,
        "checkpoint",
        out ->
            checkpoint.ifPresentOrElse(
                last ->
                    out.beginObject()
                        .member("origin", last.origin())
                        .member("size", last.size())
                        .endObject(),
                () -> out.canonical("null")));
  }

  private Field witnesses(Optional<SqliteLedger> ledger, HealthCheck check, Optional<Head> head) {
    boolean has = check.witnesses().isPresent() || health.entry(HealthEntry.WITNESSES).isPresent();
    OptionalLong size =
        check
            .witnesses()
            .flatMap(
                policy ->
                    read(
                        ledger, "cosignatures", open -> CosignatureFollower.cosigned(open, policy)))
            .orElse(OptionalLong.empty());
    OptionalLong behind = behind(size, head);
    return new Field(
        "witnesses",
        has ? coverage(size, behind, "that a quorum cosigned") : "(none)",
        "witnesses",
        coverage(has, "cosigned", size, "not_cosigned", behind));
  }

  private Field anchor(OptionalLong size, Optional<Head> head) {
    boolean has = anchor.file().isPresent();
    OptionalLong behind = behind(size, head);
    return new Field(
        "anchor",
        has ? coverage(size, behind, "that is in it") : "(none)",
        "anchor",
        coverage(has, "anchored", size, "not_anchored", behind));
  }

  /** How many rows follow the last checkpoint that somebody else vouches for. */
  private String coverage(OptionalLong size, OptionalLong behind, String by) {
    if (behind.isEmpty()) {
      return console().yellow("(unknown)");
    }
    return behind.getAsLong() == 0
        ? "all rows are under a checkpoint " + by
        : console().yellow(text("%,d rows are not yet under one", behind.getAsLong()))
            + text(" %s; the last is over %,d", by, size.getAsLong());
  }

  private static Consumer<CanonicalWriter> coverage(
      boolean has, String name, OptionalLong size, String behindName, OptionalLong behind) {
    return out -> {
      if (!has) {
        out.canonical("null");
        return;
      }
      out.beginObject().name(name);
      number(boxed(size)).accept(out);
      out.name(behindName);
      number(boxed(behind)).accept(out);
      out.endObject();
    };
  }

  private Field tally(Optional<LastTally> tally) {
    return new Field(
        "last tally",
        tally.map(LastTally::describe).orElse(console().yellow("(unknown)")),
        "tally",
        out -> tally.ifPresentOrElse(last -> last.write(out), () -> out.canonical("null")));
  }

  private static List<Field> keys(HealthCheck check) {
    KeyStates states = new KeyStates(check.history());
    Optional<List<String>> ids =
        check.keys().map(ring -> ring.keys().stream().map(key -> key.keyId()).toList());
    return List.of(
        new Field(
            "keys",
            ids.map(all -> String.join(", ", all.stream().map(states::marked).toList()))
                .orElse("(unusable)"),
            "keys",
            out -> ids.ifPresentOrElse(out::strings, () -> out.canonical("null"))),
        jsonOnly(
            "revoked_keys",
            out -> out.strings(ids.orElse(List.of()).stream().filter(states::isRevoked).toList())));
  }

  /** Rows that report tampering and are answered; those that are not are in health. */
  private static List<Field> tamperNotes(List<Noted> notes) {
    List<Field> fields = new ArrayList<>();
    for (Noted noted : notes) {
      if (noted.isAnswered()) {
        fields.add(
            textOnly(
                "answered",
                Console.printable(
                    text("tampering noted by row %d: ", noted.sequence()) + noted.describe())));
      }
    }
    fields.add(
        jsonOnly(
            "tamper_notes",
            out -> {
              out.beginArray();
              for (Noted noted : notes) {
                out.element().beginObject().name("answered_by");
                number(noted.answer().map(ChainRow::sequence)).accept(out);
                out.member("sequence", noted.sequence()).endObject();
              }
              out.endArray();
            }));
    return fields;
  }

  private static Field policy(Optional<Policy> policy) {
    return new Field(
        "policy",
        policy
            .map(rules -> text("%,d rules, %s", rules.rules().size(), rules.digest()))
            .orElse("(unusable)"),
        "policy",
        out ->
            policy.map(Policy::digest).ifPresentOrElse(out::string, () -> out.canonical("null")));
  }

  /** The state, then everything that is wrong, then the rest. */
  private void print(List<Field> fields) {
    line(fields.get(0).name(), fields.get(0).text());
    health
        .entries()
        .forEach(entry -> line("problem", console().red(Console.printable(entry.reason()))));
    fields.stream()
        .skip(1)
        .filter(field -> !field.name().isEmpty())
        .forEach(field -> line(field.name(), field.text()));
  }

  private void line(String name, String value) {
    console().line(console().faint(String.format(Locale.ROOT, "%-13s", name)) + value);
  }

  private CanonicalWriter toJson(List<Field> fields) {
    TreeMap<String, Consumer<CanonicalWriter>> members = new TreeMap<>();
    fields.stream()
        .filter(field -> !field.member().isEmpty())
        .forEach(field -> members.put(field.member(), field.json()));
    members.put("health", this::writeHealth);
    members.put(
        "problems",
        out -> out.strings(health.entries().stream().map(HealthEntry::reason).toList()));
    CanonicalWriter out = new CanonicalWriter().beginObject();
    members.forEach(
        (name, json) -> {
          out.name(name);
          json.accept(out);
        });
    return out.endObject();
  }

  private void writeHealth(CanonicalWriter out) {
    out.beginArray();
    for (HealthEntry entry : health.entries()) {
      out.element()
          .beginObject()
          .member("reason", entry.reason())
          .member("source", entry.source())
          .endObject();
    }
    out.endArray();
  }

  private static OptionalLong behind(OptionalLong size, Optional<Head> head) {
    return size.isPresent() && head.isPresent()
        ? OptionalLong.of(Math.max(0, head.get().sequence() - size.getAsLong()))
        : OptionalLong.empty();
  }

  private static Field number(String name, String member, Optional<Long> value) {
    return new Field(name, text(value), member, number(value));
  }

  private static Field textOnly(String name, String text) {
    return new Field(name, text, "", out -> {});
  }

  private static Field jsonOnly(String member, Consumer<CanonicalWriter> json) {
    return new Field("", "", member, json);
  }

  private static Consumer<CanonicalWriter> number(Optional<Long> value) {
    return out -> out.canonical(value.map(String::valueOf).orElse("null"));
  }

  private static String text(Optional<Long> value) {
    return value.map(number -> text("%,d", number)).orElse(UNREADABLE);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static Optional<Long> boxed(OptionalLong value) {
    return value.isPresent() ? Optional.of(value.getAsLong()) : Optional.empty();
  }

  /**
   * One thing that status shows.
   *
   * @param name its name for a person; empty if it is shown in JSON only
   * @param text its value for a person
   * @param member its name in JSON
   * @param json writes its value in JSON
   */
  private record Field(String name, String text, String member, Consumer<CanonicalWriter> json) {}

  /** Reads something of a ledger. */
  @FunctionalInterface
  private interface Reading<T> {
    T read(SqliteLedger ledger) throws LedgerException;
  }
}
