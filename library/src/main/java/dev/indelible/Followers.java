// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.append.GateChannel;
import dev.indelible.publish.AnchorFollower;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.publish.IndexFollower;
import java.time.Duration;
import java.util.Optional;

/**
 * The threads and connections beside an open log.
 *
 * @param witnessing asks the witnesses; empty if none are asked
 * @param anchoring appends to the anchor file; empty if there is none
 * @param indexing keeps the index for queries up to date; empty if this process does not
 * @param watch follows the policies of other hosts; empty if the ledger is in the data directory,
 *     or another process writes it
 * @param channel leads to the ledger of another process; empty if this process writes the ledger
 */
record Followers(
    Optional<CosignatureFollower> witnessing,
    Optional<AnchorFollower> anchoring,
    Optional<IndexFollower> indexing,
    Optional<ChainWatch> watch,
    Optional<GateChannel> channel) {
  /** The followers of a log in memory. */
  static final Followers NONE =
      new Followers(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /** Returns the followers of a gate that records through a channel. */
  static Followers of(GateChannel channel) {
    return new Followers(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(channel));
  }

  /** Longest wait for the rows that the index is adding. */
  private static final Duration INDEX_PATIENCE = Duration.ofSeconds(1);

  /** Ends the watch of the policies of other hosts. */
  void stopWatch() {
    watch.ifPresent(ChainWatch::stop);
  }

  /**
   * Ends the work on the index, so that the drainer has the processor and closes the ledger as its
   * last connection.
   */
  void stopIndexing() {
    indexing.ifPresent(
        each -> {
          each.stop();
          each.awaitEnd(System.nanoTime() + INDEX_PATIENCE.toNanos());
        });
  }

  /**
   * Stops the other followers after their last look at the log.
   *
   * @param patience the longest wait for the anchor file and the witnesses
   */
  void stop(Duration patience) {
    long now = System.nanoTime();
    anchoring.ifPresent(AnchorFollower::stop);
    witnessing.ifPresent(CosignatureFollower::stop);
    anchoring.ifPresent(each -> each.awaitEnd(now + patience.toNanos()));
    witnessing.ifPresent(each -> each.awaitEnd(now + patience.toNanos()));
    channel.ifPresent(GateChannel::close);
  }
}
