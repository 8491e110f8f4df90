// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console in Chromium, against daemons of their own processes: runs the tests in
 * console/test/browser.
 */
@Tag("any-jdk")
class ConsoleInBrowserTest {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");

  /** Far more than the tests need on a busy machine. */
  private static final long LIMIT_MINUTES = 30;

  @TempDir Path temp;

  @Test
  void consoleWorksInChromium() throws Exception {
    Path console = Path.of(System.getProperty("indelible.root")).resolve("console");
    assumeTrue(Files.exists(CHROMIUM), "skipped: Chromium is not installed (apt install chromium)");
    assumeTrue(
        Files.isDirectory(console.resolve("node_modules")),
        "skipped: the console is not built, because npm is not installed");
    assumeTrue(
        Cli.class.getResource("/dev/indelible/server/console/files.txt") != null,
        "skipped: this build has no console");
    Path output = temp.resolve("output");
    ProcessBuilder tests =
        new ProcessBuilder("npm", "run", "--silent", "test:browser", "--", "--reporter=verbose")
            .directory(console.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    tests.environment().put("INDELIBLE_CHROMIUM", CHROMIUM.toString());
    tests.environment().put("INDELIBLE_COMMAND", json(java(Main.class)));
    tests.environment().put("INDELIBLE_SQL", json(java(Sql.class)));
    tests.environment().put("INDELIBLE_YESTERDAY", json(java(Yesterday.class)));
    tests.environment().put("NO_COLOR", "1");

    Process process = tests.start();
    try {
      assertThat(process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
  }

  private static List<String> java(Class<?> main) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        main.getName());
  }

  private static String json(List<String> words) {
    return words.stream()
        .map(word -> "\"" + word.replace("\\", "\\\\").replace("\"", "\\\"") + "\"")
        .collect(Collectors.joining(",", "[", "]"));
  }

  /** Runs one statement on a database, as another program could. */
  static final class Sql {
    private Sql() {}

    /**
     * Runs the statement.
     *
     * @param words the database and the statement
     */
    public static void main(String[] words) throws Exception {
      try (Connection database = DriverManager.getConnection("jdbc:sqlite:" + words[0]);
          Statement statement = database.createStatement()) {
        statement.execute("PRAGMA busy_timeout = 10000");
        statement.execute(words[1]);
      }
    }
  }

  /** Records the decisions about two agents during the last day in UTC. */
  static final class Yesterday {
    private static final int DECISIONS = 60;

    private Yesterday() {}

    /**
     * Records the decisions.
     *
     * @param words the data directory
     */
    public static void main(String[] words) throws Exception {
      Instant today = Instant.now().truncatedTo(ChronoUnit.DAYS);
      try (Indelible log = Indelible.builder(Path.of(words[0])).shutdownHook(false).open()) {
        for (int i = 0; i < DECISIONS; i++) {
          Instant time = today.minus(Duration.ofMinutes(20L * (DECISIONS - i)));
          boolean isRefused = i % 10 == 9;
          DeferredAuditEvent event =
              new DeferredAuditEvent(
                  new UUID(time.toEpochMilli() << 16 | 0x7000, Long.MIN_VALUE | i),
                  i % 4 == 1 ? "agent:deploy" : "agent:review",
                  new Bash(isRefused ? "rm -rf / # " + i : "ls # " + i),
                  isRefused ? new Refuse("delete-system", "not the system") : new Allow(),
                  Optional.empty(),
                  time);
          if (!log.queue().submit(event)) {
            throw new IllegalStateException("not accepted: " + log.metrics());
          }
        }
      }
    }
  }
}
