// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.LogEnd;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.LedgerWriter;
import java.util.List;

/** Ends a log. Other writers may append at the same time. Used by one thread. */
public final class LogEnding implements AutoCloseable {
  private final LedgerWriter writer;
  private final Signer signer;
  private final ChainEnd end;
  private final CommandRows command;

  /**
   * Takes over an open ledger.
   *
   * @param file the file that keeps the last checkpoint
   * @param signer the log's key, which signs the row
   * @param accepted the public keys accepted on existing rows
   */
  public LogEnding(LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing accepted) {
    this.writer = writer;
    this.signer = signer;
    this.end = new ChainEnd(writer, new HeadGuard(new RowCheck(accepted)));
    this.command = new CommandRows(end, file);
  }

  /**
   * Ends the log: only rows about erased payloads can follow. Signs a checkpoint over all rows. If
   * the log was ended before, only signs the checkpoint.
   *
   * @throws LedgerException if the ledger cannot be written to now
   */
  public void append(LogEnd content) throws LedgerException {
    command.append(
        signer,
        "the end of the log",
        () ->
            end.judge(signer.verificationKey()).ended().isPresent()
                ? List.of()
                : List.of(content.toEvent()));
    command.sign(signer);
  }

  @Override
  public void close() {
    writer.close();
  }
}
