// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import java.time.Duration;
import java.util.List;

/**
 * The sizes of a run.
 *
 * @param producers threads that submit
 * @param flood events of a contender in the side-by-side run
 * @param floodLimit the time limit to submit them
 * @param strideRate events a second at which contenders' submits are timed
 * @param stride the duration of that
 * @param strideWarmUp the duration of its warm-up
 * @param kills the number of kills of each contender
 * @param killRate events a second meanwhile
 * @param sustained events of the sustained run
 * @param sustainedRounds rounds of the sustained run
 * @param pacedRate events a second of the paced submit
 * @param paced the duration of that
 * @param jmhProducers the numbers of producers that JMH runs, one after the other
 * @param jmhIterations seconds of warm-up and of measurement, for each
 * @param backlog events waiting in the small heap
 * @param smallLedger rows of the small ledger
 * @param largeLedger rows of the large ledger
 * @param growthRounds rounds of appends to each
 * @param growth events appended in each round
 * @param proofs proofs made from the large ledger
 * @param verified rows of the log that is verified
 * @param verifiedRounds rounds of verification
 * @param visible events that are timed until a reader sees them
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
    long verified,
    int verifiedRounds,
    int visible) {

  /** The part of a measurement's size that a warm-up has. */
  private static final int WARM_UP_SHARE = 5;

  /** The events of the part "sustained". */
  static final long FULL_SUSTAINED = 2_000_000;

  /** The events of the part "sustained" in a quick run. */
  static final long QUICK_SUSTAINED = 200_000;

  /** Returns the full sizes, with this number of sustained events. */
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
        1_000_000,
        3,
        500);
  }

  /** Returns sizes that show that everything works; the figures mean little. */
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
        50_000,
        1,
        50);
  }

  /** Returns the number of warm-up events for this number of events. */
  static long warmUp(long events) {
    return events / WARM_UP_SHARE;
  }
}
