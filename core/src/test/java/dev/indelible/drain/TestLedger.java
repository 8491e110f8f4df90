// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.event.AuditEvent;
import dev.indelible.queue.EventBatch;
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
 * A ledger in memory and the sinks that write to it. It outlives its sinks as a database does, and
 * knows an event by its id as a database does: a batch is all in or all out, the same event again
 * is no second row, and other content under a known id is a dead letter (D2, D4).
 *
 * <p>The sinks differ in how they fail, and no sink remembers anything: a fault that is to happen
 * three times counts here.
 */
final class TestLedger {
  /** One call of {@code append}: its first event and when it came. */
  record Attempt(UUID first, int events, long nanoTime) {}

  private final Map<UUID, AuditEvent> rows = new LinkedHashMap<>();
  private final Map<UUID, AuditEvent> deadLetters = new LinkedHashMap<>();
  private final List<UUID> commits = new ArrayList<>();
  private final List<Attempt> attempts = new CopyOnWriteArrayList<>();
  private final AtomicInteger sinksMade = new AtomicInteger();
  private final AtomicInteger sinksClosed = new AtomicInteger();
  private Predicate<AuditEvent> poison = event -> false;

  /** What the chain holds, in its order. */
  synchronized List<AuditEvent> rows() {
    return List.copyOf(rows.values());
  }

  /** The ids in the chain, in its order. */
  synchronized List<UUID> ids() {
    return List.copyOf(rows.keySet());
  }

  synchronized boolean has(UUID id) {
    return rows.containsKey(id);
  }

  synchronized List<AuditEvent> deadLetters() {
    return List.copyOf(deadLetters.values());
  }

  /** Every attempt to append, in order, whatever came of it. */
  List<Attempt> attempts() {
    return List.copyOf(attempts);
  }

  int sinksMade() {
    return sinksMade.get();
  }

  int sinksClosed() {
    return sinksClosed.get();
  }

  /** Events that this ledger will only take as dead letters. */
  synchronized void refuse(Predicate<AuditEvent> events) {
    poison = events;
  }

  /** Appends as a real ledger would. */
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
    if (first != null || poison.test(event)) {
      deadLetters.put(event.id(), event);
      return AppendOutcome.DLQ_LANDED;
    }
    rows.put(event.id(), event);
    return AppendOutcome.APPENDED;
  }

  /** How often an event was handed in to be committed, the repetitions counted. */
  synchronized long commitsOf(UUID id) {
    return commits.stream().filter(id::equals).count();
  }

  // The sinks.

  /** Appends. */
  DeferredAuditSink.Factory recording() {
    return sink(this::commit);
  }

  /** Appends once the gate is open; waits there until then. */
  DeferredAuditSink.Factory heldBy(CountDownLatch gate) {
    return sink(
        batch -> {
          awaitUninterruptibly(gate);
          return commit(batch);
        });
  }

  /** Throws on its first calls, before anything is written; then appends. */
  DeferredAuditSink.Factory throwingBefore(int times, Supplier<Throwable> failure) {
    AtomicInteger left = new AtomicInteger(times);
    return sink(
        batch -> {
          if (left.getAndDecrement() > 0) {
            sneak(failure.get());
          }
          return commit(batch);
        });
  }

  /** Appends, and on its first calls throws before it could say so. */
  DeferredAuditSink.Factory throwingAfter(int times, Supplier<Throwable> failure) {
    AtomicInteger left = new AtomicInteger(times);
    return sink(
        batch -> {
          List<AppendOutcome> outcomes = commit(batch);
          if (left.getAndDecrement() > 0) {
            sneak(failure.get());
          }
          return outcomes;
        });
  }

  /** Never appends. */
  DeferredAuditSink.Factory alwaysThrowing(Supplier<Throwable> failure) {
    return throwingBefore(Integer.MAX_VALUE, failure);
  }

  /** Takes its time over each event. */
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

  /** Any other way to append; the attempt is noted first. */
  DeferredAuditSink.Factory sink(Append append) {
    return () -> {
      sinksMade.incrementAndGet();
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

  /** What a sink does with a batch. */
  interface Append {
    List<AppendOutcome> append(List<AuditEvent> batch) throws SinkException;
  }

  /** Throws anything, checked or not. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneak(Throwable failure) throws T {
    throw (T) failure;
  }

  /** Waits as one stuck in I/O does: no interrupt gets through. */
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
