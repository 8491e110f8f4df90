// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.base.Threads;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.gate.Gate;
import dev.indelible.health.HealthEntry;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Loads the rules of a data directory again while its log is open, on request or when they change.
 * If the rules do not load, the rules in force stay. Safe for use by any number of threads.
 */
final class PolicyReload {
  /**
   * The time between two looks at the directory; longer than an editor needs to write its files.
   */
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** The longest wait for the watching thread to end. */
  private static final Duration CLOSING_PATIENCE = Duration.ofSeconds(1);

  /** A state that no look can find. */
  private static final String UNSEEN = "unseen";

  private final Rules rules;
  private final Gate gate;
  private final HealthEntries health;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /** Watches the rules, if it was started. */
  private final Thread watch;

  /**
   * The version of the rules that were loaded last, here or at the start. Differs from that in
   * force if the program put its own policy into force. Guarded by this.
   */
  private String version;

  /** The state that the last look found. Guarded by this. */
  private String before = UNSEEN;

  /**
   * The state of the files when the watch last loaded them; {@link #UNSEEN} if they have to be
   * loaded at the next look, because they were not loaded yet or the load failed. Guarded by this.
   */
  private String loaded = UNSEEN;

  private PolicyReload(Rules rules, Gate gate, HealthEntries health) {
    this.rules = rules;
    this.gate = gate;
    this.health = health;
    this.version = versionInForce();
    this.watch = new Thread(this::watch, "indelible-policy-watch");
    watch.setDaemon(true);
  }

  /** Rules that can be loaded again. */
  interface Rules {
    /** Reads the rules, for a gate that protects the data directory, and has them admitted. */
    Loaded load() throws PolicyException;

    /** Returns the state of the files without reading them; differs if the rules changed. */
    String look();

    /** Returns true if the rules were admitted without the chain, and are to be loaded again. */
    default boolean isProvisional() {
      return false;
    }

    /** Returns the rules of the chain that replace provisional ones; empty if there are none. */
    default Optional<RulePolicy> newest() {
      return Optional.empty();
    }
  }

  /**
   * Rules that may come into force.
   *
   * @param signature the operator's signature; empty if none is needed
   */
  record Loaded(RulePolicy policy, Optional<Signature> signature) {
    /** Returns what changes if other rules are loaded, or these rules are signed again. */
    private String version() {
      return policy.digest() + signature.map(given -> " " + given.number()).orElse("");
    }
  }

  /**
   * The rules of a data directory.
   *
   * @param followLinks true if the rules also match the path after its symbolic links are followed
   * @param admission decides if the rules may come into force
   */
  record Source(DataDirectory data, boolean followLinks, PolicyAdmission admission)
      implements Rules {
    @Override
    public Loaded load() throws PolicyException {
      RulePolicy rules;
      try {
        rules = prepared(RulePolicy.load(data.policy()));
      } catch (PolicyException e) {
        admission.refuse(String.valueOf(e.getMessage()));
        throw e;
      }
      return new Loaded(rules, admission.admit(rules));
    }

    /** Returns the rules of the chain if those of the directory may not come into force. */
    @Override
    public Optional<RulePolicy> newest() {
      return admission.newest().map(this::prepared);
    }

    @Override
    public boolean isProvisional() {
      return admission.isUnread();
    }

    private RulePolicy prepared(RulePolicy rules) {
      RulePolicy guarding = rules.guarding(data.path());
      return followLinks ? guarding.followingLinks() : guarding;
    }

    /** Returns the identity, size and time of change of each file with rules. */
    @Override
    public String look() {
      try (Stream<Path> files = Files.list(data.policy())) {
        return files
            .filter(RulePolicy::isPart)
            .sorted()
            .map(Source::look)
            .collect(Collectors.joining("\n"));
      } catch (IOException | UncheckedIOException e) {
        return "unreadable: " + e;
      }
    }

    private static String look(Path file) {
      try {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        return "%s %s %s %s"
            .formatted(file, found.fileKey(), found.size(), found.lastModifiedTime());
      } catch (IOException e) {
        return file + " " + e;
      }
    }
  }

  /**
   * Returns the reload of a gate's rules.
   *
   * @param gate the gate, in which the rules loaded at the start are in force
   * @param watch true to also load the rules when they change, on a separate thread
   */
  static PolicyReload of(Rules rules, Gate gate, HealthEntries health, boolean watch) {
    PolicyReload reload = new PolicyReload(rules, gate, health);
    if (watch) {
      reload.watch.start();
    }
    return reload;
  }

  /**
   * Loads the rules, and puts them into force if they differ from those in force.
   *
   * @throws PolicyException if they do not load
   */
  synchronized void reload() throws PolicyException {
    // The watch loads them once more: they may be half-written now, or repaired later unnoticed.
    loaded = UNSEEN;
    try {
      use(load());
      health.clear(HealthEntry.POLICY);
    } catch (PolicyException e) {
      report(e);
      throw e;
    }
  }

  /**
   * Loads the rules. If the rules in force were admitted while the chain could not be read, and the
   * chain does not admit them, puts the newest rules of the chain into force.
   */
  private Loaded load() throws PolicyException {
    boolean provisional = rules.isProvisional();
    try {
      return rules.load();
    } catch (PolicyException e) {
      Optional<RulePolicy> newest =
          provisional && !rules.isProvisional() ? rules.newest() : Optional.empty();
      if (newest.isPresent() && !newest.get().digest().equals(gate.policy().digest())) {
        gate.use(newest.get());
      }
      throw e;
    }
  }

  private void use(Loaded next) throws PolicyException {
    if (!next.version().equals(versionInForce())) {
      gate.use(next.policy());
    }
    version = next.version();
  }

  private String versionInForce() {
    return gate.policy().digest() + gate.signature().map(given -> " " + given.number()).orElse("");
  }

  private void report(PolicyException e) {
    health.set(
        HealthEntry.POLICY,
        "%s; policy %s stays in force until the rules load"
            .formatted(e.getMessage(), gate.policy().digest()));
  }

  /**
   * Stops the watching thread, and waits at most a second for it to end. From then on it puts no
   * rules into force, except rules that it is putting into force at this moment.
   */
  void stop() {
    stopped.countDown();
    Threads.join(watch, CLOSING_PATIENCE);
  }

  private void watch() {
    try {
      while (!stopped.await(INTERVAL.toNanos(), TimeUnit.NANOSECONDS)) {
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Looks at the rules, and loads them if they have changed since they were loaded, or if the last
   * load failed. Loads them only after two looks found them unchanged, because half-written rules
   * may load although a part is missing. The watch calls this at intervals. Throws nothing.
   */
  synchronized void look() {
    try {
      String now = rules.look();
      boolean settled = now.equals(before);
      before = now;
      if (settled && (!now.equals(loaded) || rules.isProvisional())) {
        loaded = UNSEEN;
        loadSettled(now);
      }
    } catch (RuntimeException | Error e) {
      // The watch must continue, and nobody else reports the error.
      loaded = UNSEEN;
      health.set(HealthEntry.POLICY, "the rules cannot be loaded again: " + e);
    }
  }

  /**
   * Loads rules that a look found unchanged. If they change while they are read, they may be
   * half-written, so the result is discarded, and later looks load them again.
   */
  private void loadSettled(String now) {
    Loaded next;
    try {
      next = load();
    } catch (PolicyException e) {
      if (rules.look().equals(now)) {
        report(e);
      }
      return;
    }
    if (!rules.look().equals(now) || stopped.getCount() == 0) {
      return;
    }
    try {
      // Unchanged rules do not replace a policy that the program put into force.
      if (!next.version().equals(version)) {
        use(next);
      }
      loaded = now;
      health.clear(HealthEntry.POLICY);
    } catch (PolicyException e) {
      report(e);
    }
  }
}
