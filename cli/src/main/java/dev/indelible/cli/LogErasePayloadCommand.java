// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.AuditLog.Erased;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "erase-payload",
    description = "Remove the payload of one row permanently; the row and its hash stay.",
    footer = {
      "",
      "The erasure is itself an event in the chain, and the chain still verifies.",
      "Other copies (backups, the journal, disk snapshots) keep the payload.",
      "Exit status: 0 the bytes are gone; 1 erased, but the storage may still have",
      "the bytes, and a message states where."
    })
final class LogErasePayloadCommand extends Verb {
  @Parameters(paramLabel = "EVENT-ID", description = "the id of the row's event")
  String id = "";

  @Mixin ReasonOption reason = new ReasonOption();

  @Mixin ByOption by = new ByOption();

  @Override
  public Integer call() throws Exception {
    String why = reason.text();
    String who = by.name();
    Erased erased = log().erase(id, why, who);
    print(
        out ->
            out.member("gone", erased.isGone())
                .member("id", erased.eventId())
                .member("letters", erased.deadLetters())
                .member("payload_hash", erased.payloadHash())
                .member("sequence", erased.sequence()),
        "row %s  payload erased, and the erasure recorded",
        erased.sequence());
    if (!erased.isGone()) {
      throw CommandFailure.failed("the payload is erased, but %s", erased.remains().orElseThrow());
    }
    return ExitCode.OK;
  }
}
