// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.DeferredAuditEvent.Provenance;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * The decisions about many agents over a month, for searches: a few agents do most of the work, and
 * most actions are permitted. Streams with an equal end and an equal number of events are equal.
 * Not thread-safe.
 */
public final class WorkOfAgents {
  private static final Duration SPAN = Duration.ofDays(30);
  private static final int AGENTS = 64;
  private static final int RULES = 24;

  /** Decisions of an agent in one session, on average. */
  private static final int SESSION = 200;

  private static final Optional<String> POLICY = Optional.of("sha256:" + "0".repeat(64));

  private static final long VERSION = 0x7000;
  private static final long VARIANT = 0x8000_0000_0000_0000L;

  private final SplittableRandom random = new SplittableRandom(1);
  private final int[] sessions = new int[AGENTS];
  private final Instant start;
  private final long stepNanos;
  private long nanos;

  /**
   * Creates a stream.
   *
   * @param events number of events of the stream
   * @param end the time of the last event
   */
  public WorkOfAgents(long events, Instant end) {
    this.start = end.minus(SPAN).truncatedTo(ChronoUnit.SECONDS);
    this.stepNanos = SPAN.toNanos() / events;
  }

  /** Returns the next event. */
  public DeferredAuditEvent next() {
    nanos += stepNanos;
    Instant time = start.plusNanos(nanos - nanos % 1_000);
    int agent = (int) (AGENTS * Math.pow(random.nextDouble(), 3));
    if (random.nextInt(SESSION) == 0) {
      sessions[agent]++;
    }
    return new DeferredAuditEvent(id(time), "agent:" + agent, action(), decision(), POLICY, time)
        .from(
            new Provenance(
                Optional.empty(), Optional.of(agent + "-" + sessions[agent]), Optional.empty()));
  }

  private AgentAction action() {
    int number = random.nextInt(1_000_000);
    return switch (random.nextInt(10)) {
      case 0, 1 -> new FilesystemWrite("/srv/app/src/part-" + number, OptionalLong.of(number));
      case 2 ->
          new NetworkRequest(
              "host-" + number % 500 + ".example", "https", OptionalInt.empty(), Optional.of("/"));
      case 3 -> new ToolCall("search", arguments(number));
      default -> new Bash("grep -rn 'part-" + number + "' src | head", Optional.of("/srv/app"));
    };
  }

  private Decision decision() {
    int share = random.nextInt(1_000);
    String rule = "rule-" + random.nextInt(RULES);
    if (share < 5) {
      return new Escalate(rule, "a person has to approve this");
    } else if (share < 30) {
      return new Refuse(rule, "this action is not permitted here");
    } else if (share < 70) {
      return new Warn(rule, "this action is unusual here");
    }
    return new Allow();
  }

  private static JsonValue arguments(int number) {
    try {
      return JsonValue.parse("{\"query\":\"part-" + number + "\",\"limit\":20}");
    } catch (JsonFormatException e) {
      throw new IllegalStateException(e);
    }
  }

  private UUID id(Instant time) {
    return new UUID(
        time.toEpochMilli() << 16 | VERSION | time.getNano() % 1_000_000 * 4096L / 1_000_000,
        VARIANT | random.nextLong() >>> 2);
  }
}
