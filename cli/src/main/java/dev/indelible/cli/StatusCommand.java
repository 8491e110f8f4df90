// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.directory.HealthCheck;
import dev.indelible.directory.HealthReport;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.HealthEntry;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.TamperNotes.Noted;
import dev.indelible.policy.RulePolicy;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteLedger.BlockedCounts;
import dev.indelible.sqlite.SqliteLibrary;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "status",
    description = "Show the state of the log: counts, keys, rules, and every problem.",
    footer = {
      "",
      "Exit status: 0 no problem; 1 a problem: each line 'problem' states what to do.",
      "Reads counts and the last row; 'indelible log verify' verifies the chain."
    })
final class StatusCommand extends Verb {
  private static final int WIDTH = 13;

  @Mixin AnchorOption anchor = new AnchorOption();

  /** Null if the ledger cannot be opened. */
  private @Nullable SqliteLedger ledger;

  /** All problems; {@link #read} may add one. */
  private AuditHealth health = AuditHealth.RECORDING;

  @Override
  public Integer call() throws Exception {
    requireDataDirectory();
    // SQLite's library that does not load is a fault of this machine, not of the log.
    SqliteLibrary.load();
    List<StatusField> fields;
    try (SqliteLedger open = ledger()) {
      ledger = open;
      fields = fields();
    } catch (LedgerException e) {
      fields = withoutLedger(e);
    }
    List<StatusField> all = fields;
    print(out -> write(out, all), () -> print(all));
    return health.isWell() ? ExitCode.OK : ExitCode.FAILED;
  }

  /** Returns the fields of a log whose ledger cannot be opened. */
  private List<StatusField> withoutLedger(LedgerException e) throws LedgerException {
    ledger = null;
    health = health.and(List.of(HealthCheck.unreadable(data(), e)));
    List<StatusField> fields = fields();
    boolean waits = health.entry(HealthEntry.WAITING).isPresent();
    if (!Files.exists(data().database()) && !Files.exists(data().lastCheckpoint()) && !waits) {
      // Nothing was recorded here.
      throw e;
    }
    return fields;
  }

  /** Returns every field, in the order in which text shows them. */
  private List<StatusField> fields() {
    HealthReport check = HealthCheck.of(data(), Optional.ofNullable(ledger), anchor.file());
    health = health.and(check.health().entries());
    Optional<Head> head = read("the last row", StatusCommand::head);
    List<StatusField> fields = new ArrayList<>();
    fields.add(StatusField.number("rows", read("rows", SqliteLedger::size)));
    fields.addAll(blocked(read("refusals", SqliteLedger::blocked)));
    fields.add(deadLetters(StatusField.boxed(check.deadLetters())));
    fields.add(waiting(check.waiting()));
    fields.add(head(head));
    fields.add(signatures(check));
    fields.add(checkpoint(check.checkpoint(), head));
    fields.add(witnesses(check, head));
    fields.add(
        anchor.file().isEmpty()
            ? none("anchor")
            : Coverage.of(check.anchored(), head)
                .field(console(), "anchor", "that is in it", "anchored"));
    fields.add(tally(check));
    fields.addAll(keys(check));
    fields.add(policy(check.policy()));
    fields.addAll(tamperNotes(check.tamperNotes()));
    fields.addAll(problems());
    // The state depends on every other field, and is shown first.
    String state = check.isTampered() ? "tampered" : health.isWell() ? "ok" : "unhealthy";
    String shown = console().bold(console().byMeaning(state, state));
    fields.add(0, new StatusField("state", shown, "state", out -> out.string(state)));
    return fields;
  }

  /** Reads a value of the ledger; empty, and not zero, if it cannot be read (D11). */
  private <T> Optional<T> read(
      String what, ThrowingFunction<SqliteLedger, T, LedgerException> reading) {
    try {
      return ledger == null ? Optional.empty() : Optional.of(reading.apply(ledger));
    } catch (LedgerException e) {
      String reason = what + " cannot be read: " + e.getMessage();
      health = health.and(List.of(new HealthEntry(HealthEntry.LEDGER, reason)));
      return Optional.empty();
    }
  }

  /** Returns the counts of refusals and escalations, which are one event type in the chain. */
  private static List<StatusField> blocked(Optional<BlockedCounts> counts) {
    Optional<Long> refusals = counts.map(BlockedCounts::refusals);
    String more =
        counts
            .map(BlockedCounts::unknown)
            .filter(unknown -> unknown > 0)
            .map(
                ("; %,d more are refusals or escalations, unknown because their payloads are"
                        + " erased")
                    ::formatted)
            .orElse("");
    return List.of(
        new StatusField(
            "refusals",
            StatusField.text(refusals) + more,
            "refusals",
            StatusField.number(refusals)),
        StatusField.number("escalations", counts.map(BlockedCounts::escalations)),
        StatusField.jsonOnly("blocked", StatusField.number(counts.map(BlockedCounts::rows))));
  }

  private static StatusField deadLetters(Optional<Long> count) {
    return new StatusField(
        "dead letters",
        StatusField.text(count),
        "approval",
        out -> {
          out.beginObject().name("deferred_audit_dlq_size");
          StatusField.number(count).accept(out);
          out.endObject();
        });
  }

  private StatusField waiting(Optional<WaitingEvents> waiting) {
    return StatusField.object(
        "waiting",
        waiting,
        waiting.map(this::describe).orElse(StatusField.UNREADABLE),
        (out, events) -> out.member("alive", events.alive()).member("ended", events.ended()));
  }

  private String describe(WaitingEvents events) {
    if (events.isNone()) {
      return "0 events";
    }
    List<String> parts = new ArrayList<>();
    if (events.ended() > 0) {
      parts.add(
          console().yellow(events(events.ended()) + " in the journal of a process that has ended"));
    }
    if (events.alive() > 0) {
      parts.add(events(events.alive()) + " in the journal of a running process");
    }
    return String.join(", ", parts);
  }

  private static String events(long count) {
    return "%,d %s".formatted(count, count == 1 ? "event" : "events");
  }

  private static Head head(SqliteLedger ledger) throws LedgerException {
    return ledger.lastRow().map(ChainRow::head).orElse(Head.EMPTY);
  }

  private static StatusField head(Optional<Head> head) {
    Optional<Head> row = head.filter(last -> !last.equals(Head.EMPTY));
    String none = head.isPresent() ? "(empty)" : StatusField.UNREADABLE;
    return StatusField.object(
        "head",
        row,
        row.map(Head::toString).orElse(none),
        (out, last) -> out.member("hash", last.hex()).member("sequence", last.sequence()));
  }

  private StatusField signatures(HealthReport check) {
    RowSignatures found =
        check
            .accepted()
            .flatMap(ring -> read("row signatures", open -> RowSignatures.read(open, ring)))
            .orElse(RowSignatures.UNKNOWN);
    String text =
        switch (found) {
          case ON -> "on";
          case OFF ->
              console().yellow("off")
                  + ": new rows are unsigned; a signed row in the chain states that";
          case UNKNOWN -> console().yellow("(unknown)");
        };
    return new StatusField("signatures", text, "row_signatures", out -> out.string(found.label()));
  }

  private static StatusField checkpoint(Optional<Checkpoint> checkpoint, Optional<Head> head) {
    return StatusField.object(
        "checkpoint",
        checkpoint,
        checkpoint.map(last -> describe(last, head)).orElse("(none that can be read)"),
        (out, last) -> out.member("origin", last.origin()).member("size", last.size()));
  }

  private static String describe(Checkpoint last, Optional<Head> head) {
    long after = Coverage.of(OptionalLong.of(last.size()), head).uncovered().orElse(0L);
    return "over %,d rows of %s".formatted(last.size(), Console.printable(last.origin()))
        + (after > 0 ? "; %,d rows follow it".formatted(after) : "");
  }

  private StatusField witnesses(HealthReport check, Optional<Head> head) {
    if (check.witnesses().isEmpty() && health.entry(HealthEntry.WITNESSES).isEmpty()) {
      return none("witnesses");
    }
    OptionalLong cosigned =
        check
            .witnesses()
            .flatMap(
                policy -> read("cosignatures", open -> CosignatureFollower.cosigned(open, policy)))
            .orElse(OptionalLong.empty());
    return Coverage.of(cosigned, head)
        .field(console(), "witnesses", "that a quorum cosigned", "cosigned");
  }

  /** Returns the field of evidence that this log does not have. */
  private static StatusField none(String name) {
    return new StatusField(name, "(none)", name, out -> out.canonical("null"));
  }

  private StatusField tally(HealthReport check) {
    Optional<LastTally> tally =
        check
            .accepted()
            .flatMap(ring -> read("the last tally", open -> LastTally.read(open, ring)))
            .flatMap(Function.identity());
    return new StatusField(
        "last tally",
        tally.map(LastTally::describe).orElse(console().yellow("(unknown)")),
        "tally",
        out -> out.object(tally, last -> last.write(out)));
  }

  private static List<StatusField> keys(HealthReport check) {
    KeyStates states = new KeyStates(check.history());
    Optional<List<String>> ids =
        check.keys().map(ring -> ring.keys().stream().map(key -> key.keyId()).toList());
    List<String> known = ids.orElse(List.of());
    return List.of(
        new StatusField(
            "keys",
            ids.isPresent()
                ? String.join(", ", known.stream().map(states::marked).toList())
                : "(unusable)",
            "keys",
            out -> out.nullable(ids, out::strings)),
        StatusField.jsonOnly(
            "revoked_keys", out -> out.strings(known.stream().filter(states::isRevoked).toList())));
  }

  private static StatusField policy(Optional<RulePolicy> policy) {
    return new StatusField(
        "policy",
        policy
            .map(rules -> "%,d rules, %s".formatted(rules.rules().size(), rules.digest()))
            .orElse("(unusable)"),
        "policy",
        out -> out.nullable(policy.map(RulePolicy::digest)));
  }

  /** Returns the answered rows that report tampering; each of the others is a problem. */
  private static List<StatusField> tamperNotes(List<Noted> notes) {
    List<StatusField> fields = new ArrayList<>();
    for (Noted noted : notes) {
      if (noted.isAnswered()) {
        String text = "tampering noted by row %d: ".formatted(noted.sequence()) + noted.describe();
        fields.add(StatusField.textOnly("answered", Console.printable(text)));
      }
    }
    fields.add(
        StatusField.jsonOnly(
            "tamper_notes",
            out ->
                out.objects(
                    notes,
                    noted -> {
                      out.name("answered_by");
                      StatusField.number(noted.answer().map(ChainRow::sequence)).accept(out);
                      out.member("sequence", noted.sequence());
                    })));
    return fields;
  }

  private List<StatusField> problems() {
    List<HealthEntry> entries = health.entries();
    return List.of(
        StatusField.jsonOnly(
            "health",
            out ->
                out.objects(
                    entries,
                    entry ->
                        out.member("reason", entry.reason()).member("source", entry.source()))),
        StatusField.jsonOnly(
            "problems", out -> out.strings(entries.stream().map(HealthEntry::reason).toList())));
  }

  /** Prints the state, then every problem, then the other fields. */
  private void print(List<StatusField> fields) {
    field(fields.get(0).name(), fields.get(0).text());
    health
        .entries()
        .forEach(entry -> field("problem", console().red(Console.printable(entry.reason()))));
    fields.stream()
        .skip(1)
        .filter(field -> !field.name().isEmpty())
        .forEach(field -> field(field.name(), field.text()));
  }

  private void field(String name, String value) {
    console().line(console().faint(("%-" + WIDTH + "s").formatted(name)) + value);
  }

  private static void write(CanonicalWriter out, List<StatusField> fields) {
    Map<String, Consumer<CanonicalWriter>> sorted = new TreeMap<>();
    fields.forEach(field -> sorted.put(field.member(), field.json()));
    sorted.remove("");
    sorted.forEach((member, json) -> json.accept(out.name(member)));
  }
}
