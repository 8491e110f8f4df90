// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.benchmarks.load.Latencies;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of results: tables, units and content. */
class PageTest {
  @TempDir Path temp;

  @Test
  void columnsAreAligned() {
    MarkdownTable table =
        new MarkdownTable("what", "events/s").row("long name", "1").row("x", "250,000");
    assertThat(table)
        .hasToString(
            """
            | what      | events/s |
            | --------- | -------: |
            | long name |        1 |
            | x         |  250,000 |
            """);
  }

  @Test
  void latenciesAreFourCells() {
    MarkdownTable table =
        new MarkdownTable("what", "p50", "p99", "p99.9", "max")
            .row("a call", new Latencies(950, 1_500, 20_000, 3_000_000));
    assertThat(table.toString()).endsWith("| a call | 950 ns | 1.5 µs | 20.0 µs | 3.0 ms |\n");
  }

  @Test
  void timesHaveSuitableUnits() {
    assertThat(Units.time(950)).isEqualTo("950 ns");
    assertThat(Units.time(1_500)).isEqualTo("1.5 µs");
    assertThat(Units.time(Duration.ofMillis(20).toNanos())).isEqualTo("20.0 ms");
    assertThat(Units.time(Duration.ofSeconds(90).toNanos())).isEqualTo("90.0 s");
  }

  @Test
  void pageNamesMissedTargetsButNoHostOrPath() throws Exception {
    String page =
        new Page()
            .section("A section")
            .target("speed", "10", "12", true)
            .target("size", "5", "6", false)
            .render(temp, temp, "benchmarks/run --quick", "-Xmx1g");
    assertThat(page)
        .containsPattern("speed +\\| +10 \\| +12 \\| +yes")
        .containsPattern("size +\\| +5 \\| +6 \\| \\*\\*no\\*\\*")
        .contains("`benchmarks/run --quick`", "## A section")
        .doesNotContain(temp.toString(), InetAddress.getLocalHost().getHostName());
  }
}
