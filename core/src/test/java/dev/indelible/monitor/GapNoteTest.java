// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A gap event states the number of lost events (promise D7). */
class GapNoteTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "audit.gap    | {`count`:3}    | 3",
        // A gap of unknown size counts as one event.
        "audit.gap    | {`count`:null} | 1",
        "audit.gap    | {}             | 1",
        "audit.tamper | {`count`:3}    | 0",
      })
  void onlyGapEventsReportLostEvents(String type, String details, long lost) {
    SystemEvent event =
        SystemEvent.of(type, new CanonicalWriter().canonical(details.replace('`', '"')));

    assertThat(GapNote.lost(event)).isEqualTo(lost);
  }
}
