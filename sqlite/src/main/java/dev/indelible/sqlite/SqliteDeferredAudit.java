// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.KeySource;
import dev.indelible.crypto.Signer;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.DrainSettings;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowSigning;
import dev.indelible.queue.AuditCounters;
import dev.indelible.queue.EventStore;
import dev.indelible.queue.MemoryStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/** Wires a deferred audit queue to the ledger in an SQLite file. */
public final class SqliteDeferredAudit {
  private SqliteDeferredAudit() {}

  /**
   * Starts a queue whose events wait in memory and end in that file.
   *
   * @param file the database; made on the first append if there is none
   * @param signer signs every row
   * @param keys the public keys accepted on rows that stand there already, the signer's among them
   */
  public static DeferredAudit install(Path file, Signer signer, KeyRing keys) {
    return install(
        file,
        Optional.empty(),
        Optional.empty(),
        RowSigning.everyRow(signer),
        Optional.empty(),
        keys,
        () -> keys,
        new MemoryStore(),
        DrainSettings.ofDefaults(),
        Optional.empty());
  }

  /**
   * As {@link #install(Path, Signer, KeyRing)}, with keys that may become more, another store and
   * other settings.
   *
   * @param ledger the ledger that the file must hold, and a new one becomes; if it is all the same,
   *     empty
   * @param lastSigned a file of its own beside the database, in which the last checkpoint is kept,
   *     so that a database that is set back by itself is not signed on; if none is, empty
   * @param signing which rows are signed, and by whom
   * @param origin the log's name in its checkpoints; if not said, one with the ledger's id
   * @param accepted where a key is looked for that is not among {@code keys}: another process may
   *     sign with a newer one
   * @param tally how often a tally is written while there is something new, and one at the end; if
   *     none ever is, empty
   */
  public static DeferredAudit install(
      Path file,
      Optional<UUID> ledger,
      Optional<Path> lastSigned,
      RowSigning signing,
      Optional<String> origin,
      KeyRing keys,
      KeySource accepted,
      EventStore store,
      DrainSettings settings,
      Optional<Duration> tally) {
    AuditCounters counters = new AuditCounters();
    HeadGuard guard = new HeadGuard(new RowCheck(keys), accepted);
    AtomicBoolean lettersDue = new AtomicBoolean(true);
    SqliteCheckpoints checkpoints =
        new SqliteCheckpoints(
            lastSigned,
            signing.signer(),
            origin,
            SqliteCheckpoints.DEFAULT_INTERVAL,
            guard,
            counters);
    SqliteTallies tallies = new SqliteTallies(file, tally, store.recovered(), guard, counters);
    return DeferredAudit.start(
        store,
        () ->
            new SqliteSink(
                file, ledger, signing, guard, counters, lettersDue, checkpoints, tallies),
        counters,
        settings);
  }
}
