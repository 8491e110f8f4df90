// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.DataDirectory.SigningKeys;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.crypto.SigningKey;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.KeyRevocation;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.sqlite.SqliteWriter;
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
      "Not the key that signs now: rotate it first with 'indelible keys rotate', and restart the",
      "processes that are at work. What the key signs after this event counts as broken."
    })
final class KeysRevokeCommand extends Verb {
  @Parameters(paramLabel = "KEY-ID", description = "the key, as 'indelible keys list' names it")
  String keyId = "";

  @Option(
      names = "--since",
      paramLabel = "TIME|SEQUENCE",
      description =
          "the first row that another may have signed, or the time, as 2026-11-25T12:00:00Z, to"
              + " reckon it from (default: none so far)")
  @Nullable String since;

  @Mixin ReasonOption reason = new ReasonOption();

  @Override
  public Integer call() throws Exception {
    reason.words();
    requireDataDirectory();
    SigningKeys keys = data().signingKeys();
    SigningKey current = keys.signer();
    requireRevocable(current);
    try (KeyEvents events =
        KeyEvents.of(
            SqliteWriter.open(data().database()),
            CheckpointFile.at(data().lastCheckpoint()),
            keys.accepted())) {
      KeyRevocation said = said(events);
      events.revoke(current, said);
      print(said);
    }
    return ExitCode.OK;
  }

  private void requireRevocable(SigningKey current) throws Exception {
    if (keyId.equals(current.verificationKey().keyId())) {
      throw CommandFailure.usage(
          "key %s is the one that signs now; exchange it first with 'indelible keys rotate'",
          keyId);
    }
    try (LedgerReader ledger = ledger()) {
      KeyHistory.KeyValidity era =
          KeyHistory.read(ledger, data().keys().accepted(), false)
              .era(keyId)
              .orElseThrow(
                  () ->
                      CommandFailure.usage(
                          "key %s: not one of this log's; 'indelible keys list' shows them",
                          keyId));
      if (era.isGivenUp()) {
        throw CommandFailure.usage("key %s: already revoked by row %s", keyId, era.givenUp());
      }
    }
  }

  private KeyRevocation said(KeyEvents events) throws Exception {
    String from = since;
    if (from == null) {
      return new KeyRevocation(keyId, OptionalLong.empty(), Optional.empty(), reason.text);
    }
    if (from.matches("[0-9]{1,18}")) {
      OptionalLong sequence = OptionalLong.of(Long.parseLong(from));
      return new KeyRevocation(keyId, sequence, Optional.empty(), reason.text);
    }
    try {
      Instant time = Instant.parse(from);
      return new KeyRevocation(
          keyId, events.firstRowSince(time), Optional.of(time.toString()), reason.text);
    } catch (DateTimeException e) {
      throw CommandFailure.usage(
          "--since %s: neither a row nor a time as 2026-11-25T12:00:00Z", from);
    }
  }

  private void print(KeyRevocation said) {
    if (json()) {
      CanonicalWriter out = new CanonicalWriter().beginObject().member("key_id", keyId);
      said.sinceSequence().ifPresent(sequence -> out.member("since_sequence", sequence));
      console().json(out.endObject());
      return;
    }
    console().line("key %s is revoked: what it signs from now on counts as broken", keyId);
    said.sinceSequence()
        .ifPresent(
            sequence ->
                console()
                    .line(
                        "whose the rows are that it signed from row %s on, nobody can tell",
                        sequence));
  }
}
