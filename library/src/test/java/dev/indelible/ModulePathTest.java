// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.ModularProgram;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A program on the module path decides, records, reads and verifies, with exported packages only.
 */
class ModulePathTest {
  private static final String MAIN =
      """
      import dev.indelible.AuditLog;
      import dev.indelible.Indelible;
      import dev.indelible.action.Bash;
      import dev.indelible.ledger.LedgerReader;
      import java.nio.file.Path;
      import java.time.Duration;

      public class Main {
        public static void main(String[] args) throws Exception {
          try (Indelible open = Indelible.open(Path.of(args[0]))) {
            System.out.println(open.gate().check("agent:alice", new Bash("rm -rf /")));
            open.queue().drainPending(Duration.ofSeconds(60));
          }
          AuditLog log = new AuditLog(Path.of(args[0]));
          try (LedgerReader ledger = log.reader()) {
            System.out.println(ledger.row(1).orElseThrow().eventType());
            System.out.println(ledger.row(2).orElseThrow().agentId());
          }
          System.out.println(log.verify().verdict());
        }
      }
      """;

  @TempDir Path directory;

  @Test
  void programDecidesRecordsReadsAndVerifies() throws Exception {
    ModularProgram program =
        new ModularProgram(
            directory,
            List.of("bcprov-", "slf4j-", "jackson-", "snakeyaml-", "re2j-", "sqlite-jdbc-"),
            List.of("dev.indelible"),
            MAIN);

    assertThat(program.run(directory.resolve("data")).lines())
        .anyMatch(line -> line.startsWith("Refuse"))
        .contains("policy.loaded", "agent:alice", "INTACT");
  }
}
