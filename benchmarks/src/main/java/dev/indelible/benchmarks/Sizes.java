// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import java.time.Duration;
import java.util.List;

/**
 * How much is measured.
 *
 * @param producers how many threads submit
 * @param flood events of a contender in the side-by-side run
 * @param floodLimit how long it may take to hand them in
 * @param strideRate events a second at which contenders' submits are timed
 * @param stride for how long
 * @param strideWarmUp for how long before
 * @param kills how often each contender is killed
 * @param killRate events a second while it is
 * @param sustained events of the sustained run
 * @param sustainedRounds how often each takes its turn in it
 * @param pacedRate events a second of the paced submit
 * @param paced for how long
 * @param jmhProducers how many producers JMH runs, one after the other
 * @param jmhIterations seconds of warm-up and of measurement, for each
 * @param backlog events waiting in the small heap
 * @param smallLedger rows of the small ledger
 * @param largeLedger rows of the large one
 * @param growthRounds how often each is appended to
 * @param growth events appended each time
 * @param proofs proofs made from the large ledger
 * @param verified rows of the log that is verified
 * @param verifiedRounds how often
 * @param visible events whose way to the reader is timed
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

  /** A warm-up is this part of what is measured. */
  private static final int WARM_UP_SHARE = 5;

  /** What "sustained" asks for. */
  static final long FULL_SUSTAINED = 2_000_000;

  /** The same in a quick run. */
  static final long QUICK_SUSTAINED = 200_000;

  /** Everything at its full size, with that many sustained events. */
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

  /** Enough to see that everything works; the figures mean little. */
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

  /** How many events warm up for that many. */
  static long warmUp(long events) {
    return events / WARM_UP_SHARE;
  }
}
