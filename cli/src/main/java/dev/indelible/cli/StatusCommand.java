// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;

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
  private boolean headRead;

  @Override
  public Integer call() throws Exception {
    requireDataDirectory();
    OptionalLong rows = OptionalLong.empty();
    OptionalLong refusals = OptionalLong.empty();
    OptionalLong deadLetters = OptionalLong.empty();
    Optional<Head> head = Optional.empty();
    RowSignatures signatures = RowSignatures.UNKNOWN;
    try (LedgerReader ledger = ledger()) {
      rows = count("rows", ledger::size);
      refusals = count("refusals", () -> ledger.size(DeferredAuditEvent.REFUSAL));
      deadLetters = count("dead letters", ledger::dlqSize);
      tampered = count("tamper notes", () -> ledger.size(SystemEvent.TAMPER)).orElse(0) > 0;
      head = ledger.lastRow().map(ChainRow::head);
      headRead = true;
      signatures = signatures(ledger);
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
        new Status(state(), rows, refusals, deadLetters, head, signatures, keys, policy);
    if (json()) {
      console().json(toJson(status));
    } else {
      print(status);
    }
    return problems.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
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

  /** What the notes in the chain say; those keys alone matter here that a reader has. */
  private RowSignatures signatures(LedgerReader ledger) throws LedgerException {
    try {
      return RowSignatures.read(ledger, data().keys().accepted());
    } catch (KeyException e) {
      // That the keys cannot be read is said where they are.
      return RowSignatures.UNKNOWN;
    }
  }

  private Optional<KeyRing> keys() {
    try {
      data().keys().open();
      return Optional.of(data().keys().accepted());
    } catch (KeyException e) {
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
    field("keys", status.keys().map(ring -> String.join(", ", ids(ring))).orElse("(unusable)"));
    field(
        "policy",
        status
            .policy()
            .map(policy -> policy.rules().size() + " rules, " + policy.digest())
            .orElse("(unusable)"));
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

  private void field(String name, String value) {
    console().line(console().faint("%-13s".formatted(name)) + value);
  }

  private static String number(OptionalLong value) {
    return value.isPresent() ? "%,d".formatted(value.getAsLong()) : "(unreadable)";
  }

  private static List<String> ids(KeyRing ring) {
    return ring.keys().stream().map(key -> key.keyId()).toList();
  }

  private CanonicalWriter toJson(Status status) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.name("approval").beginObject();
    member(out, "deferred_audit_dlq_size", status.deadLetters());
    out.endObject();
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
    out.member("row_signatures", status.signatures().label());
    member(out, "rows", status.rows());
    return out.member("state", status.state()).endObject();
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
      Optional<KeyRing> keys,
      Optional<Policy> policy) {}

  /** Reads a count. */
  @FunctionalInterface
  private interface Count {
    long read() throws LedgerException;
  }
}
