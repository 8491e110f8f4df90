// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.ThrowingFunction;
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
    description = "Show the state of the log: counts, keys, rules, and every problem.",
    footer = {
      "",
      "Exit status: 0 no problem; 1 a problem: each line 'problem' states what to do.",
      "Reads counts and the last row; 'indelible log verify' verifies the chain."
    })
final class StatusCommand extends Verb {
  @Mixin AnchorOption anchor = new AnchorOption();

  /** All problems; reading a field may add one. */
  private AuditHealth health = AuditHealth.RECORDING;

  @Override
  public Integer call() throws Exception {
    requireDataDirectory();
    // SQLite's library that does not load is a fault of this machine, not of the log.
    SqliteLibrary.load();
    List<StatusField> fields;
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

  /** Returns the fields of a log whose ledger cannot be opened. */
  private List<StatusField> withoutLedger(LedgerException e) throws LedgerException {
    health = health.and(List.of(HealthCheck.unreadable(data(), e)));
    List<StatusField> fields = fields(Optional.empty());
    boolean waits = health.entry(HealthEntry.WAITING).isPresent();
    if (!Files.exists(data().database()) && !Files.exists(data().lastCheckpoint()) && !waits) {
      // Nothing was recorded here.
      throw e;
    }
    return fields;
  }

  /** Returns every field, in the order in which it is printed. */
  private List<StatusField> fields(Optional<SqliteLedger> ledger) {
    HealthReport check = HealthCheck.of(data(), ledger, anchor.file());
    health = health.and(check.health().entries());
    // The state depends on every field, so it is added last.
    Optional<Head> head = read(ledger, "the last row", StatusCommand::head);
    List<StatusField> read = new ArrayList<>();
    read.add(StatusField.number("rows", "rows", read(ledger, "rows", SqliteLedger::size)));
    read.addAll(blocked(read(ledger, "refusals", SqliteLedger::blocked)));
    read.add(deadLetters(check.deadLetters()));
    read.add(waiting(check.waiting()));
    read.add(head(head));
    read.add(signatures(rowSignatures(ledger, check)));
    read.add(Coverage.checkpoint(check.checkpoint(), head));
    read.add(witnesses(ledger, check, head));
    read.add(new Coverage(anchor.file().isPresent(), check.anchored(), head).anchor(console()));
    read.add(tally(lastTally(ledger, check)));
    read.addAll(keys(check));
    read.add(policy(check.policy()));
    read.addAll(tamperNotes(check.tamperNotes()));
    String state = check.isTampered() ? "tampered" : health.isWell() ? "ok" : "unhealthy";
    List<StatusField> all = new ArrayList<>();
    all.add(
        new StatusField(
            "state",
            console().bold(console().byMeaning(state, state)),
            "state",
            out -> out.string(state)));
    all.addAll(read);
    return all;
  }

  /** Reads a value of the ledger; empty, and not zero, if it cannot be read (D11). */
  private <T> Optional<T> read(
      Optional<SqliteLedger> ledger,
      String what,
      ThrowingFunction<SqliteLedger, T, LedgerException> reading) {
    try {
      return ledger.isPresent() ? Optional.of(reading.apply(ledger.get())) : Optional.empty();
    } catch (LedgerException e) {
      String reason = what + " cannot be read: " + e.getMessage();
      health = health.and(List.of(new HealthEntry(HealthEntry.LEDGER, reason)));
      return Optional.empty();
    }
  }

  private static Head head(SqliteLedger ledger) throws LedgerException {
    return ledger.lastRow().map(ChainRow::head).orElse(Head.EMPTY);
  }

  private RowSignatures rowSignatures(Optional<SqliteLedger> ledger, HealthReport check) {
    return check
        .accepted()
        .flatMap(ring -> read(ledger, "row signatures", open -> RowSignatures.read(open, ring)))
        .orElse(RowSignatures.UNKNOWN);
  }

  /** Returns the last valid tally; empty if it is unknown. */
  private Optional<LastTally> lastTally(Optional<SqliteLedger> ledger, HealthReport check) {
    return check
        .accepted()
        .flatMap(ring -> read(ledger, "the last tally", open -> LastTally.read(open, ring)))
        .flatMap(Function.identity());
  }

  /** Returns the counts of refusals and escalations, which are one event type in the chain. */
  private static List<StatusField> blocked(Optional<BlockedCounts> counts) {
    StatusField refusals =
        StatusField.number("refusals", "refusals", counts.map(BlockedCounts::refusals));
    long unknown = counts.map(BlockedCounts::unknown).orElse(0L);
    String more =
        unknown == 0
            ? ""
            : StatusField.text(
                "; %,d more are refusals or escalations, unknown because their payloads are erased",
                unknown);
    return List.of(
        new StatusField(
            refusals.name(), refusals.text() + more, refusals.member(), refusals.json()),
        StatusField.number("escalations", "escalations", counts.map(BlockedCounts::escalations)),
        StatusField.jsonOnly("blocked", StatusField.number(counts.map(BlockedCounts::rows))));
  }

  private static StatusField deadLetters(OptionalLong letters) {
    Optional<Long> count = StatusField.boxed(letters);
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
    return new StatusField(
        "waiting",
        waiting.map(this::describe).orElse(StatusField.UNREADABLE),
        "waiting",
        out ->
            out.nullable(
                waiting,
                events ->
                    out.beginObject()
                        .member("alive", events.alive())
                        .member("ended", events.ended())
                        .endObject()));
  }

  private String describe(WaitingEvents events) {
    if (events.isNone()) {
      return "0 events";
    }
    List<String> parts = new ArrayList<>();
    if (events.ended() > 0) {
      String ended =
          StatusField.text("%s in the journal of a process that has ended", events(events.ended()));
      parts.add(console().yellow(ended));
    }
    if (events.alive() > 0) {
      parts.add(StatusField.text("%s in the journal of a running process", events(events.alive())));
    }
    return String.join(", ", parts);
  }

  private static String events(long count) {
    return StatusField.text("%,d %s", count, count == 1 ? "event" : "events");
  }

  private static StatusField head(Optional<Head> head) {
    return new StatusField(
        "head",
        head.map(last -> last.equals(Head.EMPTY) ? "(empty)" : last.toString())
            .orElse(StatusField.UNREADABLE),
        "head",
        out ->
            out.nullable(
                head.filter(last -> !last.equals(Head.EMPTY)),
                last ->
                    out.beginObject()
                        .member("hash", last.hex())
                        .member("sequence", last.sequence())
                        .endObject()));
  }

  private StatusField signatures(RowSignatures found) {
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

  private StatusField witnesses(
      Optional<SqliteLedger> ledger, HealthReport check, Optional<Head> head) {
    boolean has = check.witnesses().isPresent() || health.entry(HealthEntry.WITNESSES).isPresent();
    OptionalLong size =
        check
            .witnesses()
            .flatMap(
                policy ->
                    read(
                        ledger, "cosignatures", open -> CosignatureFollower.cosigned(open, policy)))
            .orElse(OptionalLong.empty());
    return new Coverage(has, size, head).witnesses(console());
  }

  private StatusField tally(Optional<LastTally> tally) {
    return new StatusField(
        "last tally",
        tally.map(LastTally::describe).orElse(console().yellow("(unknown)")),
        "tally",
        out -> out.nullable(tally, last -> last.write(out)));
  }

  private static List<StatusField> keys(HealthReport check) {
    KeyStates states = new KeyStates(check.history());
    Optional<List<String>> ids =
        check.keys().map(ring -> ring.keys().stream().map(key -> key.keyId()).toList());
    return List.of(
        new StatusField(
            "keys",
            ids.map(all -> String.join(", ", all.stream().map(states::marked).toList()))
                .orElse("(unusable)"),
            "keys",
            out -> out.nullable(ids, out::strings)),
        StatusField.jsonOnly(
            "revoked_keys",
            out -> out.strings(ids.orElse(List.of()).stream().filter(states::isRevoked).toList())));
  }

  /** Returns the answered rows that report tampering; the others are in health. */
  private static List<StatusField> tamperNotes(List<Noted> notes) {
    List<StatusField> fields = new ArrayList<>();
    for (Noted noted : notes) {
      if (noted.isAnswered()) {
        fields.add(
            StatusField.textOnly(
                "answered",
                Console.printable(
                    StatusField.text("tampering noted by row %d: ", noted.sequence())
                        + noted.describe())));
      }
    }
    fields.add(
        StatusField.jsonOnly(
            "tamper_notes",
            out -> {
              out.beginArray();
              for (Noted noted : notes) {
                out.element().beginObject().name("answered_by");
                StatusField.number(noted.answer().map(ChainRow::sequence)).accept(out);
                out.member("sequence", noted.sequence()).endObject();
              }
              out.endArray();
            }));
    return fields;
  }

  private static StatusField policy(Optional<RulePolicy> policy) {
    return new StatusField(
        "policy",
        policy
            .map(rules -> StatusField.text("%,d rules, %s", rules.rules().size(), rules.digest()))
            .orElse("(unusable)"),
        "policy",
        out -> out.nullable(policy.map(RulePolicy::digest)));
  }

  /** Prints the state, then every problem, then the other fields. */
  private void print(List<StatusField> fields) {
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

  private CanonicalWriter toJson(List<StatusField> fields) {
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
}
