// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.append.AppendSettings;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.LedgerAudit;
import dev.indelible.append.Tallies;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.DrainReport;
import dev.indelible.drain.DrainSettings;
import dev.indelible.gate.Gate;
import dev.indelible.health.HealthEntry;
import dev.indelible.journal.Durability;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerSource;
import dev.indelible.ledger.MemoryLedger;
import dev.indelible.ledger.RowSigning;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.publish.AnchorFollower;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.queue.AuditHealth;
import dev.indelible.queue.DeferredAuditMetrics;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.EventStore;
import dev.indelible.queue.MemoryStore;
import dev.indelible.sqlite.SqliteCosignatures;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteLibrary;
import dev.indelible.sqlite.SqliteWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * A gate and its log, open on one data directory. Safe for use by any number of threads.
 *
 * <p>Closing waits for as long as accepted events go into the ledger, and throws if some are left:
 * they are safe in the journal, and the next process that opens the log delivers them.
 */
public final class Indelible implements AutoCloseable {
  private final DeferredAudit audit;
  private final Gate gate;
  private final Policy policy;
  private final Optional<CosignatureFollower> witnessing;
  private final Optional<AnchorFollower> anchoring;

  /** Judges what lies in the data directory. */
  private final Supplier<AuditHealth> atRest;

  private Indelible(
      DeferredAudit audit,
      Policy policy,
      Optional<CosignatureFollower> witnessing,
      Optional<AnchorFollower> anchoring,
      Supplier<AuditHealth> atRest) {
    this.atRest = atRest;
    this.audit = audit;
    this.policy = policy;
    this.witnessing = witnessing;
    this.anchoring = anchoring;
    this.gate = new Gate(policy, audit.queue());
  }

  /**
   * Opens a data directory with the rules in its {@code policy/}; makes the directory, a key and a
   * first set of rules if they are not there. Events that an earlier run left waiting are
   * delivered.
   *
   * @throws OpenException if the directory, its key, its rules, its journal or its ledger cannot be
   *     used
   */
  public static Indelible open(Path directory) throws OpenException {
    return builder(directory).open();
  }

  /** As {@link #open(Path)}, with other rules. */
  public static Indelible open(Path directory, Policy policy) throws OpenException {
    return builder(directory).policy(Objects.requireNonNull(policy, "policy is null")).open();
  }

  /**
   * Opens a log in memory, for unit tests: the whole path from the gate to signed rows, with a key
   * of its own and without a file. What is recorded ends with the process.
   *
   * @param ledger where decisions are recorded, for the test to read
   */
  public static Indelible inMemory(Policy policy, MemoryLedger ledger) {
    SigningKey key = SigningKey.generate();
    DeferredAudit audit =
        LedgerAudit.start(
            ledger,
            AppendSettings.of(key, KeyRing.of(List.of(key.verificationKey()))),
            new MemoryStore(),
            DrainSettings.ofDefaults().withShutdownHook(false));
    return new Indelible(
        audit,
        Objects.requireNonNull(policy, "policy is null"),
        Optional.empty(),
        Optional.empty(),
        () -> AuditHealth.RECORDING);
  }

  /**
   * Opens a log in memory as {@link #inMemory(Policy, MemoryLedger)} does, of which nobody reads
   * rows.
   */
  public static Indelible inMemory(Policy policy) {
    return inMemory(policy, new MemoryLedger());
  }

  /** For what {@link #open(Path)} leaves at its defaults. */
  public static Builder builder(Path directory) {
    return new Builder(new DataDirectory(Objects.requireNonNull(directory, "directory is null")));
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

  /** The counters of the queue. */
  public DeferredAuditMetrics metrics() {
    return audit.queue().metrics();
  }

  /**
   * Judges the whole log: what this process reports, as {@link #metrics} has it at any time, and
   * what lies in the data directory, as {@code indelible status} judges it. Reads the ledger and
   * the journals, so it takes some milliseconds and more while many events wait; for a health
   * endpoint, not for each decision.
   */
  public AuditHealth health() {
    return metrics().health().and(atRest.get().entries());
  }

  /** How it goes with the witnesses; empty if none are asked. */
  public Optional<CosignatureFollower> witnessing() {
    return witnessing;
  }

  /**
   * How many rows are behind the last checkpoint that a quorum of the witnesses cosigned; empty if
   * none are asked, or it is not known, as before this log has written anything.
   */
  public OptionalLong rowsNotCosigned() {
    OptionalLong cosigned =
        witnessing.map(CosignatureFollower::cosigned).orElse(OptionalLong.empty());
    return behind(cosigned);
  }

  /** How it goes with the anchor file; empty if there is none. */
  public Optional<AnchorFollower> anchoring() {
    return anchoring;
  }

  /**
   * How many rows are behind the last checkpoint in the anchor file; empty if there is none, or it
   * is not known, as before this log has written anything.
   */
  public OptionalLong rowsNotAnchored() {
    OptionalLong anchored =
        anchoring.map(each -> each.state().anchored()).orElse(OptionalLong.empty());
    return behind(anchored);
  }

  private OptionalLong behind(OptionalLong size) {
    OptionalLong end = metrics().chainSequence();
    return size.isPresent() && end.isPresent()
        ? OptionalLong.of(Math.max(0, end.getAsLong() - size.getAsLong()))
        : OptionalLong.empty();
  }

  /**
   * Closes as {@link #closeAndFlush(Duration, Duration)} does, for as long as rows go in.
   *
   * @param withoutProgress how long to wait while no event is settled
   */
  public DrainReport closeAndFlush(Duration withoutProgress) {
    return settle(audit.closeAndFlush(withoutProgress));
  }

  /**
   * Stops intake, waits for what was accepted to be written, and reports (D9). If it was written,
   * the anchor file gets the last checkpoint and the witnesses are asked once more, for {@link
   * CosignatureFollower#CLOSING_PATIENCE} at most.
   *
   * @param withoutProgress how long to wait while no event is settled
   * @param atMost how long to wait in all
   */
  public DrainReport closeAndFlush(Duration withoutProgress, Duration atMost) {
    return settle(audit.closeAndFlush(withoutProgress, atMost));
  }

  private DrainReport settle(DrainReport report) {
    long deadline =
        System.nanoTime()
            + (report.isComplete() ? CosignatureFollower.CLOSING_PATIENCE : Duration.ZERO)
                .toNanos();
    anchoring.ifPresent(AnchorFollower::stop);
    witnessing.ifPresent(CosignatureFollower::stop);
    anchoring.ifPresent(each -> each.awaitEnd(deadline));
    witnessing.ifPresent(each -> each.awaitEnd(deadline));
    return report;
  }

  /**
   * Closes as {@link #closeAndFlush(Duration)} does, with the {@linkplain
   * DeferredAuditQueue#DEFAULT_DRAIN_TIMEOUT default limit}.
   *
   * @throws UnsettledException if no event was settled for that long, and some that were accepted
   *     are not written
   */
  @Override
  public void close() {
    DrainReport report = closeAndFlush(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
    if (!report.isComplete()) {
      throw new UnsettledException(report);
    }
  }

  /** How a data directory is opened. */
  public static final class Builder {
    private final DataDirectory data;
    private Optional<Policy> policy = Optional.empty();
    private Durability durability = Durability.PROCESS;
    private long journalQuotaBytes = JournalSettings.DEFAULT_QUOTA_BYTES;
    private Duration syncInterval = JournalSettings.DEFAULT_SYNC_INTERVAL;
    private DrainSettings drain = DrainSettings.ofDefaults();
    private boolean rowSignatures = true;
    private Optional<LongConsumer> recoveryProgress = Optional.empty();
    private Optional<String> origin = Optional.empty();
    private Optional<WitnessPolicy> witnesses = Optional.empty();
    private boolean askWitnesses = true;
    private Optional<Path> anchor = Optional.empty();
    private Optional<Signer> signer = Optional.empty();
    private boolean shutdownHook = true;
    private Optional<Duration> tally = Optional.of(Tallies.DEFAULT_INTERVAL);

    private Builder(DataDirectory data) {
      this.data = data;
    }

    /** The rules; those in the data directory if not said. */
    public Builder policy(Policy rules) {
      policy = Optional.of(Objects.requireNonNull(rules, "rules is null"));
      return this;
    }

    /** What an accepted event survives; {@link Durability#PROCESS} if not said. */
    public Builder durability(Durability level) {
      durability = Objects.requireNonNull(level, "level is null");
      return this;
    }

    /**
     * Most disk that waiting events take; {@link JournalSettings#DEFAULT_QUOTA_BYTES} if not said.
     */
    public Builder journalQuotaBytes(long bytes) {
      journalQuotaBytes = bytes;
      return this;
    }

    /**
     * How often the journal is synced with {@link Durability#PROCESS}; {@link
     * JournalSettings#DEFAULT_SYNC_INTERVAL} if not said.
     */
    public Builder syncInterval(Duration interval) {
      syncInterval = Objects.requireNonNull(interval, "interval is null");
      return this;
    }

    /**
     * Whether every row is signed, which it is if not said. Without, recording costs less and
     * proves less: the chain says that rows are unsigned from here on, and what ties them to the
     * log are their links alone.
     */
    public Builder rowSignatures(boolean on) {
      rowSignatures = on;
      return this;
    }

    /**
     * Who signs, in place of a key in the data directory, which then holds none: a KMS or a token
     * can stand behind it. Every signature is verified before it is used. While the signer throws,
     * events wait in the journal and health is degraded; a wrong signature is a failure, and counts
     * against {@link DrainSettings#maxRestarts}. No row is left unsigned for either.
     *
     * <p>One that takes 10 ms a signature can sign some hundred rows a second and core: see {@link
     * #rowSignatures}.
     */
    public Builder signer(Signer elsewhere) {
      signer = Optional.of(Objects.requireNonNull(elsewhere, "elsewhere is null").checked());
      return this;
    }

    /**
     * Who hears, while {@link #open} counts the events that an earlier run left waiting, how many
     * were found so far; called now and then on the thread that opens. If not said, a count that
     * takes over a second is logged once in each.
     */
    public Builder recoveryProgress(LongConsumer found) {
      recoveryProgress = Optional.of(Objects.requireNonNull(found, "found is null"));
      return this;
    }

    /**
     * The log's name in its checkpoints, by convention an address without its scheme; {@code
     * indelible/} and the ledger's id if not said. A log keeps its first: under another, no
     * checkpoint is signed, and health says so.
     *
     * @throws IllegalArgumentException if it is empty or has a space or a {@code +}
     */
    public Builder origin(String name) {
      origin = Optional.of(VerifierKey.requireName(Objects.requireNonNull(name, "name is null")));
      return this;
    }

    /**
     * Who witnesses the log and what is a quorum; what the data directory's file {@code witnesses}
     * says if not said, and nobody if there is none. Those that have a URL are asked to cosign its
     * checkpoints.
     *
     * @throws IllegalArgumentException if a witness's URL is none that can be asked, or more have
     *     one than a checkpoint bears cosignatures
     */
    public Builder witnesses(WitnessPolicy policy) {
      CosignatureFollower.requireAskable(Objects.requireNonNull(policy, "policy is null"));
      witnesses = Optional.of(policy);
      return this;
    }

    /**
     * Whether this process asks the witnesses; it does if not said. One that records a single event
     * and ends leaves that to those that last longer.
     */
    public Builder askWitnesses(boolean on) {
      askWitnesses = on;
      return this;
    }

    /**
     * A file outside the data directory, on another disk or with another owner, to which each
     * checkpoint is appended, so that a log set back or rebuilt is seen; none if not said. It is
     * made if it is not there, and never read from but at its end.
     */
    public Builder anchor(Path file) {
      anchor = Optional.of(Objects.requireNonNull(file, "file is null"));
      return this;
    }

    /**
     * How often an {@code audit.tally} is written while there is something new: how many decisions
     * were asked for, and where they ended; one more is written on closing. {@link
     * Tallies#DEFAULT_INTERVAL} if not said.
     */
    public Builder tallyInterval(Duration interval) {
      tally = Optional.of(Objects.requireNonNull(interval, "interval is null"));
      return this;
    }

    /** Without tallies: whether every decision is in the chain can then not be told from it. */
    public Builder withoutTallies() {
      tally = Optional.empty();
      return this;
    }

    /**
     * Whether a JVM shutdown hook closes the queue and drains what waits, for {@link
     * DeferredAudit#SHUTDOWN_LIMIT} at most; it does by default. Switch it off in a container that
     * closes this log itself, after the requests in flight have ended: Spring, Quarkus and others
     * stop in a shutdown hook of their own, JVM hooks run side by side, and a gate whose queue is
     * closed refuses everything ({@code indelible.not_recorded}). Without the hook, whoever opened
     * the log must close it.
     */
    public Builder shutdownHook(boolean on) {
      shutdownHook = on;
      return this;
    }

    /** How the drainer works; {@link DrainSettings#ofDefaults} if not said. */
    public Builder drain(DrainSettings settings) {
      drain = Objects.requireNonNull(settings, "settings is null");
      return this;
    }

    /**
     * Opens it.
     *
     * @throws OpenException if the directory, its key, its rules, its journal or its ledger cannot
     *     be used
     */
    public Indelible open() throws OpenException {
      try {
        // Without SQLite's library no event ever reaches a ledger, so none is accepted.
        SqliteLibrary.load();
        if (durability != Durability.MEMORY) {
          Journal.requireRoom(data.journal());
        }
        ExistingLog log = data.prepareToRecord(signer, policy.isPresent());
        Optional<WitnessPolicy> witnessed =
            witnesses.isPresent() ? witnesses : data.witnessPolicy();
        Policy rules = policy.isPresent() ? policy.get() : Policy.load(data.policy());
        if (durability == Durability.MEMORY) {
          data.requireWritableDatabase();
          Optional<UUID> ledger = SqliteLedger.identify(data.database());
          Signer key = signer(log);
          KeyRing accepted = log.withEarlierKeys(data.keys().accepted());
          return start(rules, key, accepted, ledger, witnessed, new MemoryStore());
        }
        return openOnJournal(log, rules, witnessed);
      } catch (PolicyException | KeyException | LedgerException | JournalException e) {
        throw new OpenException(e.getMessage(), e);
      }
    }

    /** Returns who signs; if the ledger could not be asked for the key, not before it can. */
    private Signer signer(ExistingLog log) throws KeyException {
      Signer key;
      if (signer.isPresent()) {
        key = signer.get();
        data.keys().useElsewhere(key.verificationKey());
      } else {
        key = data.keys().openOrCreate();
      }
      return log.isReadable() ? key : new UnconfirmedSigner(data, key);
    }

    /**
     * Opens the log on its journal. A ledger that cannot be read now, because it is locked or
     * damaged for example, takes its events later, as one does that becomes so while it is in use:
     * the journals name the ledger that they belong to, and the drainer appends to no other (D2).
     */
    private Indelible openOnJournal(
        ExistingLog log, Policy rules, Optional<WitnessPolicy> witnessed)
        throws OpenException, KeyException, LedgerException, JournalException {
      Optional<UUID> ledger;
      try {
        ledger = SqliteLedger.identify(data.database());
      } catch (LedgerException unreadable) {
        return openApart(log, rules, witnessed, unreadable);
      }
      Signer key = signer(log);
      KeyRing accepted = log.withEarlierKeys(data.keys().accepted());
      Journal journal;
      try {
        journal = openJournal(ledger);
      } catch (JournalException e) {
        if (e.getCause() instanceof LedgerException unreadable) {
          return openApart(log, rules, witnessed, unreadable);
        }
        throw e;
      }
      return start(rules, key, accepted, Optional.of(journal.ledger()), witnessed, journal);
    }

    /** Opens the log on a new journal while its ledger cannot be read; makes no key for it. */
    private Indelible openApart(
        ExistingLog log,
        Policy rules,
        Optional<WitnessPolicy> witnessed,
        LedgerException unreadable)
        throws OpenException, KeyException, LedgerException, JournalException {
      if (Journal.identify(data.journal()).isEmpty()) {
        throw new OpenException(
            unreadable.getMessage()
                + " (no journal names the ledger, so nothing is recorded until it can be read)",
            unreadable);
      }
      if (signer.isEmpty() && !data.keys().hasSigningKey()) {
        throw new OpenException(
            unreadable.getMessage()
                + " (there is no signing key in "
                + data.path().resolve("keys")
                + ", and none is made for a ledger that cannot be read)",
            unreadable);
      }
      Signer key = signer(log);
      KeyRing accepted = log.withEarlierKeys(data.keys().accepted());
      Journal journal = Journal.openApart(data.journal(), journalSettings());
      return start(rules, key, accepted, Optional.of(journal.ledger()), witnessed, journal);
    }

    private Journal openJournal(Optional<UUID> ledger) throws JournalException {
      return recoveryProgress.isPresent()
          ? Journal.open(
              data.journal(), ledger, this::settled, journalSettings(), recoveryProgress.get())
          : Journal.open(data.journal(), ledger, this::settled, journalSettings());
    }

    private Indelible start(
        Policy rules,
        Signer key,
        KeyRing accepted,
        Optional<UUID> ledger,
        Optional<WitnessPolicy> witnessed,
        EventStore store) {
      DeferredAudit audit = install(key, accepted, ledger, store);
      Optional<CosignatureFollower> witnessing = Optional.empty();
      boolean opened = false;
      try {
        witnessing = witnessed.filter(policy -> askWitnesses).map(policy -> ask(policy, audit));
        Indelible indelible =
            new Indelible(
                audit,
                rules,
                witnessing,
                anchor.map(file -> anchor(file, audit)),
                () -> HealthCheck.of(data, anchor));
        opened = true;
        return indelible;
      } finally {
        if (!opened) {
          // Nobody has anything to close: what was started ends here, and the journal is released.
          witnessing.ifPresent(CosignatureFollower::stop);
          audit.closeAndFlush();
        }
      }
    }

    /** Starts the drainer; if it cannot be started, the store is closed. */
    private DeferredAudit install(
        Signer key, KeyRing accepted, Optional<UUID> ledger, EventStore store) {
      boolean installed = false;
      try {
        DeferredAudit audit =
            LedgerAudit.start(
                SqliteWriter.drainer(data.database(), ledger.orElse(null)),
                new AppendSettings(
                    new RowSigning(key, rowSignatures),
                    accepted,
                    data.keys()::accepted,
                    Checkpoints.Settings.of(key)
                        .withOrigin(origin.orElse(null))
                        .withFile(CheckpointFile.at(data.lastCheckpoint())),
                    tally.orElse(null)),
                store,
                drain.withShutdownHook(shutdownHook));
        installed = true;
        return audit;
      } finally {
        if (!installed) {
          store.close();
        }
      }
    }

    private AnchorFollower anchor(Path file, DeferredAudit audit) {
      return AnchorFollower.start(
          file,
          source(),
          data.keys()::accepted,
          reason -> audit.reportContradiction(HealthEntry.ANCHOR, reason));
    }

    private LedgerSource source() {
      Path database = data.database();
      return new LedgerSource() {
        @Override
        public Optional<SqliteLedger> open() throws LedgerException {
          return SqliteLedger.identify(database).isPresent()
              ? Optional.of(SqliteLedger.open(database))
              : Optional.empty();
        }

        @Override
        public List<Path> files() {
          return List.of(database, Path.of(database + "-wal"));
        }
      };
    }

    private CosignatureFollower ask(WitnessPolicy policy, DeferredAudit audit) {
      return CosignatureFollower.start(
          policy, source(), new SqliteCosignatures(data.database()), audit.healthEntries());
    }

    private JournalSettings journalSettings() {
      return new JournalSettings(durability, journalQuotaBytes, syncInterval);
    }

    private long settled(UUID journal) throws JournalException {
      try {
        return SqliteLedger.settled(data.database(), journal);
      } catch (LedgerException e) {
        throw new JournalException(e.getMessage(), e);
      }
    }
  }
}
