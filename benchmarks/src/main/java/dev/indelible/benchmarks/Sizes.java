// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import java.time.Duration;
import java.util.List;

/**
 * The sizes of a run.
 *
 * @param producers number of threads that submit
 * @param flood number of events of a contender in the throughput run
 * @param floodLimit time limit for submitting them
 * @param strideRate events per second while the submit latency is measured
 * @param stride duration of the latency measurement
 * @param strideWarmUp duration of its warm-up
 * @param kills number of times that each contender is killed
 * @param killRate events per second before a kill
 * @param sustained number of events of the sustained run
 * @param sustainedRounds number of rounds of the sustained run
 * @param pacedRate events per second of the paced submit
 * @param paced duration of the paced submit
 * @param jmhProducers numbers of producers that JMH measures, one after another
 * @param jmhIterations seconds of warm-up, and of measurement, for each of these
 * @param backlog number of waiting events in the small-heap benchmark ({@link SmallHeap})
 * @param smallLedger number of rows of the small ledger
 * @param largeLedger number of rows of the large ledger
 * @param growthRounds number of rounds of appends to each ledger
 * @param growth number of events appended in each round
 * @param proofs number of proofs made from the large ledger
 * @param searches number of times that each search of the large ledger is measured
 * @param verified number of rows of the log that is verified
 * @param verifiedRounds number of rounds of verification
 * @param visible number of events that are timed until a reader sees them
 */
record Sizes(
    int producers,
    long flood,
    Duration floodLimit,
    int strideRate,
    Duration stride,
    Duration strideWarmUp,
    int kills,
    int killRate,
    long sustained,
    int sustainedRounds,
    int pacedRate,
    Duration paced,
    List<Integer> jmhProducers,
    int jmhIterations,
    long backlog,
    long smallLedger,
    long largeLedger,
    int growthRounds,
    long growth,
    int proofs,
    int searches,
    long verified,
    int verifiedRounds,
    int visible) {

  /** A warm-up has one fifth of the events of its measurement. */
  private static final int WARM_UP_SHARE = 5;

  /** Number of events of the sustained run at full size. */
  static final long FULL_SUSTAINED = 2_000_000;

  /** Number of events of the sustained run at quick size. */
  static final long QUICK_SUSTAINED = 200_000;

  /** Returns the full sizes, with this number of events in the sustained run. */
  static Sizes full(long sustained) {
    return new Sizes(
        4,
        400_000,
        Duration.ofSeconds(8),
        5_000,
        Duration.ofSeconds(4),
        Duration.ofSeconds(2),
        2,
        20_000,
        sustained,
        2,
        50_000,
        Duration.ofSeconds(20),
        List.of(1, 2, 4, 8),
        2,
        5_000_000,
        10_000,
        10_000_000,
        3,
        100_000,
        1_000,
        50,
        1_000_000,
        3,
        500);
  }

  /** Returns small sizes, which show that everything works; the figures mean little. */
  static Sizes quick(long sustained) {
    return new Sizes(
        4,
        20_000,
        Duration.ofSeconds(1),
        5_000,
        Duration.ofSeconds(1),
        Duration.ofMillis(500),
        1,
        20_000,
        sustained,
        1,
        50_000,
        Duration.ofSeconds(3),
        List.of(1, 4),
        1,
        200_000,
        10_000,
        200_000,
        1,
        20_000,
        100,
        5,
        50_000,
        1,
        50);
  }

  /** Returns the number of events in the warm-up for a measurement of {@code events} events. */
  static long warmUp(long events) {
    return events / WARM_UP_SHARE;
  }
}
