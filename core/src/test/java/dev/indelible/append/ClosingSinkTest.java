// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.Bash;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.SinkUnavailableException;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.monitor.VerdictCounters.Verdict;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.MemoryLedger;
import dev.indelible.storage.VerifiableLedger;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A sink that lost its connection writes the last tally and checkpoint nevertheless (D9). */
class ClosingSinkTest {
  private static final SigningKey KEY =
      SigningKey.fromSeed("the key of the protocol's tests.".getBytes(StandardCharsets.UTF_8));

  private static final KeyRing KEYS = KeyRing.of(List.of(KEY.verificationKey()));
  private static final UUID JOURNAL = new UUID(0, 1);

  private final MemoryLedger ledger = MemoryLedger.refusing("agent:refused");
  private final AuditCounters counters = new AuditCounters();
  private final LedgerSink sink = new LedgerSink(LedgerRun.of(this::open, settings(), counters));

  /** True while the ledger cannot be reached. */
  private boolean isAway;

  private static AppendSettings settings() {
    return new AppendSettings(
        AppendSettings.of(KEY, KEYS).signing(),
        KEYS,
        () -> KEYS,
        Checkpoints.Settings.of(KEY).withInterval(Duration.ofHours(1)),
        Duration.ZERO,
        true);
  }

  @Test
  void ledgerIsOpenedAgainAfterAFailedLook() throws Exception {
    appendOne();
    isAway = true;
    assertThat(sink.positions(Set.of(JOURNAL))).isEmpty();
    isAway = false;

    sink.finish();
    sink.close();

    requireClosed();
  }

  @Test
  void ledgerIsOpenedAgainAfterItWasForgotten() throws Exception {
    appendOne();
    sink.forget();

    sink.finish();
    sink.close();

    requireClosed();
  }

  @Test
  void sinkIsUnfinishedWhileTheLedgerIsAway() throws Exception {
    appendOne();
    isAway = true;
    assertThat(sink.positions(Set.of(JOURNAL))).isEmpty();
    assertThatThrownBy(sink::finish).isInstanceOf(SinkUnavailableException.class);
    isAway = false;

    sink.finish();
    sink.close();

    requireClosed();
  }

  @Test
  void sinkThatWasNeverOpenedOpensNothing() throws Exception {
    isAway = true;

    sink.finish();
    sink.close();
  }

  /** Appends an event and a tally over it. */
  private void appendOne() throws Exception {
    Refuse refusal = new Refuse("R", "no");
    DeferredAuditEvent event =
        DeferredAuditEvent.of("agent:a", new Bash("ls"), refusal, Optional.empty());
    counters.countSubmitted(Verdict.REFUSE);
    sink.append(new EventBatch(List.of(event), List.of(new JournalMark(JOURNAL, 1)), List.of()));
    counters.outcomes().countAppended(event);
    sink.maintain();
    try (VerifiableLedger reader = ledger.reader()) {
      assertThat(reader.size(SystemEvent.TALLY)).isOne();
    }
  }

  private void requireClosed() throws Exception {
    try (VerifiableLedger reader = ledger.reader()) {
      assertThat(reader.size(SystemEvent.TALLY)).as("with the last one").isEqualTo(2);
      assertThat(reader.lastCheckpoint().map(StoredCheckpoint::size)).contains(3L);
    }
  }

  private LedgerWriter open() throws LedgerUnavailableException {
    requireReachable();
    LedgerWriter writer = ledger.open();
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.isDefault()) {
            return InvocationHandler.invokeDefault(proxy, method, arguments);
          }
          if (!method.getName().equals("close")) {
            requireReachable();
          }
          try {
            return method.invoke(writer, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    return (LedgerWriter)
        Proxy.newProxyInstance(
            LedgerWriter.class.getClassLoader(), new Class<?>[] {LedgerWriter.class}, handler);
  }

  private void requireReachable() throws LedgerUnavailableException {
    if (isAway) {
      throw new LedgerUnavailableException("ledger: a test", false, null);
    }
  }
}
