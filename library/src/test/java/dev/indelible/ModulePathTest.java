// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.ModularProgram;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program on the module path decides, records and reads. */
class ModulePathTest {
  private static final String MAIN =
      """
      import dev.indelible.Indelible;
      import dev.indelible.action.Bash;
      import java.nio.file.Path;
      import java.sql.DriverManager;
      import java.time.Duration;

      public class Main {
        public static void main(String[] args) throws Exception {
          try (Indelible log = Indelible.open(Path.of(args[0]))) {
            System.out.println(log.gate().check("agent:alice", new Bash("rm -rf /")));
            log.queue().drainPending(Duration.ofSeconds(60));
          }
          try (var ledger = DriverManager.getConnection("jdbc:sqlite:" + args[0] + "/indelible.db");
              var statement = ledger.createStatement();
              var row = statement.executeQuery("SELECT agent_id FROM signed_events")) {
            System.out.println(row.getString(1));
          }
        }
      }
      """;

  @TempDir Path directory;

  @Test
  void programDecidesRecordsAndReads() throws Exception {
    ModularProgram program =
        new ModularProgram(
            directory,
            List.of("bcprov-", "slf4j-", "jackson-", "snakeyaml-", "sqlite-jdbc-"),
            List.of("dev.indelible", "java.sql"),
            MAIN);

    assertThat(program.run(directory.resolve("data")).lines())
        .anyMatch(line -> line.startsWith("Refuse"))
        .contains("agent:alice");
  }
}
