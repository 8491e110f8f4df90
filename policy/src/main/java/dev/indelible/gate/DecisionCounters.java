// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Counts the answers of a gate as its callers received them: an action refused because it could not
 * be recorded counts as a refusal. Thread-safe; counting allocates nothing.
 */
public final class DecisionCounters {
  /** The verdicts. */
  public static final List<String> VERDICTS = List.of("allow", "warn", "refuse", "escalate");

  private final Map<String, Map<String, LongAdder>> counts =
      forEach(VERDICTS, verdict -> forEach(AgentAction.KINDS, kind -> new LongAdder()));
  private final LongAdder nanos = new LongAdder();

  void count(AgentAction action, Decision decision, long tookNanos) {
    counter(decision.verdict(), action.kind()).increment();
    nanos.add(tookNanos);
  }

  /**
   * Returns the number of answers with a verdict about actions of a kind.
   *
   * @param verdict one of {@link #VERDICTS}
   * @param actionKind one of {@link AgentAction#KINDS}
   */
  public long count(String verdict, String actionKind) {
    return counter(verdict, actionKind).sum();
  }

  /** Returns the number of all answers. */
  public long decisions() {
    return counts.values().stream()
        .flatMap(ofVerdict -> ofVerdict.values().stream())
        .mapToLong(LongAdder::sum)
        .sum();
  }

  /** Returns the total time from each question to its answer. */
  public Duration time() {
    return Duration.ofNanos(nanos.sum());
  }

  private LongAdder counter(String verdict, String actionKind) {
    return counts.get(verdict).get(actionKind);
  }

  private static <T> Map<String, T> forEach(List<String> names, Function<String, T> value) {
    return names.stream().collect(Collectors.toUnmodifiableMap(name -> name, value));
  }
}
