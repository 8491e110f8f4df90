// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** {@code indelible bench} and {@code demo}: design, "Outer interfaces". */
class BenchTest {
  @Test
  void benchDrainEndsWithTheFourNumbersOfTheDesign() {
    Result result =
        Cli.runWithoutData("bench", "drain", "--events", "1000", "--output", "json").ok();

    JsonNode numbers = result.jsonLines().get((int) result.out().lines().count() - 1);
    assertThat(numbers.propertyNames())
        .containsExactlyInAnyOrder(
            "events",
            "events_per_second",
            "row_per_transaction_per_second",
            "raw_insert_per_second");
    assertThat(numbers.path("events").asInt()).isEqualTo(1_000);
    for (String rate :
        List.of("events_per_second", "row_per_transaction_per_second", "raw_insert_per_second")) {
      assertThat(numbers.path(rate).asLong()).as(rate).isPositive();
    }
  }

  @Test
  void theTextOfABenchNamesItsNeighboursAndTheMachine() {
    assertThat(Cli.runWithoutData("bench", "drain", "--events", "1000").ok().out())
        .contains("one transaction a row", "the limit", "1,000 events; Java ");
  }

  @Test
  void theDemoShowsAChainIntactAndThenBroken() {
    assertThat(Cli.runWithoutData("demo").ok().out())
        .containsSubsequence("refuse", "intact", "broken");
  }
}
