// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.KeyEvents;
import dev.indelible.crypto.Signer;
import dev.indelible.directory.DataDirectory.SigningKeys;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyRevocation;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "revoke",
    description = "Revoke a key that others may hold: it signs nothing from then on.",
    footer = {
      "",
      "The current signing key cannot be revoked: rotate it first with 'indelible",
      "keys rotate', and restart running processes. Rows that the key signs after",
      "this event verify as broken."
    })
final class KeysRevokeCommand extends Verb {
  @Parameters(paramLabel = "KEY-ID", description = "the id of the key, from 'indelible keys list'")
  String keyId = "";

  @Option(
      names = "--since",
      paramLabel = "TIME|SEQUENCE",
      description =
          "the row, or a time like 2026-11-25T12:00:00Z, since which others may have signed"
              + " with the key (default: no row so far)")
  @Nullable String since;

  @Mixin ReasonOption reason = new ReasonOption();

  @Override
  public Integer call() throws Exception {
    String why = reason.text();
    requireDataDirectory();
    SigningKeys keys = data().signingKeys();
    Signer current = keys.signer();
    requireRevocable(current);
    try (KeyEvents events = data().keyEvents(keys.accepted())) {
      KeyRevocation revocation = revocation(events, why);
      events.revoke(current, revocation);
      print(revocation);
    }
    return ExitCode.OK;
  }

  private void requireRevocable(Signer current) throws Exception {
    CommandFailure.refuseIf(
        keyId.equals(current.verificationKey().keyId()),
        "key %s is the one that signs now; rotate it first with 'indelible keys rotate'",
        keyId);
    try (LedgerReader ledger = ledger()) {
      KeyHistory.KeyValidity validity =
          KeyHistory.read(ledger, data().keys().accepted(), false)
              .era(keyId)
              .orElseThrow(
                  () ->
                      CommandFailure.usage(
                          "key %s: not a key of this log; 'indelible keys list' shows its keys",
                          keyId));
      CommandFailure.refuseIf(
          validity.isRevoked(), "key %s: already revoked by row %s", keyId, validity.revoked());
    }
  }

  private KeyRevocation revocation(KeyEvents events, String why) throws Exception {
    OptionalLong sequence = OptionalLong.empty();
    Optional<String> time = Optional.empty();
    if (since != null && since.matches("[0-9]{1,18}")) {
      sequence = OptionalLong.of(Long.parseLong(since));
    } else if (since != null) {
      try {
        Instant instant = Instant.parse(since);
        sequence = events.firstRowSince(instant);
        time = Optional.of(instant.toString());
      } catch (DateTimeException e) {
        throw CommandFailure.usage(
            "--since %s: neither a row nor a time of the form 2026-11-25T12:00:00Z", since);
      }
    }
    return new KeyRevocation(keyId, sequence, time, why);
  }

  private void print(KeyRevocation revocation) {
    OptionalLong since = revocation.sinceSequence();
    print(
        out -> {
          out.member("key_id", keyId);
          since.ifPresent(sequence -> out.member("since_sequence", sequence));
        },
        "key %s is revoked: rows that it signs from now on verify as broken%s",
        keyId,
        since.isEmpty()
            ? ""
            : "\nits rows from row %s on verify as unknown: somebody else may have signed them"
                .formatted(since.getAsLong()));
  }
}
