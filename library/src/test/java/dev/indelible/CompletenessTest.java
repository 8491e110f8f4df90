// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.check.Verifier;
import dev.indelible.directory.DataDirectory;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tallies of decisions and outcomes, after processes that closed and processes that were killed.
 */
class CompletenessTest {
  /** A time limit that even a slow machine does not reach. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path temp;

  @Test
  void twoConcurrentProcessesAreComplete() throws Exception {
    Path data = temp.resolve("data");
    List<ChildJvm> children =
        List.of(child(data, Duration.ofMillis(20)), child(data, Duration.ofMillis(20)));
    for (ChildJvm child : children) {
      assertThat(child.readLine()).isEqualTo("ready");
    }
    for (ChildJvm child : children) {
      child.writeLine("300");
    }
    for (ChildJvm child : children) {
      assertThat(child.readLine()).isEqualTo("asked");
    }
    for (ChildJvm child : children) {
      child.writeLine("end");
      child.requireSuccess();
    }

    Finding found = completeness(data);
    assertThat(found.status()).as(found::toString).isEqualTo(Status.OK);
    assertThat(found.message())
        .contains("1200 decisions asked for in 2 runs")
        .contains("1200 in rows")
        .contains("600 not recorded by design");
  }

  /** A killed run leaves no tally of its decisions, and the finding names its rows. */
  @Test
  void eventsOfAKilledRunCountAsRecovered() throws Exception {
    Path data = temp.resolve("data");
    ChildJvm child = child(data, Duration.ofDays(1));
    assertThat(child.readLine()).isEqualTo("ready");
    child.writeLine("300");
    assertThat(child.readLine()).isEqualTo("asked");
    child.kill();

    Indelible next = Indelible.open(data);
    next.gate().check("agent:next", new Bash("ls"));
    next.gate().check("agent:next", new Bash("rm -rf /"));
    Chain.requireReconciled(next.closeAndFlush(PATIENCE));

    Finding found = completeness(data);
    long uncounted =
        found.message().contains("counted by no run")
            ? Long.parseLong(found.message().split(" ")[0])
            : 0;
    long recovered = number(found.message(), " of them left waiting by an earlier run");
    // Each row was written by the killed run, or recovered by the next one.
    assertThat(uncounted + recovered).as(found::toString).isEqualTo(600);
    assertThat(found.message()).contains("2 decisions asked for in 1 run");
    assertThat(found.status()).isEqualTo(Status.UNKNOWN);
    assertThat(found.counts()).isFalse();
  }

  private ChildJvm child(Path data, Duration tally) throws Exception {
    return ChildJvm.running(Asker.class)
        .errorsTo(temp.resolve("errors"))
        .start(data, tally.toMillis());
  }

  private static long number(String message, String before) {
    int end = message.indexOf(before);
    return end < 0
        ? 0
        : Long.parseLong(message.substring(message.lastIndexOf(' ', end - 1) + 1, end));
  }

  /** Returns the completeness finding for an intact chain. */
  private static Finding completeness(Path data) throws Exception {
    DataDirectory directory = new DataDirectory(data);
    try (SqliteLedger ledger = SqliteLedger.open(directory.database())) {
      VerificationReport report =
          new Verifier(ledger, VerificationOptions.of(directory.keys().accepted())).verify();
      assertThat(report.verdict()).as(report::toString).isEqualTo(Verdict.INTACT);
      return report.findings().stream()
          .filter(finding -> finding.check().equals("completeness"))
          .findFirst()
          .orElseThrow();
    }
  }

  /**
   * A child process that requests a given number of decisions from two threads and a hook, and then
   * waits.
   */
  static final class Asker {
    private Asker() {}

    public static void main(String[] args) throws Exception {
      Indelible indelible =
          Indelible.builder(Path.of(args[0]))
              .tallyInterval(Duration.ofMillis(Long.parseLong(args[1])))
              .open();
      System.out.println("ready");
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      int times = Integer.parseInt(in.readLine());
      Thread other = new Thread(() -> ask(indelible, times, "rm -rf /"));
      other.start();
      ask(indelible, times, "ls");
      other.join();
      for (int i = 0; i < times; i++) {
        indelible.gate().preActionHook().beforeAction("agent:hook", new Bash("pwd"));
      }
      System.out.println("asked");
      in.readLine();
      Chain.requireReconciled(indelible.closeAndFlush(PATIENCE));
    }

    private static void ask(Indelible indelible, int times, String command) {
      for (int i = 0; i < times; i++) {
        indelible.gate().check("agent:asker", new Bash(command));
      }
    }
  }
}
