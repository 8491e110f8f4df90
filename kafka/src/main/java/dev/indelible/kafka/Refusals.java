// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.base.Text;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what is refused. Anyone who can write to a topic can have messages refused, so for each
 * reason the chain gets one event at once, and then at most one a minute, with the number since.
 * Used by one thread, except {@link #counts}.
 */
final class Refusals {
  private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

  private static final Duration INTERVAL = Duration.ofMinutes(1);

  /** Longest recorded description of a refusal. */
  private static final int MAX_TEXT_CHARS = 500;

  private final String topic;
  private final Map<Refusal, Long> totals = new EnumMap<>(Refusal.class);
  private final Map<Refusal, Unrecorded> unrecorded = new EnumMap<>(Refusal.class);
  private final Map<Refusal, Long> recordedAt = new EnumMap<>(Refusal.class);

  /** The reasons that the events in hand state. */
  private final Set<Refusal> stated = EnumSet.noneOf(Refusal.class);

  /** Refusals for one reason that are not in the chain yet. */
  private record Unrecorded(long count, String first) {}

  Refusals(String topic) {
    this.topic = topic;
  }

  /**
   * Counts a refusal.
   *
   * @param where the partition and the offset of the message
   * @param detail what exactly is wrong
   */
  void count(Refusal refusal, String where, String detail) {
    synchronized (totals) {
      totals.merge(refusal, 1L, Long::sum);
    }
    // The detail can quote what a gate wrote.
    String text = Text.printable("%s: %s".formatted(where, detail), MAX_TEXT_CHARS);
    Unrecorded before = unrecorded.get(refusal);
    if (before == null) {
      LOG.error("{}: refused ({}): {}", topic, refusal.code(), text);
    }
    unrecorded.put(
        refusal,
        before == null
            ? new Unrecorded(1, text)
            : new Unrecorded(before.count() + 1, before.first()));
  }

  /** Returns the events that are due. They are due again until {@link #recorded}. */
  List<SystemEvent> due() {
    List<SystemEvent> events = new ArrayList<>();
    long now = System.nanoTime();
    stated.clear();
    unrecorded.forEach(
        (refusal, what) -> {
          Long last = recordedAt.get(refusal);
          if (last == null || now - last >= INTERVAL.toNanos()) {
            stated.add(refusal);
            events.add(event(refusal, what));
          }
        });
    return events;
  }

  /** Makes every refusal due that is not in the chain yet. */
  void makeDue() {
    recordedAt.clear();
  }

  /** Records that the events that were due are in the chain. */
  void recorded() {
    for (Refusal refusal : stated) {
      unrecorded.remove(refusal);
      recordedAt.put(refusal, System.nanoTime());
    }
    stated.clear();
  }

  private SystemEvent event(Refusal refusal, Unrecorded what) {
    return SystemEvent.of(
        SystemEvent.GROUP_REFUSED,
        new CanonicalWriter()
            .beginObject()
            .member("count", what.count())
            .member("first", what.first())
            .member("reason", refusal.code())
            .member("topic", topic)
            .endObject());
  }

  /** Returns the numbers of refusals so far. */
  Map<Refusal, Long> counts() {
    synchronized (totals) {
      return Map.copyOf(totals);
    }
  }
}
