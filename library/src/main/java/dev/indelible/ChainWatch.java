// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.base.Threads;
import dev.indelible.crypto.KeyException;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.gate.Gate;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import dev.indelible.storage.KeptReader;
import dev.indelible.storage.StoredLedger;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Makes a gate follow the policies that gates on other hosts put into force. Looks at the chain at
 * intervals. If the operator admitted a later policy than the one in force here, puts its recorded
 * text into force, before {@link OperatorHistory#CHANGEOVER} is over. If that is not possible,
 * because the text is not recorded or the program brought its own policy, the gate refuses every
 * action from then on.
 *
 * <p>While the chain cannot be read, or events do not reach it, decisions go on and state that the
 * gate has no contact.
 *
 * <p>{@link #look} runs on one thread; {@link #stop} on any.
 */
final class ChainWatch {
  /**
   * The time between two looks: short against the minute within which each gate has to follow, and
   * long against the cost of a look, which is two rows from an index.
   */
  static final Duration INTERVAL = Duration.ofSeconds(10);

  /** The longest wait for the thread to end. */
  private static final Duration CLOSING_PATIENCE = Duration.ofSeconds(1);

  /**
   * Looks after which a gate whose policy was replaced refuses, if it cannot follow: the operator
   * may be copying the rules to this host at this moment.
   */
  private static final int LOOKS_WITHOUT_RULES = 3;

  private final KeptReader<StoredLedger> ledger;
  private final PolicyAdmission admission;
  private final Supplier<Optional<RulePolicy>> newest;
  private final Gate gate;
  private final Supplier<Optional<Duration>> oldestPending;
  private final HealthEntries health;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Thread thread;

  /** Looks that found a later policy which cannot come into force. Used by the watching thread. */
  private int missed;

  /** True if this watch has set a health entry that it clears. Used by the watching thread. */
  private boolean isReported;

  /** True if the gate refuses every action until it can follow the chain. */
  private boolean isSuspended;

  /**
   * Creates a watch that has not started.
   *
   * @param newest returns the newest policy of the chain, for a gate here; empty if it cannot come
   *     into force here
   * @param oldestPending returns the age of the oldest event that waits; empty if none waits
   */
  ChainWatch(
      KeptReader<StoredLedger> ledger,
      PolicyAdmission admission,
      Supplier<Optional<RulePolicy>> newest,
      Gate gate,
      Supplier<Optional<Duration>> oldestPending,
      HealthEntries health) {
    this.ledger = ledger;
    this.admission = admission;
    this.newest = newest;
    this.gate = gate;
    this.oldestPending = oldestPending;
    this.health = health;
    this.thread = new Thread(this::run, "indelible-policy-chain");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    try (ledger) {
      while (!stopped.await(INTERVAL.toNanos(), TimeUnit.NANOSECONDS)) {
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks at the chain, and follows it. Throws nothing. */
  void look() {
    Policy inForce = gate.policy();
    try {
      Optional<Optional<Admitted>> found = ledger.use(admission::follow);
      if (found.isEmpty()) {
        return; // The ledger is missing, which health reports.
      }
      Optional<Admitted> ofChain = found.get();
      Optional<String> obstacle =
          ofChain.isPresent() ? follow(inForce, ofChain.get()) : Optional.empty();
      if (obstacle.isPresent()) {
        miss(inForce, obstacle.get());
      } else {
        resume();
        missed = 0;
        clearReport();
      }
      if (oldestPending.get().filter(age -> age.compareTo(INTERVAL) > 0).isEmpty()) {
        admission.inContact();
      }
    } catch (LedgerException e) {
      if (e.getCause() instanceof KeyException) {
        // The ledger can be read; the files of this host cannot.
        miss(inForce, unreadable(e));
      }
      // Otherwise, decisions state that the gate has no contact; health reports the ledger.
    } catch (KeyException | PolicyException e) {
      miss(inForce, unreadable(e));
    } catch (RuntimeException | Error e) {
      // The watch must continue, and nobody else reports the error.
      report("the policies of the chain cannot be followed: " + e);
    }
  }

  /** Returns the obstacle of a row that cannot be read here and may replace the policy in force. */
  private static String unreadable(Exception e) {
    return "the policies of the chain cannot be read on this host: " + e.getMessage();
  }

  /** Counts a look that could not follow the chain; after some of them, refuses every action. */
  private void miss(Policy inForce, String obstacle) {
    missed++;
    if (missed < LOOKS_WITHOUT_RULES) {
      report(obstacle);
      return;
    }
    report(obstacle + "; until then every action is refused");
    gate.suspend(inForce, obstacle);
    isSuspended = true;
  }

  /** Puts the policy into force again that was suspended, if the chain admits it now. */
  private void resume() throws PolicyException {
    if (isSuspended) {
      gate.use(gate.policy());
      isSuspended = false;
    }
  }

  private void report(String reason) {
    isReported = true;
    health.set(HealthEntry.POLICY, reason);
  }

  private void clearReport() {
    if (isReported) {
      isReported = false;
      health.clear(HealthEntry.POLICY);
    }
  }

  /**
   * Follows the newest policy of the chain.
   *
   * @return the obstacle, and its remedy; empty if the gate follows the chain
   */
  private Optional<String> follow(Policy inForce, Admitted admitted) throws PolicyException {
    OptionalLong number =
        gate.signature().map(Signature::number).map(OptionalLong::of).orElse(OptionalLong.empty());
    if (admitted.digest().equals(inForce.digest())
        || number.isPresent() && number.getAsLong() > admitted.number()) {
      return Optional.empty();
    }
    String later =
        "policy %s, number %s, of the chain is later than the policy in force here, %s"
            .formatted(admitted.digest(), admitted.number(), described(inForce, number));
    Optional<RulePolicy> rules =
        newest.get().filter(each -> each.digest().equals(admitted.digest()));
    if (rules.isEmpty()) {
      return Optional.of(
          "%s, and cannot come into force here, because %s; put the operator's current policy into force on this host"
              .formatted(
                  later,
                  admitted.text().isEmpty()
                      ? "the chain does not have its text"
                      : "this program uses its own policy, or cannot read that text"));
    }
    gate.use(rules.get());
    isSuspended = false;
    isReported = false; // The next load of the directory clears this entry.
    health.set(
        HealthEntry.POLICY,
        "%s; number %s is in force now, from its recorded text, and the rules of this data directory are older: copy the operator's current rules and policy.sig to it"
            .formatted(later, admitted.number()));
    return Optional.empty();
  }

  private static String described(Policy policy, OptionalLong number) {
    return policy.digest()
        + (number.isPresent() ? ", number " + number.getAsLong() : ", which nobody signed");
  }

  /**
   * Stops the thread, and waits at most a second for it to end, so that it puts no policy into
   * force after that.
   */
  void stop() {
    stopped.countDown();
    Threads.join(thread, CLOSING_PATIENCE);
  }
}
