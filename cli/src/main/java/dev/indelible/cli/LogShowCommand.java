// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "show", description = "Print all fields of one row.")
final class LogShowCommand extends Verb {
  private static final int WIDTH = 13;

  @Parameters(paramLabel = "ROW", description = "the sequence of the row, or the id of its event")
  String row = "";

  @Override
  public Integer call() throws Exception {
    try (LedgerReader ledger = ledger()) {
      Optional<ChainRow> found =
          row.matches("[0-9]{1,18}") ? ledger.row(Long.parseLong(row)) : ledger.row(row);
      ChainRow shown =
          found.orElseThrow(
              () ->
                  CommandFailure.usage(
                      "log show %s: no row with this sequence or id; 'indelible log list' lists them",
                      row));
      if (json()) {
        console().json(shown.toJson());
      } else {
        print(shown);
      }
    }
    return ExitCode.OK;
  }

  private void print(ChainRow shown) {
    HexFormat hex = HexFormat.of();
    field("sequence", shown.sequence());
    field("id", shown.id());
    field("time", shown.timestamp());
    field("agent", shown.agentId());
    field("type", shown.eventType());
    shown.payload().map(PayloadSummary::of).ifPresent(summary -> summary.print(console(), WIDTH));
    field(
        "payload",
        shown.payload().map(bytes -> new String(bytes, StandardCharsets.UTF_8)).orElse("(erased)"));
    field("payload hash", hex.formatHex(shown.payloadHash()));
    field("record hash", shown.head().hex());
    field("prev hash", hex.formatHex(shown.prevHash()));
    field("attest level", shown.attestLevel());
    field("key", shown.keyId().orElse("(none)"));
    field("signature", shown.signature().map(hex::formatHex).orElse("(none)"));
  }

  private void field(String name, Object value) {
    if (!String.valueOf(value).isEmpty()) {
      console().field(WIDTH, name, value);
    }
  }
}
