// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.directory.DataDirectory;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Loads the rules of a data directory again while its log is open, on request or when they change.
 * Rules that do not load leave those in force. Safe for use by any number of threads.
 */
final class PolicyReload {
  /** The time between two looks at the directory; an editor writes its files in less. */
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** What no look finds. */
  private static final String UNSEEN = "unseen";

  private final Source source;
  private final Gate gate;
  private final HealthEntries health;
  private final CountDownLatch stopped = new CountDownLatch(1);

  private PolicyReload(Source source, Gate gate, HealthEntries health) {
    this.source = source;
    this.gate = gate;
    this.health = health;
  }

  /**
   * The rules of a data directory.
   *
   * @param followLinks true if they compare paths with their symbolic links followed, too
   */
  record Source(DataDirectory data, boolean followLinks) {
    /** Reads the rules, for a gate that protects the data directory. */
    RulePolicy load() throws PolicyException {
      RulePolicy rules = RulePolicy.load(data.policy()).guarding(data.path());
      return followLinks ? rules.followingLinks() : rules;
    }
  }

  /**
   * Returns the reload of a gate's rules.
   *
   * @param watch true to load the rules also when they change, on a thread of its own
   */
  static PolicyReload of(Source source, Gate gate, HealthEntries health, boolean watch) {
    PolicyReload reload = new PolicyReload(source, gate, health);
    if (watch) {
      Thread thread = new Thread(reload::watch, "indelible-policy-watch");
      thread.setDaemon(true);
      thread.start();
    }
    return reload;
  }

  /**
   * Loads the rules and puts them into force, if they are others than those in force.
   *
   * @throws PolicyException if they do not load
   */
  synchronized void reload() throws PolicyException {
    try {
      RulePolicy next = source.load();
      if (!next.digest().equals(gate.policy().digest())) {
        gate.use(next);
      }
      health.clear(HealthEntry.POLICY);
    } catch (PolicyException e) {
      health.set(
          HealthEntry.POLICY,
          "%s; policy %s stays in force until the rules load"
              .formatted(e.getMessage(), gate.policy().digest()));
      throw e;
    }
  }

  /** Makes the watching thread end. */
  void stop() {
    stopped.countDown();
  }

  /**
   * Loads the rules when they have changed. Waits until two looks find them unchanged, because
   * rules that are being written may load and lack what is not written yet.
   */
  private void watch() {
    // The rules in force were read before this look, so they may be older than it finds them.
    String loaded = UNSEEN;
    String before = UNSEEN;
    try {
      while (!stopped.await(INTERVAL.toNanos(), TimeUnit.NANOSECONDS)) {
        String now = look();
        if (now.equals(before) && !now.equals(loaded)) {
          loaded = now;
          reloadChanged();
        }
        before = now;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void reloadChanged() {
    try {
      reload();
    } catch (PolicyException e) {
      // Health has it.
    } catch (RuntimeException | Error e) { // The next change must be seen as well.
      health.set(HealthEntry.POLICY, "the rules cannot be loaded again: " + e);
    }
  }

  /** Returns the identity, size and time of change of each file; differs if the rules changed. */
  private String look() {
    try (Stream<Path> files = Files.list(source.data().policy())) {
      return files.sorted().map(PolicyReload::look).collect(Collectors.joining("\n"));
    } catch (IOException | UncheckedIOException e) {
      return "unreadable: " + e;
    }
  }

  private static String look(Path file) {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return "%s %s %s %s".formatted(file, found.fileKey(), found.size(), found.lastModifiedTime());
    } catch (IOException e) {
      return file + " " + e;
    }
  }
}
