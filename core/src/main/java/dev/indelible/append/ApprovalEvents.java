// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.ApprovalUse;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.LedgerWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Appends answers to escalations, and the uses of approvals. Each answer is one transaction, after
 * which a checkpoint is signed; each use is one transaction. Other writers may append at the same
 * time. Used by one thread.
 */
public final class ApprovalEvents implements AutoCloseable {
  private final LedgerWriter writer;
  private final Signer signer;
  private final RowCheck check;
  private final CommandRows command;

  /**
   * Takes over an open ledger.
   *
   * @param file the file that keeps the last checkpoint
   * @param signer signs the recorded events
   * @param keys the public keys accepted on existing rows
   */
  public ApprovalEvents(LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing keys) {
    this.writer = writer;
    this.signer = signer;
    this.check = new RowCheck(keys);
    this.command = new CommandRows(new ChainEnd(writer, new HeadGuard(check)), file);
  }

  /**
   * Appends an answer, unless the request has one. Of two answers at one time, the first to begin
   * its transaction is appended.
   *
   * @param event the event of the answer
   * @param answer its content
   * @param request the row of the escalation
   * @return the row of an earlier answer, if there is one; then nothing was appended
   * @throws LedgerException if the ledger cannot be written to now
   */
  public Optional<ChainRow> append(SystemEvent event, ApprovalNote answer, ChainRow request)
      throws LedgerException {
    ChainRow[] earlier = {null};
    boolean appended =
        command.append(
            signer,
            "the answer",
            () -> {
              earlier[0] = answerTo(answer, request).orElse(null);
              return earlier[0] == null ? List.of(event) : List.of();
            });
    if (appended) {
      command.sign(signer);
    }
    return Optional.ofNullable(earlier[0]);
  }

  /**
   * Appends the use of an approval, unless it was used before. Of two uses at one time, the first
   * to begin its transaction is appended. Signs no checkpoint: the log's drainer does.
   *
   * @param approval the row of the approval
   * @param begins called in the transaction before the use is appended; false if it must not be
   * @return true if the use is committed; false if nothing was appended
   * @throws LedgerException if the ledger cannot be written to now; if {@code begins} had returned
   *     true, the use may be committed nevertheless
   */
  public boolean use(ApprovalUse use, ChainRow approval, BooleanSupplier begins)
      throws LedgerException {
    return command.append(
        signer,
        "the use of the approval",
        () -> isUsed(use, approval) || !begins.getAsBoolean() ? List.of() : List.of(use.toEvent()));
  }

  /** Returns true if a row names the approval as used, whether or not that row is sound. */
  private boolean isUsed(ApprovalUse use, ChainRow approval) throws LedgerException {
    return writer
        .lastOfType(
            SystemEvent.APPROVAL_USED,
            Long.MAX_VALUE,
            row -> row.sequence() <= approval.sequence() || ApprovalUse.isOf(use.approval(), row))
        .filter(row -> row.sequence() > approval.sequence())
        .isPresent();
  }

  /** Returns the row of a sound answer to a request, or to a later one for the same action. */
  private Optional<ChainRow> answerTo(ApprovalNote answer, ChainRow request)
      throws LedgerException {
    for (String type : ApprovalNote.TYPES) {
      // Rows before the request end the search.
      Optional<ChainRow> found =
          writer.lastOfType(
              type,
              Long.MAX_VALUE,
              row ->
                  row.sequence() <= request.sequence()
                      || ApprovalNote.read(row).filter(answer::answersTheSame).isPresent()
                          && check.content(row).isEmpty());
      if (found.isPresent() && found.get().sequence() > request.sequence()) {
        return found;
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    writer.close();
  }
}
