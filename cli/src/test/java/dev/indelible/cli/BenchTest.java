// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code indelible bench} and {@code indelible demo}. */
class BenchTest {
  @Test
  void benchDrainPrintsItsFourNumbers() {
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
  void benchTextNamesComparisonsAndTheMachine() {
    assertThat(Cli.runWithoutData("bench", "drain", "--events", "1000").ok().out())
        .contains("one transaction a row", "the limit", "1,000 events; Java ");
  }

  @Test
  void benchSubmitMeasuresEachNumberOfThreads() {
    JsonNode measured =
        Cli.runWithoutData("bench", "submit", "--events", "1000", "--output", "json").ok().json();

    assertThat(measured.propertyNames()).containsExactlyInAnyOrder("durability", "events", "runs");
    assertThat(measured.path("durability").asString()).isEqualTo("process");
    assertThat(measured.path("events").asInt()).isEqualTo(1_000);
    assertThat(measured.path("runs").values())
        .extracting(run -> run.path("threads").asInt())
        .containsExactly(1, 2, 4, 8);
    for (JsonNode run : measured.path("runs").values()) {
      assertThat(run.propertyNames())
          .containsExactlyInAnyOrder(
              "threads",
              "calls_per_second",
              "memory_queue_calls_per_second",
              "p50_nanos",
              "p99_nanos",
              "p999_nanos",
              "max_nanos");
      assertThat(run.path("calls_per_second").asLong()).isPositive();
      assertThat(run.path("memory_queue_calls_per_second").asLong()).isPositive();
      assertThat(
              Stream.of("p50_nanos", "p99_nanos", "p999_nanos", "max_nanos")
                  .map(name -> run.path(name).asLong())
                  .toList())
          .isSorted()
          .allMatch(nanos -> nanos >= 0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "process", "power"})
  void benchSubmitStatesTheDurability(String durability) {
    assertThat(
            Cli.runWithoutData("bench", "submit", "--events", "1000", "--durability", durability)
                .ok()
                .out())
        .contains("threads", "p99.9", "durability " + durability, "1,000 events; Java ");
  }

  @Test
  void benchVerifyPrintsTheLimit() {
    JsonNode measured =
        Cli.runWithoutData("bench", "verify", "--events", "1000", "--output", "json").ok().json();

    assertRates(measured, "rows_per_second", "raw_read_per_second");
    assertThat(Cli.runWithoutData("bench", "verify", "--events", "1000").ok().out())
        .contains("payload and signature", "the limit", "1,000 events; Java ");
  }

  @Test
  void benchGateMeasuresWithAndWithoutRecording() {
    JsonNode measured =
        Cli.runWithoutData("bench", "gate", "--events", "1000", "--output", "json").ok().json();

    assertRates(
        measured,
        "decisions_per_second",
        "recorded_decisions_per_second",
        "signed_rows_per_second");
    assertThat(Cli.runWithoutData("bench", "gate", "--events", "1000").ok().out())
        .contains("decided and recorded", "the limit", "1,000 events; Java ");
  }

  private static void assertRates(JsonNode measured, String... rates) {
    List<String> names = new ArrayList<>(List.of(rates));
    for (String rate : rates) {
      assertThat(measured.path(rate).asLong()).as(rate).isPositive();
    }
    names.add("events");
    assertThat(measured.propertyNames()).containsExactlyInAnyOrderElementsOf(names);
    assertThat(measured.path("events").asInt()).isEqualTo(1_000);
  }

  @Test
  void demoShowsAnIntactAndThenABrokenChain() {
    assertThat(Cli.runWithoutData("demo").ok().out())
        .containsSubsequence("refuse", "intact", "broken");
  }
}
