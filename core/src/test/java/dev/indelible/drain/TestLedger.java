// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.event.AuditEvent;
import dev.indelible.pending.EventBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * An in-memory ledger and sinks that write to it (promises D2 and D4). It outlives its sinks, as a
 * database does. It appends a batch completely or not at all. An event that is already in it adds
 * no second row, and an event with a known id but different content becomes a dead letter.
 *
 * <p>The sinks differ in how they fail. A sink has no state; its factory counts the faults.
 */
final class TestLedger {
  /** One call of {@code append}: its first event, its size and its time. */
  record Attempt(UUID first, int events, long nanoTime) {}

  private final Map<UUID, AuditEvent> rows = new LinkedHashMap<>();
  private final Map<UUID, AuditEvent> deadLetters = new LinkedHashMap<>();
  private final List<UUID> commits = new ArrayList<>();
  private final List<Attempt> attempts = new CopyOnWriteArrayList<>();
  private final AtomicInteger sinksCreated = new AtomicInteger();
  private final AtomicInteger sinksClosed = new AtomicInteger();
  private Predicate<AuditEvent> refused = event -> false;

  /** Returns the events of the chain in order. */
  synchronized List<AuditEvent> rows() {
    return List.copyOf(rows.values());
  }

  /** Returns the event ids of the chain in order. */
  synchronized List<UUID> ids() {
    return List.copyOf(rows.keySet());
  }

  synchronized boolean has(UUID id) {
    return rows.containsKey(id);
  }

  synchronized List<AuditEvent> deadLetters() {
    return List.copyOf(deadLetters.values());
  }

  /** Returns every attempt to append, in order, successful or not. */
  List<Attempt> attempts() {
    return List.copyOf(attempts);
  }

  int sinksCreated() {
    return sinksCreated.get();
  }

  int sinksClosed() {
    return sinksClosed.get();
  }

  /** Sets which events the ledger stores as dead letters only. */
  synchronized void refuse(Predicate<AuditEvent> events) {
    refused = events;
  }

  /** Appends events as a real ledger does. */
  synchronized List<AppendOutcome> commit(List<AuditEvent> batch) {
    List<AppendOutcome> outcomes = new ArrayList<>();
    for (AuditEvent event : batch) {
      outcomes.add(commit(event));
    }
    return outcomes;
  }

  private AppendOutcome commit(AuditEvent event) {
    commits.add(event.id());
    if (deadLetters.containsKey(event.id())) {
      return AppendOutcome.DLQ_LANDED;
    }
    AuditEvent first = rows.get(event.id());
    if (first != null && first.equals(event)) {
      return AppendOutcome.APPENDED;
    }
    if (first != null || refused.test(event)) {
      deadLetters.put(event.id(), event);
      return AppendOutcome.DLQ_LANDED;
    }
    rows.put(event.id(), event);
    return AppendOutcome.APPENDED;
  }

  /** Returns how often an event was committed, including repetitions. */
  synchronized long commitsOf(UUID id) {
    return commits.stream().filter(id::equals).count();
  }

  /** Creates sinks that append. */
  DeferredAuditSink.Factory recording() {
    return sink(this::commit);
  }

  /** Creates sinks that wait for the gate before they append. */
  DeferredAuditSink.Factory heldBy(CountDownLatch gate) {
    return sink(
        batch -> {
          awaitUninterruptibly(gate);
          return commit(batch);
        });
  }

  /** Creates sinks whose first calls throw before they append. */
  DeferredAuditSink.Factory throwingBefore(int times, Supplier<Throwable> failure) {
    AtomicInteger left = new AtomicInteger(times);
    return sink(
        batch -> {
          if (left.getAndDecrement() > 0) {
            throwUndeclared(failure.get());
          }
          return commit(batch);
        });
  }

  /** Creates sinks whose first calls append, and then throw instead of answering. */
  DeferredAuditSink.Factory throwingAfter(int times, Supplier<Throwable> failure) {
    AtomicInteger left = new AtomicInteger(times);
    return sink(
        batch -> {
          List<AppendOutcome> outcomes = commit(batch);
          if (left.getAndDecrement() > 0) {
            throwUndeclared(failure.get());
          }
          return outcomes;
        });
  }

  /** Creates sinks that always throw. */
  DeferredAuditSink.Factory alwaysThrowing(Supplier<Throwable> failure) {
    return throwingBefore(Integer.MAX_VALUE, failure);
  }

  /** Creates sinks that wait {@code perEvent} for each event before they append. */
  DeferredAuditSink.Factory slow(Duration perEvent) {
    return sink(
        batch -> {
          for (AuditEvent event : batch) {
            long until = System.nanoTime() + perEvent.toNanos();
            while (System.nanoTime() < until) {
              LockSupport.parkNanos(until - System.nanoTime());
            }
          }
          return commit(batch);
        });
  }

  /** Creates sinks that record each attempt and then append as {@code append} does. */
  DeferredAuditSink.Factory sink(Append append) {
    return () -> {
      sinksCreated.incrementAndGet();
      return new DeferredAuditSink() {
        @Override
        public List<AppendOutcome> append(EventBatch batch) throws SinkException {
          List<AuditEvent> events = batch.events();
          attempts.add(new Attempt(events.get(0).id(), events.size(), System.nanoTime()));
          return append.append(events);
        }

        @Override
        public void close() {
          sinksClosed.incrementAndGet();
        }
      };
    };
  }

  /** Appends a batch in the way that a test needs. */
  interface Append {
    List<AppendOutcome> append(List<AuditEvent> batch) throws SinkException;
  }

  /** Throws any exception, even an undeclared checked one. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void throwUndeclared(Throwable failure) throws T {
    throw (T) failure;
  }

  /** Waits as a thread does that hangs in input or output: an interrupt does not end the wait. */
  static void awaitUninterruptibly(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
