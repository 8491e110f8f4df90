// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * The events of one producer, identical in every run: refusals of about 400 bytes. Ids (UUIDv7) and
 * times rise as real ones do. An id contains the number of the producer and of the event. Not
 * thread-safe.
 */
public final class EventStream {
  private static final Instant BEGINNING = Instant.parse("2026-01-01T00:00:00Z");
  private static final Refuse DECISION = new Refuse("R001", "no recursive delete at the root");
  private static final Optional<String> WHERE = Optional.of("/home/dev/project");
  private static final Optional<String> POLICY = Optional.of("sha256:" + "0".repeat(64));
  private static final int AGENTS = 50;

  /**
   * The lowest bit of the producer's number in an id. The event's number is in the bits below it.
   */
  private static final int PRODUCER_SHIFT = 48;

  private static final long VERSION = 0x7000;
  private static final long VARIANT = 0x8000_0000_0000_0000L;

  private final int producer;
  private final int producers;
  private long next;

  /**
   * Creates a stream.
   *
   * @param producer the number of the producer, from 0
   * @param producers the number of producers; the times of their events interleave
   */
  public EventStream(int producer, int producers) {
    this.producer = producer;
    this.producers = producers;
  }

  /** Returns the next event. */
  public DeferredAuditEvent next() {
    long number = next++;
    Instant time = BEGINNING.plusNanos((number * producers + producer) * 1_000);
    return new DeferredAuditEvent(
        id(time, number),
        "agent:" + number % AGENTS,
        new Bash("rm -rf / --one-file-system --attempt=" + number, WHERE),
        DECISION,
        POLICY,
        time);
  }

  /** Returns the number of an event's producer. */
  static int producerOf(UUID id) {
    return (int) (id.getLeastSignificantBits() >>> PRODUCER_SHIFT & 0x3fff);
  }

  /** Returns the number of an event among the events of its producer. */
  static long numberOf(UUID id) {
    return id.getLeastSignificantBits() & (1L << PRODUCER_SHIFT) - 1;
  }

  private UUID id(Instant time, long number) {
    long fraction = time.getNano() % 1_000_000 * 4096L / 1_000_000;
    return new UUID(
        time.toEpochMilli() << 16 | VERSION | fraction,
        VARIANT | (long) producer << PRODUCER_SHIFT | number);
  }
}
