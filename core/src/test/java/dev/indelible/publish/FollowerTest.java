// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import static org.awaitility.Awaitility.await;

import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.monitor.HealthEntries;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Looks that end with an exception or error that no caller expects. */
class FollowerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final HealthEntries health = new HealthEntries();

  /** The fault of each update of the index; null for none. */
  private final AtomicReference<RuntimeException> ofUpdate = new AtomicReference<>();

  /** The fault of each attempt to open the ledger; null for none. */
  private final AtomicReference<Error> ofOpening = new AtomicReference<>();

  private final IndexFollower follower =
      IndexFollower.start(this::update, this::open, () -> false, health);

  private Optional<String> update(
      LedgerReader ledger, Duration atMost, boolean thorough, LongConsumer progress)
      throws LedgerException {
    if (ofOpening.get() != null) {
      throw new LedgerException("the reader that was open has failed");
    }
    RuntimeException fault = ofUpdate.get();
    if (fault != null) {
      throw fault;
    }
    return Optional.empty();
  }

  private Optional<LedgerReader> open() {
    Error fault = ofOpening.get();
    if (fault != null) {
      throw fault;
    }
    LedgerReader ledger =
        (LedgerReader)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {LedgerReader.class},
                (proxy, method, arguments) -> null);
    return Optional.of(ledger);
  }

  @AfterEach
  void stop() {
    follower.stop();
    follower.awaitEnd(System.nanoTime() + PATIENCE.toNanos());
  }

  private void awaitEntry(Optional<String> reason) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                health.all().stream()
                    .filter(entry -> entry.source().equals(HealthEntry.INDEX))
                    .map(HealthEntry::reason)
                    .findFirst()
                    .equals(reason));
  }

  @Test
  void errorIsReportedUntilALookSucceeds() {
    ofOpening.set(new OutOfMemoryError("no memory"));
    awaitEntry(Optional.of("java.lang.OutOfMemoryError: no memory"));

    ofOpening.set(null);
    awaitEntry(Optional.empty());
  }

  @Test
  void exceptionIsReportedUntilALookSucceeds() {
    ofUpdate.set(new IllegalStateException("a defect"));
    awaitEntry(Optional.of("java.lang.IllegalStateException: a defect"));

    ofUpdate.set(null);
    awaitEntry(Optional.empty());
  }
}
