// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.benchmarks.contender.IndelibleContender;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.decide.Policies;
import dev.indelible.directory.DataDirectory;
import dev.indelible.queue.Durability;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each measurement, at a small size, ends and counts its events. */
class TaskTest {
  private static final IndelibleContender INDELIBLE =
      new IndelibleContender(Durability.PROCESS, RowSignatures.CORRETTO);

  @TempDir Path temp;

  @Test
  void floodFindsEverySubmittedEvent() throws Exception {
    Facts facts = new Flood().run(Flood.orders(INDELIBLE, temp, 2, 20, 200, Duration.ofMinutes(1)));
    assertThat(facts.number("accepted")).isEqualTo(200);
    assertThat(facts.number("found")).isEqualTo(200);
    assertThat(facts.number("duplicated")).isZero();
  }

  @Test
  void strideKeepsItsPace() throws Exception {
    Facts facts =
        new Stride()
            .run(
                Stride.orders(
                    INDELIBLE, temp, 2, 2_000, Duration.ofMillis(10), Duration.ofMillis(50)));
    assertThat(facts.number("events")).isEqualTo(100);
    assertThat(facts.latencies("response").p50())
        .isGreaterThanOrEqualTo(facts.latencies("call").p50());
  }

  @ParameterizedTest
  @EnumSource
  void rawInsertInsertsEveryRow(RawInsert.Beside beside) throws Exception {
    Facts facts =
        new RawInsert().run(RawInsert.orders(temp, RowSignatures.CORRETTO, beside, 2, 10, 333));
    assertThat(facts.number("accepted")).isEqualTo(333);
    assertThat(Files.size(temp.resolve("raw.db"))).isPositive();
  }

  @Test
  void backlogIsDrainedAfterTheLockIsReleased() throws Exception {
    Facts facts = new Backlog().run(Backlog.orders(temp, 300));
    assertThat(facts.number("waiting")).isEqualTo(300);
    assertThat(facts.number("appended")).isEqualTo(301);
  }

  @Test
  void growthMeasuresBothLedgers() throws Exception {
    Facts facts = new Growth().run(Growth.orders(temp, 100, 300, 2, 10, 20, 5));
    assertThat(facts.number("small")).isPositive();
    assertThat(facts.number("large")).isPositive();
    assertThat(facts.latencies("proof").p50()).isPositive();
  }

  @Test
  void eachSearchIsMeasured() throws Exception {
    Facts facts = new Search().run(Search.orders(temp, 3_000, 2));
    for (String filter : Search.filters(Instant.EPOCH).keySet()) {
      assertThat(facts.latencies(Search.PAGE + filter).p50()).as(filter).isPositive();
      assertThat(facts.latencies(Search.COUNTS + filter).p50()).as(filter).isPositive();
    }
  }

  @Test
  void logIsReadAndVerified() throws Exception {
    Facts facts =
        new Verification().run(Verification.orders(temp.resolve("log"), RowSignatures.OFF, 300, 1));
    // The 300 events, the event that disables row signatures, and a tally.
    assertThat(facts.number("rows")).isEqualTo(302);
    assertThat(facts.number("read")).isPositive();
    assertThat(facts.number("verified")).isPositive();
  }

  @Test
  void logWithoutTreeHasEveryRow() throws Exception {
    IndelibleContender treeless =
        new IndelibleContender(Durability.PROCESS, RowSignatures.OFF, false);
    Facts facts = new Flood().run(Flood.orders(treeless, temp, 2, 20, 200, Duration.ofMinutes(1)));
    assertThat(facts.number("found")).isEqualTo(200);
    DataDirectory data = new DataDirectory(temp.resolve("measured"));
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      assertThat(ledger.treeSize()).hasValue(0);
    }
  }

  @Test
  void rowBecomesVisible() throws Exception {
    Facts facts = new Visibility().run(Visibility.orders(temp, 2, 5));
    assertThat(facts.latencies("visible").p50()).isPositive();
  }

  @Test
  void eachPolicyDecides() throws Exception {
    List<String> policies = List.of(Policies.STARTER, Policies.TEXT, Policies.CEL, "20");
    Facts facts = new Decisions().run(Decisions.orders(policies, "", 2));
    for (String policy : policies) {
      assertThat(facts.latencies(policy).p50()).as(policy).isPositive();
    }
  }
}
