// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Decision;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a gate answered, counted as its callers were told: an action refused for want of a record is
 * a refusal. Any thread may count; nothing is allocated for it.
 */
public final class DecisionCounters {
  /** Every verdict there is. */
  public static final List<String> VERDICTS = List.of("allow", "warn", "refuse", "escalate");

  /** Every kind of action there is. */
  public static final List<String> ACTION_KINDS =
      List.of(
          Bash.KIND,
          Custom.KIND,
          FilesystemWrite.KIND,
          NetworkRequest.KIND,
          ProcessSpawn.KIND,
          Read.KIND,
          ToolCall.KIND);

  private final Map<String, Map<String, LongAdder>> counts =
      each(VERDICTS, verdict -> each(ACTION_KINDS, kind -> new LongAdder()));
  private final LongAdder nanos = new LongAdder();

  void count(AgentAction action, Decision decision, long tookNanos) {
    counter(decision.verdict(), action.kind()).increment();
    nanos.add(tookNanos);
  }

  /**
   * How many actions of a kind were answered so.
   *
   * @param verdict one of {@link #VERDICTS}
   * @param actionKind one of {@link #ACTION_KINDS}
   */
  public long count(String verdict, String actionKind) {
    return counter(verdict, actionKind).sum();
  }

  /** How many decisions there were in all. */
  public long decisions() {
    return counts.values().stream()
        .flatMap(ofVerdict -> ofVerdict.values().stream())
        .mapToLong(LongAdder::sum)
        .sum();
  }

  /** How long they took together, from the question to the answer. */
  public Duration time() {
    return Duration.ofNanos(nanos.sum());
  }

  private LongAdder counter(String verdict, String actionKind) {
    return counts.get(verdict).get(actionKind);
  }

  private static <T> Map<String, T> each(List<String> names, Function<String, T> value) {
    return names.stream().collect(Collectors.toUnmodifiableMap(name -> name, value));
  }
}
