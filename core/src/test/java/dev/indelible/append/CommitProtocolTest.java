// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.SinkException;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.MemoryLedger;
import dev.indelible.storage.RefusedException;
import dev.indelible.storage.RefusedException.Refusal;
import dev.indelible.storage.VerifiableLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Makes each ledger call of {@link LedgerSink} fail once, before or after the call has done its
 * work, with each kind of fault. After the fault a new sink retries the batch, as in the drainer.
 * In every case each event is settled once and in order, and the ledger has the position of each
 * journal (promises D2 and D3).
 */
class CommitProtocolTest {
  private static final SigningKey KEY =
      SigningKey.fromSeed("the key of the protocol's tests.".getBytes(StandardCharsets.UTF_8));

  private static final KeyRing KEYS = KeyRing.of(List.of(KEY.verificationKey()));
  private static final UUID ONE = new UUID(0, 1);
  private static final UUID OTHER = new UUID(0, 2);

  /** The kind of fault that a call throws. */
  private enum Fault {
    TRANSIENT,
    PERMANENT,
    REFUSED,
    ERROR;

    void raise() throws LedgerException {
      switch (this) {
        case TRANSIENT -> throw new LedgerUnavailableException("ledger: a test", false, null);
        case PERMANENT -> throw new LedgerException("ledger: a test");
        case REFUSED -> throw new RefusedException("ledger", Refusal.LOST_RACE, "a test", 0, null);
        case ERROR -> throw new OutOfMemoryError("a test");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void anyFailedCallSettlesEachEventOnce(Fault fault) throws Exception {
    for (boolean done : new boolean[] {false, true}) {
      if (done && fault == Fault.REFUSED) {
        // A refused insert inserts nothing, so it cannot fail after its work.
        continue;
      }
      int call = 0;
      while (new Run(fault, call, done).failed()) {
        call++;
      }
      assertThat(call).as("calls that failed").isGreaterThan(fault == Fault.REFUSED ? 3 : 20);
    }
  }

  /** Delivers three batches while one call to the ledger fails. */
  private static final class Run {
    private final Fault fault;
    private final int failing;
    private final boolean done;
    private final MemoryLedger ledger = MemoryLedger.refusing("agent:refused");
    private final AuditCounters counters = new AuditCounters();
    private final List<AuditEvent> good = new ArrayList<>();
    private final List<AuditEvent> refused = new ArrayList<>();
    private final List<AppendOutcome> outcomes = new ArrayList<>();
    private int calls;
    private boolean failed;
    private String failedCall = "";

    /**
     * Creates a run.
     *
     * @param failing the number of the call that fails
     * @param done true if the call does its work before it fails
     */
    Run(Fault fault, int failing, boolean done) {
      this.fault = fault;
      this.failing = failing;
      this.done = done;
    }

    boolean failed() throws Exception {
      AppendSettings settings =
          new AppendSettings(
              AppendSettings.of(KEY, KEYS).signing(),
              KEYS,
              () -> KEYS,
              Checkpoints.Settings.of(KEY).withInterval(Duration.ZERO),
              null,
              true);
      LedgerRun run = LedgerRun.of(this::open, settings, counters);
      deliver(run);
      check();
      return failed;
    }

    private void deliver(LedgerRun run) {
      List<EventBatch> batches = List.of(batch(1), batch(2), batch(3));
      LedgerSink sink = new LedgerSink(run);
      for (EventBatch batch : batches) {
        boolean settled = false;
        while (!settled) {
          try {
            List<AppendOutcome> answer = sink.append(batch);
            settled = true;
            outcomes.addAll(answer);
            sink.maintain();
          } catch (SinkException | RuntimeException | Error e) {
            assertThat(failed).as(String.valueOf(e)).isTrue();
            close(sink);
            sink = new LedgerSink(run);
          }
        }
      }
      close(sink);
    }

    private void close(LedgerSink sink) {
      try {
        sink.close();
      } catch (Error e) {
        assertThat(failed).isTrue();
      }
    }

    private EventBatch batch(int number) {
      List<AuditEvent> events = new ArrayList<>();
      for (String agent : List.of("agent:a", "agent:b", "agent:refused", "agent:a")) {
        AuditEvent event =
            DeferredAuditEvent.of(
                agent, new Bash("n" + number), new Refuse("R", "no"), Optional.empty());
        events.add(event);
        (agent.equals("agent:refused") ? refused : good).add(event);
      }
      List<JournalMark> marks = List.of(new JournalMark(ONE, number), new JournalMark(OTHER, 10));
      return new EventBatch(events, marks, List.of());
    }

    private void check() throws Exception {
      String where = fault + " in call " + failing + ", " + failedCall + ", work done: " + done;
      List<String> rows = new ArrayList<>();
      List<String> letters = new ArrayList<>();
      try (VerifiableLedger reader = ledger.reader()) {
        reader.forEachRow(RowQuery.ofType(DeferredAuditEvent.REFUSAL), row -> rows.add(row.id()));
        reader.forEachDeadLetter(letter -> letters.add(letter.id()));
        assertThat(rows).as(where).isEqualTo(ids(good));
        assertThat(letters).as(where).isEqualTo(ids(refused));
        VerificationReport report = new Verifier(reader, VerificationOptions.of(KEYS)).verify();
        assertThat(report.verdict())
            .as(() -> where + ": " + report.findings())
            .isEqualTo(VerificationReport.Verdict.INTACT);
        assertThat(reader.size(SystemEvent.TAMPER)).as(where).isZero();
      }
      assertThat(ledger.position(ONE)).as(where).isEqualTo(3);
      assertThat(ledger.position(OTHER)).as(where).isEqualTo(10);
      assertThat(outcomes.stream().filter(AppendOutcome.APPENDED::equals)).as(where).hasSize(9);
      assertThat(outcomes.stream().filter(AppendOutcome::isDeadLetter)).as(where).hasSize(3);
    }

    private static List<String> ids(List<AuditEvent> events) {
      return events.stream().map(event -> event.id().toString()).toList();
    }

    private LedgerWriter open() {
      LedgerWriter writer = ledger.open();
      InvocationHandler handler =
          (proxy, method, arguments) -> {
            if (method.isDefault()) {
              return InvocationHandler.invokeDefault(proxy, method, arguments);
            }
            boolean fails = isFaulty(method) && calls++ == failing;
            if (fails && !done) {
              fail(method);
            }
            try {
              Object result = method.invoke(writer, arguments);
              if (fails) {
                fail(method);
              }
              return result;
            } catch (InvocationTargetException e) {
              if (fails) {
                fail(method);
              }
              throw e.getCause();
            }
          };
      return (LedgerWriter)
          Proxy.newProxyInstance(
              LedgerWriter.class.getClassLoader(), new Class<?>[] {LedgerWriter.class}, handler);
    }

    /**
     * Returns true if a method can throw the fault at this point. Only an insert can be refused,
     * and a begin that throws has not begun a transaction.
     */
    private boolean isFaulty(Method method) {
      return Arrays.asList(method.getExceptionTypes()).contains(LedgerException.class)
          && !(done && method.getName().equals("begin"))
          && (fault != Fault.REFUSED || method.getName().equals("insert"));
    }

    private void fail(Method method) throws LedgerException {
      failed = true;
      failedCall = method.getName();
      fault.raise();
    }
  }
}
