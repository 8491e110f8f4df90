// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.DeferredAuditEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** All contenders receive identical events, and stored events can be counted. */
class EventStreamTest {
  private static final int MANY = 5_000;

  @Test
  void everyRunGetsEqualEvents() {
    assertThat(events(1, 4)).isEqualTo(events(1, 4));
  }

  @Test
  void idsAreVersion7AndRiseWithTime() {
    List<DeferredAuditEvent> events = events(0, 1);
    assertThat(events).allMatch(event -> event.id().version() == 7 && event.id().variant() == 2);
    assertThat(events)
        .isSortedAccordingTo(Comparator.comparing((DeferredAuditEvent event) -> event.timestamp()))
        .isSortedAccordingTo(Comparator.comparing(event -> event.id().toString()));
  }

  @Test
  void tallyCountsMissingAndDuplicatedEvents() {
    List<DeferredAuditEvent> all = new ArrayList<>(events(0, 2));
    all.addAll(events(1, 2));
    Tally tally = new Tally();
    all.stream().skip(3).forEach(event -> tally.see(event.id().toString()));
    tally.see(all.get(10).id().toString());

    assertThat(tally.found()).isEqualTo(2 * MANY - 3);
    assertThat(tally.duplicated()).isEqualTo(1);
    assertThat(tally.missing(new long[] {MANY, MANY})).isEqualTo(3);
    assertThat(tally.missing(new long[] {2, MANY, 7})).isEqualTo(2 + 7);
  }

  private static List<DeferredAuditEvent> events(int producer, int producers) {
    EventStream stream = new EventStream(producer, producers);
    return Stream.generate(stream::next).limit(MANY).toList();
  }
}
