// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerAudit;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.HealthCheck;
import dev.indelible.directory.LogStatus;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.gate.Gate;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.health.HealthEntry;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.pending.MemoryStore;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.publish.AnchorFollower;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.publish.IndexFollower;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.storage.MemoryLedger;
import dev.indelible.storage.RowCounter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A gate and its log, open on one data directory. Safe for use by any number of threads.
 *
 * <p>Closing waits until accepted events are appended. It throws if some still wait: these are in
 * the journal, and the next process that opens the log delivers them.
 */
public final class Indelible implements AutoCloseable {
  private final DeferredAudit audit;
  private final Gate gate;
  private final Optional<PolicyReload> reload;
  private final Followers followers;
  private final AuditLog log;

  /** The files of the log; empty for a log in memory, or of another process. */
  private final Optional<LogFiles> files;

  /**
   * The files of an open log.
   *
   * @param data the data directory
   * @param anchor the anchor file; empty if there is none
   * @param signer the external signer; empty if the key is in the data directory
   */
  record LogFiles(DataDirectory data, Optional<Path> anchor, Optional<Signer> signer) {}

  /** Counts the rows for {@link #statusJson}. */
  private final RowCounter counter = new RowCounter();

  Indelible(
      DeferredAudit audit,
      Gate gate,
      Optional<PolicyReload> reload,
      Followers followers,
      AuditLog log,
      Optional<LogFiles> files) {
    this.log = log;
    this.files = files;
    this.audit = audit;
    this.gate = gate;
    this.reload = reload;
    this.followers = followers;
  }

  /**
   * Opens a data directory with the rules in its {@code policy/}. For a new log, creates the
   * directory, a key and starter rules. Delivers events that an earlier run left waiting.
   *
   * @throws OpenException if the directory, its key, its rules, its journal or its ledger cannot be
   *     used
   */
  public static Indelible open(Path directory) throws OpenException {
    return builder(directory).open();
  }

  /** Opens a data directory with the given policy in place of the rules in it. */
  public static Indelible open(Path directory, Policy policy) throws OpenException {
    return builder(directory).policy(Objects.requireNonNull(policy, "policy is null")).open();
  }

  /**
   * Opens a log in memory, for unit tests: from the gate to signed rows, with a new key and without
   * files. The rows are lost with the process; {@link #log} reads them until then. The text of the
   * policy is not recorded.
   */
  public static Indelible inMemory(Policy policy) {
    return inMemory(policy, new MemoryLedger());
  }

  static Indelible inMemory(Policy policy, MemoryLedger ledger) {
    Objects.requireNonNull(policy, "policy is null");
    SigningKey key = SigningKey.generate();
    DeferredAudit audit =
        LedgerAudit.start(
            ledger,
            AppendSettings.of(key, KeyRing.of(List.of(key.verificationKey()))),
            new MemoryStore(),
            DrainSettings.ofDefaults().withShutdownHook(false));
    boolean opened = false;
    try {
      Indelible indelible =
          new Indelible(
              audit,
              new Gate(policy, audit.queue()),
              Optional.empty(),
              Followers.NONE,
              new AuditLog(ledger),
              Optional.empty());
      opened = true;
      return indelible;
    } finally {
      if (!opened) {
        audit.close();
      }
    }
  }

  /** Returns a builder, for options that {@link #open(Path)} leaves at their defaults. */
  public static IndelibleBuilder builder(Path directory) {
    return new IndelibleBuilder(
        new DataDirectory(Objects.requireNonNull(directory, "directory is null")));
  }

  /** Returns the log, to read, verify, prove and export it, and to erase payloads. */
  public AuditLog log() {
    return log;
  }

  /**
   * Returns the escalated actions of the log, to approve or deny them.
   *
   * @throws IllegalStateException if the log is in memory
   */
  public Approvals approvals() {
    LogFiles at =
        files.orElseThrow(
            () ->
                new IllegalStateException(
                    "a log in memory, and a gate that records through a queue, has no approvals"));
    return new Approvals(
        log, at.data(), at.signer(), () -> Optional.ofNullable(gate.policy().digest()));
  }

  /** Returns the gate. */
  public Gate gate() {
    return gate;
  }

  /** Returns the queue that records the gate's decisions. */
  public DeferredAuditQueue queue() {
    return audit.queue();
  }

  /** Returns the policy in force. */
  public Policy policy() {
    return gate.policy();
  }

  /**
   * Loads the rules of the data directory again and puts them into force if they differ from the
   * policy in force, even from one that the program passed to {@link Gate#use}. A log that watches
   * its policy loads changed rules by itself, see {@link IndelibleBuilder#watchPolicy}.
   *
   * @throws PolicyException if the rules are missing or do not load; the policy in force stays, and
   *     {@link #health} has an entry until rules load again
   * @throws IllegalStateException if the log was opened with a policy of its own; pass the next one
   *     to {@link Gate#use}
   */
  public void reloadPolicy() throws PolicyException {
    reload
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "the log was opened with its own policy; pass a new policy to gate().use"))
        .reload();
  }

  /** Returns the counters of the queue. */
  public DeferredAuditMetrics metrics() {
    return audit.queue().metrics();
  }

  /**
   * Returns the health of the whole log: the entries of this process, as in {@link #metrics}, and
   * those of the data directory, as in {@code indelible status}. Reads the ledger and the journals,
   * which takes milliseconds, or longer while many events wait. Intended for a health endpoint, not
   * for each decision.
   */
  public AuditHealth health() {
    AuditHealth running = metrics().health();
    return files
        .map(each -> running.and(HealthCheck.of(each.data(), each.anchor()).entries()))
        .orElse(running);
  }

  /**
   * Returns the status of the log as JSON: the object that {@code indelible status} prints, with
   * the faults of this process. The first call reads every row, to count them; a later one reads
   * the rows appended since.
   *
   * @param more faults of the surrounding program
   * @throws LedgerException if nothing was recorded yet
   * @throws IllegalStateException if the log is in memory
   */
  public byte[] statusJson(Collection<HealthEntry> more) throws LedgerException {
    LogFiles at =
        files.orElseThrow(
            () ->
                new IllegalStateException(
                    "a log in memory, and a gate that records through a queue, has no status"));
    CanonicalWriter out = new CanonicalWriter().beginObject();
    LogStatus.read(at.data(), at.anchor(), metrics().health().and(more), counter).write(out);
    return out.endObject().toBytes();
  }

  /** Returns the follower that asks the witnesses; empty if none are asked. */
  Optional<CosignatureFollower> witnessing() {
    return followers.witnessing();
  }

  /**
   * Returns the number of rows after the last checkpoint that a quorum of the witnesses cosigned.
   * Empty if no witnesses are asked, or if the number is unknown, as before the first append of
   * this process.
   */
  public OptionalLong rowsNotCosigned() {
    OptionalLong cosigned =
        witnessing().map(CosignatureFollower::cosigned).orElse(OptionalLong.empty());
    return rowsAfter(cosigned);
  }

  /** Returns the watch of the policies of other hosts; empty if the ledger is not on a server. */
  Optional<ChainWatch> chainWatch() {
    return followers.watch();
  }

  /** Returns the follower that appends to the anchor file; empty if there is none. */
  Optional<AnchorFollower> anchoring() {
    return followers.anchoring();
  }

  /**
   * Returns the number of rows after the last checkpoint in the anchor file. Empty without an
   * anchor file, or if the number is unknown, as before the first append of this process.
   */
  public OptionalLong rowsNotAnchored() {
    OptionalLong anchored =
        anchoring().map(each -> each.state().anchored()).orElse(OptionalLong.empty());
    return rowsAfter(anchored);
  }

  /**
   * Returns the reason that the anchor file lacks checkpoints, as the last look at it found: it
   * cannot be appended to, the log does not continue it, or a checkpoint in the ledger is not
   * signed by a valid key. Empty if there is no such fault, without an anchor file, and before the
   * first look.
   */
  public Optional<String> anchorFault() {
    return anchoring().flatMap(each -> each.state().trouble());
  }

  /**
   * Returns the number of rows that the index for queries lacks. Empty if this process keeps no
   * index, or if the number is unknown, as before the first append of this process.
   */
  public OptionalLong rowsNotIndexed() {
    return rowsAfter(followers.indexing().map(IndexFollower::indexed).orElse(OptionalLong.empty()));
  }

  private OptionalLong rowsAfter(OptionalLong size) {
    OptionalLong end = metrics().ledger().chainSequence();
    return size.isPresent() && end.isPresent()
        ? OptionalLong.of(Math.max(0, end.getAsLong() - size.getAsLong()))
        : OptionalLong.empty();
  }

  /**
   * Closes like {@link #closeAndFlush(Duration, Duration)}, without a limit as long as events are
   * being settled.
   *
   * @param withoutProgress the longest wait while no event is settled
   */
  public DrainReport closeAndFlush(Duration withoutProgress) {
    stopBeforeIntake();
    return settle(audit.closeAndFlush(withoutProgress));
  }

  /**
   * Stops intake, waits until accepted events are in the ledger, and returns a report. If all are
   * in the ledger, the last checkpoint goes to the anchor file and once more to the witnesses,
   * which takes a second at most.
   *
   * @param withoutProgress the longest wait while no event is settled
   * @param atMost the longest total wait
   */
  public DrainReport closeAndFlush(Duration withoutProgress, Duration atMost) {
    stopBeforeIntake();
    return settle(audit.closeAndFlush(withoutProgress, atMost));
  }

  /**
   * Ends the watches of the rules, because rules that came into force after intake stops would not
   * be on record. Ends the work on the index, because it would delay the drainer.
   */
  private void stopBeforeIntake() {
    reload.ifPresent(PolicyReload::stop);
    followers.stopWatch();
    followers.stopIndexing();
  }

  private DrainReport settle(DrainReport report) {
    followers.stop(report.isComplete() ? CosignatureFollower.CLOSING_PATIENCE : Duration.ZERO);
    return report;
  }

  /**
   * Closes like {@link #closeAndFlush(Duration)}, with the {@linkplain
   * DeferredAuditQueue#DEFAULT_DRAIN_TIMEOUT default limit}.
   *
   * @throws UnsettledException if accepted events still wait, and none was settled within the limit
   */
  @Override
  public void close() {
    DrainReport report = closeAndFlush(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
    if (!report.isComplete()) {
      throw new UnsettledException(report);
    }
  }
}
