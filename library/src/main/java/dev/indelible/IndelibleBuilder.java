// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.append.AppendSettings;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.GateChannel;
import dev.indelible.append.LedgerAudit;
import dev.indelible.append.RowSigning;
import dev.indelible.append.Tallies;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.DirectoryException;
import dev.indelible.directory.ExistingLog;
import dev.indelible.directory.GateChannels;
import dev.indelible.directory.LedgerPositions;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.gate.ApprovalStore;
import dev.indelible.gate.Gate;
import dev.indelible.health.HealthEntry;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerLocation;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.MemoryStore;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.Redactor;
import dev.indelible.policy.RulePolicy;
import dev.indelible.publish.AnchorFollower;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.publish.IndexFollower;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.DrainSettings;
import dev.indelible.queue.Durability;
import dev.indelible.storage.KeptReader;
import dev.indelible.storage.LedgerEngine;
import dev.indelible.storage.LedgerSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Opens a data directory with options. Each option has a default. Used by one thread. The class is
 * long because each option has a method that states its contract.
 */
public final class IndelibleBuilder {
  /**
   * With more waiting events than this, indexing pauses and leaves the processor to the drainer.
   */
  private static final long MANY_EVENTS = 1_000;

  private DataDirectory data;
  private Optional<Policy> policy = Optional.empty();
  private boolean followLinks;
  private boolean watchPolicy = true;
  private Durability durability = Durability.PROCESS;
  private long journalQuotaBytes = JournalSettings.DEFAULT_QUOTA_BYTES;
  private Duration syncInterval = JournalSettings.DEFAULT_SYNC_INTERVAL;
  private Optional<Duration> journalRetain = Optional.empty();
  private DrainSettings drain = DrainSettings.ofDefaults();
  private boolean rowSignatures = true;
  private Optional<LongConsumer> recoveryProgress = Optional.empty();
  private Optional<String> origin = Optional.empty();
  private Optional<WitnessPolicy> witnesses = Optional.empty();
  private boolean askWitnesses = true;
  private boolean mlDsa44;
  private Optional<Path> anchor = Optional.empty();
  private Optional<Signer> signer = Optional.empty();
  private boolean shutdownHook = true;
  private boolean index = true;
  private Optional<Duration> tally = Optional.of(Tallies.DEFAULT_INTERVAL);

  IndelibleBuilder(DataDirectory data) {
    this.data = data;
  }

  /**
   * Sets a ledger outside of the data directory, for example {@code PostgresLedger.at(url)}. The
   * first opening records its URL in the file {@code ledger} of the data directory; later ones need
   * not set it. A data directory that names or has another ledger is refused.
   */
  public IndelibleBuilder ledger(LedgerLocation location) {
    data = data.withLedger(location.url());
    return this;
  }

  /** Sets the policy; default: the rules in the data directory. */
  public IndelibleBuilder policy(Policy rules) {
    policy = Optional.of(Objects.requireNonNull(rules, "rules is null"));
    return this;
  }

  /**
   * Sets whether this process sees the files of its agents; default false. If true, the rules in
   * the data directory are also compared with the path after its symbolic links are followed: see
   * {@link RulePolicy#followingLinks}. A policy set with {@link #policy} decides about links
   * itself.
   */
  public IndelibleBuilder followLinks(boolean on) {
    followLinks = on;
    return this;
  }

  /**
   * Sets whether the rules in the data directory are watched while the log is open; default true.
   * Rules that changed and then stayed unchanged for a second are loaded and put into force. If the
   * rules are missing or do not load, the rules in force stay, and health has an entry until rules
   * load again. A policy that the program passes to {@link Gate#use} stays in force until the
   * content of the rules changes. A process that decides only once does not need this. Has no
   * effect with {@link #policy}.
   */
  public IndelibleBuilder watchPolicy(boolean on) {
    watchPolicy = on;
    return this;
  }

  /** Sets the faults that an accepted event survives; default {@link Durability#PROCESS}. */
  public IndelibleBuilder durability(Durability level) {
    durability = Objects.requireNonNull(level, "level is null");
    return this;
  }

  /**
   * Sets the limit on disk space for waiting events; default {@link
   * JournalSettings#DEFAULT_QUOTA_BYTES}.
   */
  public IndelibleBuilder journalQuotaBytes(long bytes) {
    journalQuotaBytes = bytes;
    return this;
  }

  /**
   * Sets how often the journal is synced with {@link Durability#PROCESS}; default {@link
   * JournalSettings#DEFAULT_SYNC_INTERVAL}.
   */
  public IndelibleBuilder syncInterval(Duration interval) {
    syncInterval = Objects.requireNonNull(interval, "interval is null");
    return this;
  }

  /**
   * Sets the time for which the journal retains events after the ledger has them; default: 10
   * minutes for a ledger in PostgreSQL, and zero for a ledger in a file. If the ledger goes back to
   * an earlier state, because an asynchronous standby or a restored copy took its place, the events
   * that it lost in this time are delivered again. Retained events use at most half of {@link
   * #journalQuotaBytes}, and never the space of new ones. Has no effect for a gate that records
   * through a queue.
   *
   * @throws IllegalArgumentException if the time is negative
   */
  public IndelibleBuilder journalRetain(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("retention " + time + " is negative");
    }
    journalRetain = Optional.of(time);
    return this;
  }

  /**
   * Sets whether every row is signed; default true. Unsigned rows cost less to record. The chain
   * states where unsigned rows begin; only their links protect them until a checkpoint covers them.
   */
  public IndelibleBuilder rowSignatures(boolean on) {
    rowSignatures = on;
    return this;
  }

  /**
   * Sets a signer, for example a KMS or a token, in place of a key in the data directory. Every
   * signature is verified before it is used. While the signer throws, events wait in the journal
   * and health is degraded. A wrong signature is a failure, and counts against {@link
   * DrainSettings#maxRestarts}. Neither leads to an unsigned row.
   *
   * <p>A signer that takes 10 ms signs some hundred rows per second and core: see {@link
   * #rowSignatures}.
   */
  public IndelibleBuilder signer(Signer external) {
    signer = Optional.of(Objects.requireNonNull(external, "external is null").checked());
    return this;
  }

  /**
   * Sets a listener for {@link #open}, which counts the waiting events of earlier runs. The
   * listener gets the count so far, on the thread that opens. Default: a count that takes over a
   * second is logged once a second.
   */
  public IndelibleBuilder recoveryProgress(LongConsumer found) {
    recoveryProgress = Optional.of(Objects.requireNonNull(found, "found is null"));
    return this;
  }

  /**
   * Sets the log's name in its checkpoints, by convention an address without its scheme; default
   * {@code indelible/} and the ledger's id. A log keeps its first name: under another name no
   * checkpoint is signed, and health reports it.
   *
   * @throws IllegalArgumentException if the name is empty or has a space or a {@code +}
   */
  public IndelibleBuilder origin(String name) {
    origin = Optional.of(VerifierKey.requireName(Objects.requireNonNull(name, "name is null")));
    return this;
  }

  /**
   * Adds an ML-DSA-44 key when the log is opened, unless it has one: each checkpoint then has two
   * signatures, and one resists quantum computers. Recorded in the chain and permanent, so later
   * runs need not call this. Default: Ed25519 only.
   */
  public IndelibleBuilder mlDsa44() {
    mlDsa44 = true;
    return this;
  }

  /**
   * Sets the witnesses and their quorum; default: the file {@code witnesses} of the data directory,
   * if it exists. Witnesses with a URL are asked to cosign checkpoints.
   *
   * @throws IllegalArgumentException if a witness's URL is unusable, or more witnesses have a URL
   *     than a checkpoint can have cosignatures
   */
  public IndelibleBuilder witnesses(WitnessPolicy policy) {
    CosignatureFollower.requireAskable(Objects.requireNonNull(policy, "policy is null"));
    witnesses = Optional.of(policy);
    return this;
  }

  /**
   * Sets whether this process asks the witnesses; default true. A process that records a single
   * event can leave it to longer-lived processes.
   */
  public IndelibleBuilder askWitnesses(boolean on) {
    askWitnesses = on;
    return this;
  }

  /**
   * Sets an anchor file, to which each checkpoint is appended; default: none. On another disk or
   * with another owner, the file shows a rollback or a rebuild of the log. The file is created if
   * it is missing.
   */
  public IndelibleBuilder anchor(Path file) {
    anchor = Optional.of(Objects.requireNonNull(file, "file is null"));
    return this;
  }

  /**
   * Sets the interval of {@code audit.tally} rows, which count the decisions and their outcomes
   * while there are new ones. Closing writes one more. Default {@link Tallies#DEFAULT_INTERVAL}.
   */
  public IndelibleBuilder tallyInterval(Duration interval) {
    tally = Optional.of(Objects.requireNonNull(interval, "interval is null"));
    return this;
  }

  /** Turns tallies off; the chain then does not show a missing decision. */
  public IndelibleBuilder withoutTallies() {
    tally = Optional.empty();
    return this;
  }

  /**
   * Sets whether a JVM shutdown hook closes the queue and drains waiting events, for {@link
   * DeferredAudit#SHUTDOWN_LIMIT} at most; default true. Switch it off in a container that closes
   * this log itself after the last request. Spring, Quarkus and others stop in a shutdown hook of
   * their own, and JVM hooks run concurrently: a gate whose queue is closed already refuses
   * everything ({@code indelible.not_recorded}). Without the hook, the caller of {@link #open} must
   * close the log.
   */
  public IndelibleBuilder shutdownHook(boolean on) {
    shutdownHook = on;
    return this;
  }

  /**
   * Sets whether this process keeps the index for queries up to date ({@link AuditLog#find}) while
   * the log is open; default true. A process that records a single event can leave it to others:
   * each query first adds the rows that the index lacks.
   */
  public IndelibleBuilder index(boolean on) {
    index = on;
    return this;
  }

  /** Sets the drainer's settings; default {@link DrainSettings#ofDefaults}. */
  public IndelibleBuilder drain(DrainSettings settings) {
    drain = Objects.requireNonNull(settings, "settings is null");
    return this;
  }

  /**
   * Opens the data directory.
   *
   * @throws OpenException if the directory, its key, its rules, its journal or its ledger cannot be
   *     used
   */
  public Indelible open() throws OpenException {
    try {
      data.requireUsable();
      if (data.hasQueue()) {
        return openOnQueue();
      }
      LedgerEngine engine = data.engine();
      // Without a native library no event could reach a ledger in a file, so none is accepted.
      engine.prepare();
      if (durability != Durability.MEMORY) {
        Journal.requireSpace(data.journal());
      }
      ExistingLog log = data.prepareToRecord(signer, policy.isPresent());
      log.requireNotEnded();
      if (mlDsa44 && log.isReadable()) {
        Signer key = signer();
        data.addMlDsa44(key, log.withEarlierKeys(data.keys().accepted()));
      }
      Optional<WitnessPolicy> witnessed = witnesses.isPresent() ? witnesses : data.witnessPolicy();
      Judgement rules = judgement(log);
      if (durability == Durability.MEMORY) {
        data.requireWritableDatabase();
        Optional<UUID> ledger = engine.identify();
        Signer key = signer();
        KeyRing accepted = log.withEarlierKeys(data.keys().accepted());
        return start(
            log, rules, new Opened(engine, key, accepted, ledger, new MemoryStore()), witnessed);
      }
      return openOnJournal(engine, log, rules, witnessed);
    } catch (DirectoryException
        | PolicyException
        | KeyException
        | LedgerException
        | JournalException e) {
      throw new OpenException(e.getMessage(), e);
    }
  }

  /**
   * Opens a gate that records through a queue. Another process writes the ledger, so there are no
   * checkpoints, witnesses, approvals and no index here.
   */
  private Indelible openOnQueue()
      throws OpenException,
          DirectoryException,
          PolicyException,
          KeyException,
          LedgerException,
          JournalException {
    if (anchor.isPresent() || witnesses.isPresent() || mlDsa44) {
      throw new OpenException(
          data.queue()
              + ": a gate that records through a queue has no anchor file, witnesses and ML-DSA-44"
              + " key; those belong to the log");
    }
    if (durability != Durability.MEMORY) {
      Journal.requireSpace(data.journal());
    }
    ExistingLog log = data.prepareToSend(policy.isPresent());
    Judgement rules = judgement(log);
    GateChannel channel = GateChannels.open(data, signer());
    boolean started = false;
    try {
      EventStore store = durability == Durability.MEMORY ? new MemoryStore() : openJournal(channel);
      Indelible opened = start(log, rules, channel, store);
      started = true;
      return opened;
    } finally {
      if (!started) {
        channel.close();
      }
    }
  }

  private Journal openJournal(GateChannel channel) throws JournalException {
    JournalSettings settings = journalSettings();
    return Journal.open(
        data.journal(),
        Optional.of(channel.id()),
        new LedgerPositions(channel::settled, any -> false)::settled,
        recoveryProgress.map(settings::withProgress).orElse(settings));
  }

  /** Starts a gate on a channel; closes the store if that fails. */
  private Indelible start(ExistingLog log, Judgement rules, GateChannel channel, EventStore store)
      throws OpenException {
    @Nullable DeferredAudit audit = null;
    boolean started = false;
    try {
      audit =
          DeferredAudit.start(
              store, channel, new AuditCounters(), drain.withShutdownHook(shutdownHook));
      record(rules.redactor(), log, audit);
      rules.source().admission().recordIn(audit.queue());
      report(rules, audit);
      Gate gate = gate(log, rules, audit);
      Optional<PolicyReload> reload =
          policy.isPresent()
              ? Optional.empty()
              : Optional.of(
                  PolicyReload.of(rules.source(), gate, audit.healthEntries(), watchPolicy));
      DeferredAuditQueue counted = audit.queue();
      tally.ifPresent(interval -> channel.tally(counted, interval));
      Indelible indelible =
          new Indelible(
              audit,
              gate,
              reload,
              Followers.of(channel),
              new AuditLog(data, anchor),
              Optional.empty());
      started = true;
      return indelible;
    } finally {
      if (!started && audit != null) {
        audit.closeAndFlush();
      } else if (!started) {
        store.close();
      }
    }
  }

  /**
   * Chooses the policy: that of the program, or the rules in the data directory. If the log has an
   * operator's key and these may not come into force, the newest policy of the chain stays in
   * force, and health reports it.
   */
  private Judgement judgement(ExistingLog log) throws PolicyException, KeyException {
    PolicyAdmission admission = new PolicyAdmission(data, log);
    PolicyReload.Source source = new PolicyReload.Source(data, followLinks, admission);
    Redactor redactor = data.redactor();
    if (policy.isPresent()) {
      Optional<Signature> signature = admission.admit(policy.get());
      return new Judgement(policy.get(), signature, redactor, source, Optional.empty());
    }
    try {
      PolicyReload.Loaded loaded = source.load();
      return new Judgement(loaded.policy(), loaded.signature(), redactor, source, Optional.empty());
    } catch (PolicyException e) {
      RulePolicy newest = source.newest().orElseThrow(() -> e);
      Optional<Signature> signature = admission.admit(newest);
      return new Judgement(
          newest, signature, redactor, source, Optional.of(String.valueOf(e.getMessage())));
    }
  }

  private Signer signer() throws KeyException {
    if (signer.isPresent()) {
      data.keys().useExternal(signer.get().verificationKey());
      return signer.get();
    }
    return data.keys().openOrCreate();
  }

  /**
   * Opens the log on its journal. A ledger that cannot be read now, for example because it is
   * locked or damaged, gets its events later: a journal names its ledger, and the drainer appends
   * to no other.
   */
  private Indelible openOnJournal(
      LedgerEngine engine, ExistingLog log, Judgement rules, Optional<WitnessPolicy> witnessed)
      throws OpenException, KeyException, LedgerException, JournalException {
    Optional<UUID> ledger;
    try {
      ledger = engine.identify();
      if (ledger.isEmpty() && engine.files().isEmpty()) {
        // It was there a moment ago. A journal for a new id would belong to no ledger.
        throw new LedgerException(engine.name() + ": no ledger here any more");
      }
    } catch (LedgerException unreadable) {
      return openApart(engine, log, rules, witnessed, unreadable);
    }
    Signer key = signer();
    KeyRing accepted = log.withEarlierKeys(data.keys().accepted());
    Journal journal;
    try {
      journal = openJournal(engine, ledger);
    } catch (JournalException e) {
      if (e.getCause() instanceof LedgerException unreadable) {
        return openApart(engine, log, rules, witnessed, unreadable);
      }
      throw e;
    }
    return start(
        log,
        rules,
        new Opened(engine, key, accepted, Optional.of(journal.ledger()), journal),
        witnessed);
  }

  /**
   * Opens the log while its ledger cannot be read. Requires a journal that names the ledger.
   * Creates no key.
   */
  private Indelible openApart(
      LedgerEngine engine,
      ExistingLog log,
      Judgement rules,
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
              + ", and none is created for a ledger that cannot be read)",
          unreadable);
    }
    Signer key = signer();
    KeyRing accepted = log.withEarlierKeys(data.keys().accepted());
    Journal journal =
        Journal.openApart(
            data.journal(), id -> LedgerPositions.of(engine, id), journalSettings(engine));
    return start(
        log,
        rules,
        new Opened(engine, key, accepted, Optional.of(journal.ledger()), journal),
        witnessed);
  }

  private Journal openJournal(LedgerEngine engine, Optional<UUID> ledger) throws JournalException {
    JournalSettings settings = journalSettings(engine);
    return Journal.open(
        data.journal(),
        ledger,
        LedgerPositions.at(engine),
        id -> LedgerPositions.of(engine, id),
        recoveryProgress.map(settings::withProgress).orElse(settings));
  }

  /**
   * The parts of an open log.
   *
   * @param engine the engine of the ledger
   * @param key the key that signs
   * @param accepted the public keys accepted on existing rows
   * @param ledger the id of the ledger; empty if there is none yet
   * @param store the store in which events wait
   */
  private record Opened(
      LedgerEngine engine, Signer key, KeyRing accepted, Optional<UUID> ledger, EventStore store) {}

  /**
   * The policy that decides, and the redactor of the secrets in its decisions.
   *
   * @param signature the operator's signature over the policy; empty if none is needed
   * @param source the rules of the data directory, for the next loads
   * @param refusal the reason that the policy is the chain's and not that of the data directory
   */
  private record Judgement(
      Policy policy,
      Optional<Signature> signature,
      Redactor redactor,
      PolicyReload.Source source,
      Optional<String> refusal) {}

  private Indelible start(
      ExistingLog log, Judgement rules, Opened opened, Optional<WitnessPolicy> witnessed)
      throws OpenException {
    DeferredAudit audit = install(opened, log.hasRows());
    Optional<CosignatureFollower> witnessing = Optional.empty();
    Optional<AnchorFollower> anchoring = Optional.empty();
    Optional<PolicyReload> reload = Optional.empty();
    Optional<IndexFollower> indexing = Optional.empty();
    Optional<ChainWatch> watch = Optional.empty();
    boolean started = false;
    try {
      record(rules.redactor(), log, audit);
      rules.source().admission().recordIn(audit.queue());
      report(rules, audit);
      Gate gate = gate(log, rules, audit).withApprovals(approvals(opened));
      reload =
          policy.isPresent()
              ? Optional.empty()
              : Optional.of(
                  PolicyReload.of(rules.source(), gate, audit.healthEntries(), watchPolicy));
      watch =
          data.isLedgerOutside()
              ? Optional.of(watch(opened.engine(), rules.source(), gate, audit))
              : Optional.empty();
      witnessing =
          witnessed
              .filter(policy -> askWitnesses)
              .map(policy -> ask(policy, opened.engine(), audit));
      anchoring = anchor.map(file -> anchor(file, opened.engine(), audit));
      indexing = index ? Optional.of(index(opened.engine(), audit)) : Optional.empty();
      Indelible indelible =
          new Indelible(
              audit,
              gate,
              reload,
              new Followers(witnessing, anchoring, indexing, watch, Optional.empty()),
              new AuditLog(data, anchor),
              Optional.of(new Indelible.LogFiles(data, anchor, signer)));
      started = true;
      return indelible;
    } finally {
      if (!started) {
        // The caller gets nothing to close, so the log is closed here, which releases the journal.
        reload.ifPresent(PolicyReload::stop);
        watch.ifPresent(ChainWatch::stop);
        indexing.ifPresent(IndexFollower::stop);
        anchoring.ifPresent(AnchorFollower::stop);
        witnessing.ifPresent(CosignatureFollower::stop);
        audit.closeAndFlush();
      }
    }
  }

  /**
   * Returns a gate that records its policy before its first decision, unless the last policy on
   * record is this one.
   */
  private static Gate gate(ExistingLog log, Judgement rules, DeferredAudit audit) {
    Policy policy = rules.policy();
    boolean isOnRecord =
        policy instanceof RulePolicy && log.isInForce(policy.digest(), rules.signature());
    Optional<RulePolicy> before =
        policy instanceof RulePolicy && !isOnRecord ? log.lastPolicy() : Optional.empty();
    return Gate.of(
        new Gate.Admitted(policy, rules.signature(), isOnRecord, before),
        audit.queue(),
        rules.redactor(),
        rules.source().admission());
  }

  private static void report(Judgement rules, DeferredAudit audit) {
    rules
        .refusal()
        .ifPresent(
            reason ->
                audit
                    .healthEntries()
                    .set(
                        HealthEntry.POLICY,
                        "%s; policy %s of the chain is in force until the rules load"
                            .formatted(reason, rules.policy().digest())));
  }

  /** Records the settings of redaction, unless the last ones on record are these. */
  private static void record(Redactor redactor, ExistingLog log, DeferredAudit audit)
      throws OpenException {
    if (!log.isRedactedBy(redactor) && !audit.queue().submit(redactor.settings())) {
      throw new OpenException(
          "the changed settings of redaction cannot be recorded: the audit queue accepts no more"
              + " events");
    }
  }

  /**
   * Starts the drainer; closes the store if that fails.
   *
   * @param keyIsConfirmed true if the rows of the ledger show that the key is a key of the log
   */
  private DeferredAudit install(Opened log, boolean keyIsConfirmed) {
    boolean installed = false;
    try {
      DeferredAudit audit =
          LedgerAudit.start(
              log.engine().drainer(log.ledger().orElse(null)),
              new AppendSettings(
                  new RowSigning(log.key(), rowSignatures),
                  log.accepted(),
                  data.keys(),
                  Checkpoints.Settings.of(log.key())
                      .withOrigin(origin.orElse(null))
                      .withFile(data.checkpointFile()),
                  tally.orElse(null),
                  keyIsConfirmed),
              log.store(),
              drain.withShutdownHook(shutdownHook));
      installed = true;
      return audit;
    } finally {
      if (!installed) {
        log.store().close();
      }
    }
  }

  private ApprovalStore approvals(Opened opened) {
    return new ApprovedActions(
        data,
        opened.accepted(),
        data.isLedgerOutside()
            ? new SharedApprovals(data, signer)
            : new FiledApprovals(data.approvals()));
  }

  private ChainWatch watch(
      LedgerEngine engine, PolicyReload.Source source, Gate gate, DeferredAudit audit) {
    ChainWatch watch =
        new ChainWatch(
            new KeptReader<>(engine::openIfThere),
            source.admission(),
            () -> policy.isPresent() ? Optional.empty() : source.newest(),
            gate,
            () -> audit.queue().metrics().journal().oldestPending(),
            audit.healthEntries());
    watch.start();
    return watch;
  }

  private AnchorFollower anchor(Path file, LedgerEngine engine, DeferredAudit audit) {
    return AnchorFollower.start(
        file,
        source(engine),
        data.keys()::accepted,
        audit.healthEntries(),
        reason -> audit.reportContradiction(HealthEntry.ANCHOR, reason));
  }

  private IndexFollower index(LedgerEngine engine, DeferredAudit audit) {
    return IndexFollower.start(
        data.index()::update,
        // A deleted index is built again, even if no row is appended.
        source(engine, data.index().file()),
        () -> audit.queue().metrics().pending() > MANY_EVENTS,
        audit.healthEntries());
  }

  /** Returns the ledger, and the files whose change a follower of the ledger looks at. */
  private static LedgerSource source(LedgerEngine engine, Path... beside) {
    List<Path> files = new ArrayList<>(engine.files());
    if (!files.isEmpty()) {
      files.addAll(List.of(beside));
    }
    return new LedgerSource() {
      @Override
      public Optional<? extends LedgerReader> open() throws LedgerException {
        // A server has the ledger before its log begins; a file gets one with the first append.
        return engine.files().isEmpty() ? Optional.of(engine.open()) : engine.openIfThere();
      }

      @Override
      public List<Path> files() {
        return files;
      }
    };
  }

  private CosignatureFollower ask(WitnessPolicy policy, LedgerEngine engine, DeferredAudit audit) {
    return CosignatureFollower.start(
        policy, source(engine), engine.cosignatures(), audit.healthEntries());
  }

  private JournalSettings journalSettings(LedgerEngine engine) {
    return journalSettings().withRetain(journalRetain.orElseGet(engine::retain));
  }

  private JournalSettings journalSettings() {
    return new JournalSettings(durability, journalQuotaBytes, syncInterval);
  }
}
