// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.crypto.KeyDirectory;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.DrainReport;
import dev.indelible.gate.Gate;
import dev.indelible.ledger.LedgerException;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.queue.DeferredAuditMetrics;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.sqlite.SqliteDeferredAudit;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A gate and its log, open on one data directory. Safe for use by any number of threads.
 *
 * <p>Closing waits until every accepted event is in the ledger, and throws if that takes too long:
 * an event that was accepted is not dropped in silence.
 */
public final class Indelible implements AutoCloseable {
  private final DeferredAudit audit;
  private final Gate gate;
  private final Policy policy;

  private Indelible(DeferredAudit audit, Policy policy) {
    this.audit = audit;
    this.policy = policy;
    this.gate = new Gate(policy, audit.queue());
  }

  /**
   * Opens a data directory with the rules in its {@code policy/}; makes the directory, a key and a
   * first set of rules if they are not there.
   *
   * @throws OpenException if the directory, its key, its rules or its ledger cannot be used
   */
  public static Indelible open(Path directory) throws OpenException {
    DataDirectory data = new DataDirectory(directory);
    data.prepare();
    try {
      return open(data, Policy.load(data.policy()));
    } catch (PolicyException e) {
      throw new OpenException(e.getMessage(), e);
    }
  }

  /** As {@link #open(Path)}, with other rules. */
  public static Indelible open(Path directory, Policy policy) throws OpenException {
    DataDirectory data = new DataDirectory(directory);
    data.prepare();
    return open(data, policy);
  }

  private static Indelible open(DataDirectory data, Policy policy) throws OpenException {
    try {
      requireUsable(data.database());
      KeyDirectory keys = data.keys();
      SigningKey key = keys.openOrCreate();
      KeyRing accepted = keys.accepted();
      return new Indelible(SqliteDeferredAudit.install(data.database(), key, accepted), policy);
    } catch (KeyException | LedgerException e) {
      throw new OpenException(e.getMessage(), e);
    }
  }

  /** The gate. */
  public Gate gate() {
    return gate;
  }

  /** The queue behind the gate. */
  public DeferredAuditQueue queue() {
    return audit.queue();
  }

  /** The rules in force. */
  public Policy policy() {
    return policy;
  }

  /** The books of the queue. */
  public DeferredAuditMetrics metrics() {
    return audit.queue().metrics();
  }

  /** Stops intake, waits for what was accepted to be written, and reports (D9). */
  public DrainReport closeAndFlush(Duration timeout) {
    return audit.closeAndFlush(timeout);
  }

  /**
   * As {@link #closeAndFlush} with the {@linkplain DeferredAuditQueue#DEFAULT_DRAIN_TIMEOUT default
   * timeout}.
   *
   * @throws UnsettledException if events that were accepted are not written
   */
  @Override
  public void close() {
    DrainReport report = audit.closeAndFlush();
    if (!report.isComplete()) {
      throw new UnsettledException(report);
    }
  }

  /** A ledger that cannot be read cannot be appended to; better known now than after the fact. */
  private static void requireUsable(Path database) throws LedgerException {
    if (Files.exists(database)) {
      SqliteLedger.requireUsable(database);
    }
  }
}
