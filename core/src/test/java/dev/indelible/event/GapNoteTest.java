// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.json.CanonicalWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** D7: how much a gap in the record says was lost. */
class GapNoteTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "audit.gap    | {`count`:3}    | 3",
        // Nobody could tell how many, and yet it was not none.
        "audit.gap    | {`count`:null} | 1",
        "audit.gap    | {}             | 1",
        "audit.tamper | {`count`:3}    | 0",
      })
  void aGapSaysHowManyAndNothingElseDoes(String type, String details, long lost) {
    SystemEvent event =
        SystemEvent.of(type, new CanonicalWriter().canonical(details.replace('`', '"')));

    assertThat(GapNote.lost(event)).isEqualTo(lost);
  }
}
