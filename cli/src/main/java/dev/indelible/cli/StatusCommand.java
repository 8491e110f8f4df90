// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.OpenException;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.ledger.TamperNotes;
import dev.indelible.ledger.TamperNotes.Noted;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.witness.Anchoring;
import dev.indelible.witness.Witnessing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "status",
    description = "Say how the log is: counts, keys, rules, and what is wrong.",
    footer = {
      "",
      "Exit status: 0 healthy, 1 not.",
      "It reads counts and the last row; 'log verify' checks the chain."
    })
final class StatusCommand extends Verb {
  private final List<String> problems = new ArrayList<>();
  private boolean tampered;

  /** The notes of tampering in the chain; empty if they cannot be read. */
  private Optional<List<Noted>> notes = Optional.of(List.of());

  /** What the chain says became of the keys. */
  private KeyStates keyStates = new KeyStates(Optional.empty());

  private boolean headRead;

  /** Whether the log has witnesses, or a policy that cannot be read. */
  private boolean witnessed;

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    requireDataDirectory();
    OptionalLong rows = OptionalLong.empty();
    OptionalLong refusals = OptionalLong.empty();
    OptionalLong deadLetters = OptionalLong.empty();
    Optional<Head> head = Optional.empty();
    RowSignatures signatures = RowSignatures.UNKNOWN;
    Optional<LastTally> tally = Optional.empty();
    Optional<Checkpoint> checkpoint = Optional.empty();
    Optional<WitnessPolicy> witnesses = witnesses();
    OptionalLong cosigned = OptionalLong.empty();
    OptionalLong anchored = OptionalLong.empty();
    try (LedgerReader ledger = ledger()) {
      rows = count("rows", ledger::size);
      refusals = count("refusals", () -> ledger.size(DeferredAuditEvent.REFUSAL));
      deadLetters = count("dead letters", ledger::dlqSize);
      notes = notes(ledger);
      tampered = notes.isEmpty() || notes.get().stream().anyMatch(noted -> !noted.isAnswered());
      head = ledger.lastRow().map(ChainRow::head);
      headRead = true;
      signatures = signatures(ledger);
      tally = tally(ledger);
      checkpoint = checkpoint(ledger);
      if (witnesses.isPresent()) {
        cosigned = Witnessing.cosigned(ledger, witnesses.get());
      }
      anchored = anchored(ledger, checkpoint);
    } catch (LedgerException e) {
      // Where nothing is, nothing can be said; of what is there and unreadable, that is the status.
      if (!Files.exists(data().database())) {
        throw e;
      }
      problems.add("the ledger cannot be read: " + e.getMessage());
    }
    if (tampered) {
      problems.add("the chain was tampered with; 'indelible log verify' says where");
    }
    if (deadLetters.orElse(0) > 0) {
      problems.add(deadLetters.getAsLong() + " dead letters wait; 'indelible dlq list' shows them");
    }
    Optional<KeyRing> keys = keys();
    Optional<Policy> policy = policy();
    Status status =
        new Status(
            state(),
            rows,
            refusals,
            deadLetters,
            head,
            signatures,
            tally,
            checkpoint,
            cosigned,
            anchored,
            keys,
            policy);
    if (json()) {
      console().json(toJson(status));
    } else {
      print(status);
    }
    return problems.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
  }

  private Optional<List<Noted>> notes(LedgerReader ledger) throws LedgerException {
    try {
      KeyHistory history = KeyHistory.read(ledger, data().keys().accepted(), false);
      keyStates = new KeyStates(Optional.of(history));
      return Optional.of(new TamperNotes(ledger, history).all());
    } catch (KeyException e) {
      // That the keys cannot be read is said where they are; without one, no answer counts.
      KeyHistory none = KeyHistory.none(KeyRing.of(List.of()));
      return Optional.of(new TamperNotes(ledger, none).all());
    } catch (LedgerException e) {
      if (ledger.size(SystemEvent.TAMPER) == 0) {
        return Optional.of(List.of());
      }
      problems.add("the notes of tampering cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  private String state() {
    return tampered ? "tampered" : problems.isEmpty() ? "ok" : "unhealthy";
  }

  /** A count, or nothing when it could not be read: which is not zero (D11). */
  private OptionalLong count(String what, Count count) {
    try {
      return OptionalLong.of(count.read());
    } catch (LedgerException e) {
      problems.add(what + " cannot be read: " + e.getMessage());
      return OptionalLong.empty();
    }
  }

  /** Nothing where it cannot be told which tallies hold. */
  private Optional<LastTally> tally(LedgerReader ledger) throws LedgerException {
    try {
      return LastTally.read(ledger, data().keys().accepted());
    } catch (KeyException e) {
      // That the keys cannot be read is said where they are.
      return Optional.empty();
    }
  }

  /** What the notes in the chain say; those keys alone matter here that a reader has. */
  private RowSignatures signatures(LedgerReader ledger) throws LedgerException {
    try {
      return RowSignatures.read(ledger, data().keys().accepted());
    } catch (KeyException e) {
      // That the keys cannot be read is said where they are.
      return RowSignatures.UNKNOWN;
    }
  }

  /** The last one there is; whether it is right, 'log verify' says. */
  private Optional<Checkpoint> checkpoint(LedgerReader ledger) throws LedgerException {
    Optional<StoredCheckpoint> last = ledger.lastCheckpoint();
    try {
      if (last.isPresent()) {
        return Optional.of(SignedCheckpoint.parse(last.get().note()).unverified());
      }
    } catch (CheckpointParseException e) {
      problems.add("the last checkpoint cannot be read: " + e.getMessage());
    }
    return Optional.empty();
  }

  /** What the anchor has of this log, by the keys that are accepted here. */
  private OptionalLong anchored(LedgerReader ledger, Optional<Checkpoint> last) {
    if (anchor.file().isEmpty() || last.isEmpty()) {
      return OptionalLong.empty();
    }
    Path file = anchor.file().get();
    String origin = last.get().origin();
    try {
      if (Files.notExists(file)) {
        problems.add(file + ": the anchor is not there");
        return OptionalLong.empty();
      }
      KeyHistory history = KeyHistory.read(ledger, data().keys().accepted(), false);
      long size = Anchoring.anchored(file, origin, history);
      if (size > last.get().size()) {
        problems.add(
            "%s: the log was set back: the anchor has its checkpoint over %d rows, and its last is over %d"
                .formatted(file, size, last.get().size()));
      }
      return OptionalLong.of(size);
    } catch (IOException e) {
      problems.add(file + ": the anchor cannot be read: " + e.getMessage());
    } catch (KeyException | LedgerException | IllegalArgumentException e) {
      problems.add(file + ": what the anchor has cannot be told: " + e.getMessage());
    }
    return OptionalLong.empty();
  }

  private Optional<WitnessPolicy> witnesses() {
    try {
      Optional<WitnessPolicy> policy = data().witnessPolicy();
      witnessed = policy.isPresent();
      return policy;
    } catch (OpenException e) {
      witnessed = true;
      problems.add(e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<KeyRing> keys() {
    try {
      if (!data().keys().isElsewhere()) {
        data().requireSigningKey();
      }
      return Optional.of(data().keys().accepted());
    } catch (KeyException | LedgerException e) {
      problems.add(e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<Policy> policy() {
    try {
      return Optional.of(Policy.load(data().policy()));
    } catch (PolicyException e) {
      problems.add(e.getMessage());
      return Optional.empty();
    }
  }

  private void print(Status status) {
    field("state", console().bold(console().byMeaning(status.state(), status.state())));
    field("rows", number(status.rows()));
    field("refusals", number(status.refusals()));
    field("dead letters", number(status.deadLetters()));
    field("head", status.head().map(Head::toString).orElse(headRead ? "(empty)" : "(unreadable)"));
    field("signatures", signatures(status.signatures()));
    field(
        "checkpoint",
        status
            .checkpoint()
            .map(
                last ->
                    "over %,d rows of %s".formatted(last.size(), Console.printable(last.origin())))
            .orElse("(none that can be read)"));
    field("witnesses", witnessed ? cosigned(status) : "(none)");
    field("anchor", anchor.file().isPresent() ? anchored(status) : "(none)");
    field(
        "last tally",
        status.tally().map(LastTally::describe).orElse(console().yellow("(unknown)")));
    field("keys", status.keys().map(ring -> String.join(", ", marked(ring))).orElse("(unusable)"));
    field(
        "policy",
        status
            .policy()
            .map(policy -> policy.rules().size() + " rules, " + policy.digest())
            .orElse("(unusable)"));
    for (Noted noted : notes.orElse(List.of())) {
      if (noted.isAnswered()) {
        field(
            "answered",
            Console.printable(
                "tampering noted by row " + noted.sequence() + ": " + noted.describe()));
      }
    }
    problems.forEach(problem -> field("problem", console().red(Console.printable(problem))));
  }

  private String signatures(RowSignatures found) {
    return switch (found) {
      case ON -> "on";
      case OFF ->
          console().yellow("off") + ": new rows are unsigned, as a signed note in the chain says";
      case UNKNOWN -> console().yellow("(unknown)");
    };
  }

  private String cosigned(Status status) {
    if (status.notCosigned().isEmpty()) {
      return console().yellow("(unknown)");
    }
    long behind = status.notCosigned().getAsLong();
    return behind == 0
        ? "all rows are under a checkpoint that a quorum cosigned"
        : console().yellow("%,d rows are not yet under one".formatted(behind))
            + " that a quorum cosigned; the last is over %,d"
                .formatted(status.cosigned().getAsLong());
  }

  private String anchored(Status status) {
    if (status.notAnchored().isEmpty()) {
      return console().yellow("(unknown)");
    }
    long behind = status.notAnchored().getAsLong();
    return behind == 0
        ? "all rows are under a checkpoint that is in it"
        : console().yellow("%,d rows are not yet under one".formatted(behind))
            + " that is in it; the last is over %,d".formatted(status.anchored().getAsLong());
  }

  private void field(String name, String value) {
    console().line(console().faint("%-13s".formatted(name)) + value);
  }

  private static String number(OptionalLong value) {
    return value.isPresent() ? "%,d".formatted(value.getAsLong()) : "(unreadable)";
  }

  private List<String> marked(KeyRing ring) {
    return ids(ring).stream()
        .map(id -> keyStates.describe(id).isEmpty() ? id : id + " (" + keyStates.describe(id) + ")")
        .toList();
  }

  private static List<String> ids(KeyRing ring) {
    return ring.keys().stream().map(key -> key.keyId()).toList();
  }

  private CanonicalWriter toJson(Status status) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.name("anchor");
    if (anchor.file().isEmpty()) {
      out.canonical("null");
    } else {
      out.beginObject();
      member(out, "anchored", status.anchored());
      member(out, "not_anchored", status.notAnchored());
      out.endObject();
    }
    out.name("approval").beginObject();
    member(out, "deferred_audit_dlq_size", status.deadLetters());
    out.endObject();
    out.name("checkpoint");
    status
        .checkpoint()
        .ifPresentOrElse(
            last ->
                out.beginObject()
                    .member("origin", last.origin())
                    .member("size", last.size())
                    .endObject(),
            () -> out.canonical("null"));
    out.name("head");
    status
        .head()
        .ifPresentOrElse(
            head ->
                out.beginObject()
                    .member("hash", head.hex())
                    .member("sequence", head.sequence())
                    .endObject(),
            () -> out.canonical("null"));
    out.name("keys");
    status
        .keys()
        .map(StatusCommand::ids)
        .ifPresentOrElse(out::strings, () -> out.canonical("null"));
    out.name("policy");
    status.policy().map(Policy::digest).ifPresentOrElse(out::string, () -> out.canonical("null"));
    out.name("problems").strings(problems);
    member(out, "refusals", status.refusals());
    out.name("revoked_keys")
        .strings(
            status.keys().stream()
                .flatMap(ring -> ids(ring).stream())
                .filter(keyStates::isRevoked)
                .toList());
    out.member("row_signatures", status.signatures().label());
    member(out, "rows", status.rows());
    out.member("state", status.state()).name("tally");
    status.tally().ifPresentOrElse(tally -> tally.write(out), () -> out.canonical("null"));
    out.name("tamper_notes").beginArray();
    for (Noted noted : notes.orElse(List.of())) {
      out.element().beginObject().name("answered_by");
      noted
          .answer()
          .ifPresentOrElse(
              row -> out.canonical(Long.toString(row.sequence())), () -> out.canonical("null"));
      out.member("sequence", noted.sequence()).endObject();
    }
    out.endArray();
    out.name("witnesses");
    if (!witnessed) {
      return out.canonical("null").endObject();
    }
    out.beginObject();
    member(out, "cosigned", status.cosigned());
    member(out, "not_cosigned", status.notCosigned());
    return out.endObject().endObject();
  }

  private static void member(CanonicalWriter out, String name, OptionalLong value) {
    out.name(name).canonical(value.isPresent() ? Long.toString(value.getAsLong()) : "null");
  }

  /** What was found. */
  private record Status(
      String state,
      OptionalLong rows,
      OptionalLong refusals,
      OptionalLong deadLetters,
      Optional<Head> head,
      RowSignatures signatures,
      Optional<LastTally> tally,
      Optional<Checkpoint> checkpoint,
      OptionalLong cosigned,
      OptionalLong anchored,
      Optional<KeyRing> keys,
      Optional<Policy> policy) {
    /**
     * How many rows are behind the last checkpoint with a quorum; empty where that is not known.
     */
    OptionalLong notCosigned() {
      return behind(cosigned);
    }

    /** How many rows are behind the last checkpoint in the anchor; empty where it is not known. */
    OptionalLong notAnchored() {
      return behind(anchored);
    }

    private OptionalLong behind(OptionalLong size) {
      return size.isPresent() && head.isPresent()
          ? OptionalLong.of(Math.max(0, head.get().sequence() - size.getAsLong()))
          : OptionalLong.empty();
    }
  }

  /** Reads a count. */
  @FunctionalInterface
  private interface Count {
    long read() throws LedgerException;
  }
}
