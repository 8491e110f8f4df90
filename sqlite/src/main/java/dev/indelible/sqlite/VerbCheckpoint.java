// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.CheckpointSigner;
import dev.indelible.checkpoint.ForkException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.Signer;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.queue.AuditCounters;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs a checkpoint over what was appended by hand (a key event, an erasure, a replay, an answer),
 * so that the last such row cannot be cut off unseen. The log keeps the name that it has. One that
 * cannot be signed is logged and undoes nothing: the rows are committed.
 *
 * @param lastSigned the file beside the database in which the last one is kept; empty if none is
 */
record VerbCheckpoint(SqliteWriter writer, Optional<Path> lastSigned) {
  private static final Logger LOG = LoggerFactory.getLogger(VerbCheckpoint.class);

  /** Signs one, if there is something new. */
  void sign(Signer key, HeadGuard guard) {
    try {
      new SqliteCheckpoints(
              lastSigned,
              key,
              origin(),
              SqliteCheckpoints.DEFAULT_INTERVAL,
              guard,
              new AuditCounters())
          .signIfNew(writer);
    } catch (SQLException e) {
      LOG.warn("no checkpoint is signed: {}", e.getMessage());
    }
  }

  /** Signs one with the key that takes the place of a lost one. */
  void signAfterLostKey(Signer key) {
    try {
      Optional<SignedCheckpoint> signed =
          writer.inTransaction(
              () -> {
                long size = writer.tree().state().size();
                CheckpointSigner signer =
                    new CheckpointSigner(origin().orElse("indelible/" + writer.ledger()), key);
                SignedCheckpoint next = signer.signAfterLostKey(before(), writer.tree(), size);
                writer.insertCheckpoint(new StoredCheckpoint(size, next.bytes()));
                return Optional.of(next);
              });
      if (signed.isPresent() && lastSigned.isPresent()) {
        new CheckpointFile(lastSigned.get()).write(signed.get());
      }
    } catch (SQLException | ForkException e) {
      LOG.warn("no checkpoint is signed: {}", e.getMessage());
    }
  }

  private List<byte[]> before() throws SQLException {
    List<byte[]> before = new ArrayList<>();
    writer.lastCheckpoint().map(StoredCheckpoint::note).ifPresent(before::add);
    if (lastSigned.isPresent()) {
      new CheckpointFile(lastSigned.get()).read().ifPresent(before::add);
    }
    return before;
  }

  /** Returns the log's name; empty as long as it has none, or it cannot be read. */
  private Optional<String> origin() throws SQLException {
    Optional<StoredCheckpoint> last = writer.lastCheckpoint();
    try {
      return last.isPresent()
          ? Optional.of(SignedCheckpoint.parse(last.get().note()).unverified().origin())
          : Optional.empty();
    } catch (CheckpointParseException e) {
      return Optional.empty();
    }
  }
}
