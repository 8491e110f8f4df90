// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports about an open log. */
class ReportsTest {
  private static final Request ANY = new Request("GET", "/", Map.of(), Map.of());

  @TempDir Path data;

  /** Returns the value of the health gauge of a source. */
  private static String health(Reports reports, String source) {
    String start = "indelible_audit_health{source=\"" + source + "\"} ";
    return new String(reports.metrics(ANY).body(), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void metricsHaveTheFaultsOfFilesAndCredentials() throws Exception {
    try (Indelible log = Indelible.builder(data).shutdownHook(false).open()) {
      Reports well = new Reports(log, Optional::empty);
      assertThat(health(well, "credentials")).isEqualTo("0.0");
      assertThat(health(well, "witnesses")).isEqualTo("0.0");

      Files.writeString(data.resolve("witnesses"), "nonsense");
      Reports faulty = new Reports(log, () -> Optional.of("the file of keys is malformed"));

      assertThat(health(faulty, "credentials")).isEqualTo("1.0");
      assertThat(health(faulty, "witnesses")).isEqualTo("1.0");
    }
  }
}
