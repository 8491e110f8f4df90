// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Producers;
import dev.indelible.benchmarks.load.Tally;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * If a contender reports that an event is stored, the event is on disk. A contender with a wrong
 * setup would seem fast.
 */
class ContenderTest {
  private static final int PRODUCERS = 2;
  private static final int EVENTS = 50;

  @TempDir Path temp;

  static Stream<Contender> light() {
    return Contenders.all().stream().filter(contender -> !isHeavy(contender));
  }

  static Stream<Contender> heavy() {
    return Contenders.all().stream().filter(ContenderTest::isHeavy);
  }

  @ParameterizedTest
  @MethodSource("light")
  void acceptedEventsAreOnDiskOnce(Contender contender) throws Exception {
    Tally tally = new Tally();
    try (Contender.Session session = contender.open(temp)) {
      Producers.run(
          PRODUCERS,
          producer -> {
            EventStream events = new EventStream(producer, PRODUCERS);
            for (int i = 0; i < EVENTS; i++) {
              assertThat(session.submit(events.next())).isTrue();
            }
            return true;
          });
      session.awaitArrival();
    }
    contender.forEachEvent(temp, tally::see);

    assertThat(tally.missing(new long[] {EVENTS, EVENTS})).isZero();
    assertThat(tally.duplicated()).isZero();
  }

  /** A broker takes seconds to start and to read. */
  @ParameterizedTest
  @MethodSource("heavy")
  @Tag("full")
  void eventsAcceptedByBrokersAreOnDiskOnce(Contender contender) throws Exception {
    acceptedEventsAreOnDiskOnce(contender);
  }

  @Test
  void namesAreUnique() {
    assertThat(Contenders.all().stream().map(Contender::name)).doesNotHaveDuplicates();
    assertThat(Contenders.all())
        .allSatisfy(each -> assertThat(Contenders.named(each.name())).hasSameClassAs(each));
  }

  private static boolean isHeavy(Contender contender) {
    return contender instanceof KafkaContender;
  }
}
