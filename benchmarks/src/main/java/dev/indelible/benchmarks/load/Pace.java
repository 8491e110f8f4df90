// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs a step for each event at a fixed rate, as an open loop. Each event is due at its time,
 * whether or not earlier events are done, so a slow call also shows in the events that had to wait
 * for it (no coordinated omission).
 *
 * <p>Time advances in ticks of a millisecond, and the events of a tick are due at its start. A
 * producer sleeps between ticks. On a machine with few cores, a spinning producer would occupy
 * cores that the measured code needs.
 */
public final class Pace {
  private static final Duration TICK = Duration.ofMillis(1);
  private static final long TICKS_PER_SECOND = Duration.ofSeconds(1).dividedBy(TICK);

  private final long start;
  private final double eventsPerTick;

  /** The work for each event. */
  @FunctionalInterface
  public interface Step {
    /**
     * Handles one event.
     *
     * @param due the time when the event is due, as {@link System#nanoTime}
     */
    void run(long due) throws Exception;
  }

  /**
   * Creates the pace of one of several producers. Their ticks do not coincide.
   *
   * @param producer the number of the producer, from 0
   * @param producers the number of producers
   * @param eventsPerSecond the rate of all producers together
   */
  public Pace(int producer, int producers, int eventsPerSecond) {
    this.start = System.nanoTime() + TICK.toNanos() + TICK.toNanos() * producer / producers;
    this.eventsPerTick = (double) eventsPerSecond / TICKS_PER_SECOND / producers;
  }

  /** Runs for this time, or longer if the steps cannot keep the pace. */
  public void run(Duration time, Step step) throws Exception {
    long ticks = time.dividedBy(TICK);
    for (long tick = 0; tick < ticks; tick++) {
      long due = start + tick * TICK.toNanos();
      sleepUntil(due);
      long events = (long) ((tick + 1) * eventsPerTick) - (long) (tick * eventsPerTick);
      for (long event = 0; event < events; event++) {
        step.run(due);
      }
    }
  }

  private static void sleepUntil(long time) {
    for (long left = time - System.nanoTime(); left > 0; left = time - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
