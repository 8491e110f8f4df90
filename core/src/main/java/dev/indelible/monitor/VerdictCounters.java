// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;

/** A counter of events by their verdict. Safe for use by any number of threads. */
public final class VerdictCounters {
  /** The verdict of an event. */
  public enum Verdict {
    ALLOW,
    WARN,
    REFUSE,
    ESCALATE,
    /** The event is not a decision of this run. */
    NONE;

    static final int COUNT = values().length;

    /**
     * Returns the verdict of an event. An event that was read back has only its type, and counts as
     * the first verdict of that type.
     */
    public static Verdict of(AuditEvent event) {
      if (event instanceof DeferredAuditEvent decided) {
        return of(decided.decision());
      }
      return switch (event.eventType()) {
        case DeferredAuditEvent.CHECK -> ALLOW;
        case DeferredAuditEvent.REFUSAL -> REFUSE;
        default -> NONE;
      };
    }

    public static Verdict of(Decision decision) {
      if (decision instanceof Refuse) {
        return REFUSE;
      }
      if (decision instanceof Escalate) {
        return ESCALATE;
      }
      return decision instanceof Warn ? WARN : ALLOW;
    }
  }

  private final AtomicLong[] byVerdict = new AtomicLong[Verdict.COUNT];

  VerdictCounters() {
    Arrays.setAll(byVerdict, verdict -> new AtomicLong());
  }

  void increment(Verdict verdict) {
    byVerdict[verdict.ordinal()].incrementAndGet();
  }

  void add(Verdict verdict, long events) {
    byVerdict[verdict.ordinal()].addAndGet(events);
  }

  /** Returns the number of events of all verdicts. Allocates nothing. */
  long sum() {
    long sum = 0;
    for (AtomicLong counter : byVerdict) {
      sum += counter.get();
    }
    return sum;
  }

  /** Returns the number of decisions by verdict; {@link Verdict#NONE} is left out. */
  VerdictCounts decisions() {
    return decisions(verdict -> byVerdict[verdict.ordinal()].get());
  }

  static VerdictCounts decisions(ToLongFunction<Verdict> number) {
    return new VerdictCounts(
        number.applyAsLong(Verdict.ALLOW),
        number.applyAsLong(Verdict.WARN),
        number.applyAsLong(Verdict.REFUSE),
        number.applyAsLong(Verdict.ESCALATE));
  }
}
