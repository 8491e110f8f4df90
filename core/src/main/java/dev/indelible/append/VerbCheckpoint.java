// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.CheckpointSigner;
import dev.indelible.checkpoint.ForkException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.storage.LedgerWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs a checkpoint over the rows of a command (a key event, an erasure, a replay, an answer), so
 * that a removal of the last of these rows is detected. The checkpoint has the log's existing name.
 * If it cannot be signed, the failure is logged and the rows stay committed.
 *
 * @param end the end of the open ledger's chain
 * @param file the file that keeps the last checkpoint, and the source of the ML-DSA-44 key
 */
record VerbCheckpoint(ChainEnd end, CheckpointFile file) {
  private static final Logger LOG = LoggerFactory.getLogger(VerbCheckpoint.class);

  /** Signs a checkpoint if the tree has grown since the last one. */
  void sign(Signer key) {
    try {
      Checkpoints.Settings settings =
          Checkpoints.Settings.of(key).withOrigin(origin().orElse(null)).withFile(file);
      new Checkpoints(settings, end.guard(), new AuditCounters()).signIfNew(end);
    } catch (LedgerException e) {
      LOG.warn("no checkpoint is signed: {}", e.getMessage());
    }
  }

  /** Signs a checkpoint with the key that replaces a lost one. */
  void signAfterLostKey(Signer key) {
    LedgerWriter writer = end.writer();
    try {
      Optional<SignedCheckpoint> signed =
          writer.inTransaction(
              () -> {
                LedgerTree tree = end.tree();
                long size = tree.state().size();
                Checkpoints.Settings settings =
                    Checkpoints.Settings.of(key).withOrigin(origin().orElse(null));
                CheckpointSigner signer =
                    new CheckpointSigner(settings.originOf(writer.ledger()), key);
                SignedCheckpoint next =
                    SecondSignature.add(signer.signAfterLostKey(before(), tree, size), end, file);
                writer.insertCheckpoint(new StoredCheckpoint(size, next.bytes()));
                return Optional.of(next);
              });
      signed.ifPresent(file::write);
    } catch (LedgerException | ForkException | SigningException e) {
      LOG.warn("no checkpoint is signed: {}", e.getMessage());
    }
  }

  private List<byte[]> before() throws LedgerException {
    List<byte[]> before = new ArrayList<>();
    end.writer().lastCheckpoint().map(StoredCheckpoint::note).ifPresent(before::add);
    file.read().ifPresent(before::add);
    return before;
  }

  /** Returns the name that the log has or gets in its checkpoints. */
  String originOf(Signer key) throws LedgerException {
    return Checkpoints.Settings.of(key)
        .withOrigin(origin().orElse(null))
        .originOf(end.writer().ledger());
  }

  /** Returns the log's name in its last checkpoint; empty if there is none or it cannot be read. */
  private Optional<String> origin() throws LedgerException {
    Optional<StoredCheckpoint> last = end.writer().lastCheckpoint();
    try {
      return last.isPresent()
          ? Optional.of(SignedCheckpoint.parse(last.get().note()).unverified().origin())
          : Optional.empty();
    } catch (CheckpointParseException e) {
      return Optional.empty();
    }
  }
}
