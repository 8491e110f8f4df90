// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.KeyEvents;
import dev.indelible.directory.DataDirectory.SigningKeys;
import dev.indelible.directory.KeyStates;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.TamperAnswer;
import dev.indelible.note.TamperNote;
import dev.indelible.note.TamperNote.Scope;
import dev.indelible.note.TamperNotes;
import dev.indelible.note.TamperNotes.Noted;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "answer",
    description =
        "Answer an audit.tamper event: record that the row it names verifies, or that rows are lost.",
    footer = {
      "",
      "The named row must now verify in full: its payload, its links, the tree, and a",
      "signature by a known key that was not revoked for this row. The event and its",
      "answer stay in the chain.",
      "",
      "An event about rows that are missing or were replaced needs --rows-lost: the row",
      "cannot disprove it. The answer is then your statement, which nothing proves:",
      "'status' is no longer 'tampered' because of this event, and 'log verify' is",
      "'unknown' in place of 'broken', never 'intact'.",
      "Exit status: 0 recorded; 1 the row does not verify, and nothing was written."
    })
final class LogAnswerCommand extends Verb {
  @Parameters(paramLabel = "SEQUENCE", description = "the row of the audit.tamper event")
  long sequence;

  @Option(
      names = "--rows-lost",
      description =
          "state that the rows that the event reports as missing are lost, for example by a"
              + " fail-over or a restored copy")
  boolean rowsLost;

  @Mixin ReasonOption reason = new ReasonOption();

  @Mixin ByOption by = new ByOption();

  @Override
  public Integer call() throws Exception {
    String why = reason.text();
    String who = by.name();
    requireDataDirectory();
    SigningKeys keys = data().signingKeys();
    TamperAnswer answer;
    try (LedgerReader ledger = ledger()) {
      KeyHistory history = KeyHistory.read(ledger, keys.accepted(), false);
      String keyId = keys.signer().verificationKey().keyId();
      CommandFailure.refuseIf(
          new KeyStates(Optional.of(history)).isRevoked(keyId),
          "key %s is revoked, so it cannot sign an answer; restore the key that follows it",
          keyId);
      answer = answer(ledger, history, why, who);
    }
    try (KeyEvents events = data().keyEvents(keys.accepted())) {
      events.answer(keys.signer(), answer);
    }
    print(
        out ->
            out.member("note", answer.note())
                .member("rows_lost", answer.statesLoss())
                .member("sequence", answer.sequence()),
        "row %d answered: %s",
        answer.note(),
        answer.statesLoss()
            ? "the chain records that %s states that rows are lost; 'status' is no longer 'tampered' because of row %d, and 'log verify' is 'unknown' because of it, never 'intact': nothing proves how they were lost"
                .formatted(Console.printable(who), answer.note())
            : "row %d, which it names, verifies in full".formatted(answer.sequence()));
    return ExitCode.OK;
  }

  private TamperAnswer answer(LedgerReader ledger, KeyHistory history, String why, String who)
      throws Exception {
    ChainRow row =
        ledger
            .row(sequence)
            .filter(found -> found.is(SystemEvent.TAMPER))
            .orElseThrow(
                () ->
                    CommandFailure.usage(
                        "log answer %d: not an audit.tamper event; 'indelible log list --type"
                            + " audit.tamper' lists them",
                        sequence));
    TamperNotes notes = new TamperNotes(ledger, history);
    Noted noted = notes.judge(row);
    if (noted.answer().isPresent()) {
      throw CommandFailure.usage(
          "log answer %d: answered already, by row %d", sequence, noted.answer().get().sequence());
    }
    TamperNote note =
        noted.note().orElseThrow(() -> refused("its payload cannot be read, so it names no row"));
    Optional<String> fault = notes.whyNot(sequence, note);
    if (fault.isPresent()) {
      throw refused(fault.get());
    }
    if (note.scope() == Scope.CHAIN) {
      CommandFailure.refuseIf(
          !rowsLost,
          "log answer %d: it states that rows are missing or were replaced, which row %d cannot"
              + " disprove; if you know how they were lost, for example by a fail-over or a restored"
              + " copy, state that with --rows-lost: 'log verify' is then 'unknown' in place of"
              + " 'broken', never 'intact'",
          sequence,
          note.sequence());
      return new TamperAnswer(
          sequence, note.sequence(), note.recordHash(), why, who, Optional.of(row.head().hex()));
    }
    CommandFailure.refuseIf(
        rowsLost,
        "log answer %d: it is about row %d only, and that row verifies; answer it without"
            + " --rows-lost",
        sequence,
        note.sequence());
    ChainRow named = ledger.row(note.sequence()).orElseThrow();
    return new TamperAnswer(sequence, note.sequence(), named.head().hex(), why, who);
  }

  private CommandFailure refused(String why) {
    return CommandFailure.failed(
        "log answer %d: cannot be answered, and nothing was written: %s", sequence, why);
  }
}
