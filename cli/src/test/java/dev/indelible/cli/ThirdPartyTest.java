// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a stranger can check with tools that are not ours: Go's golang.org/x/mod/sumdb, which shares
 * no code with this project, reads what the command wrote. Skipped where it is not installed.
 */
class ThirdPartyTest {
  private static final int FIRST = 40_000;
  private static final int ROWS = 70_000;
  private static final Path LIBRARY = Path.of("/usr/share/gocode");

  @TempDir static Path root;

  private static Path program;
  private static Cli cli;
  private static Path log;
  private static String vkey;
  private static String output;

  @BeforeAll
  static void aLogIsRecordedAndExportedTwice() throws Exception {
    assumeTrue(
        Files.isDirectory(LIBRARY.resolve("src/golang.org/x/mod/sumdb/tlog")) && hasGo(),
        "skipped: no Go to check with; to run it: apt-get install golang-go golang-golang-x-mod-dev");
    Path source = Path.of(System.getProperty("indelible.root"), "core/src/test/go/check.go");
    program = root.resolve("check");
    int built = run("go", "build", "-o", program.toString(), source.toAbsolutePath().toString());
    assertThat(built).as(output).isZero();

    cli = new Cli(root.resolve("data"));
    log = root.resolve("log");
    record(cli.data(), FIRST);
    assertThat(cli.run("log", "export", log.toString()).ok().out()).startsWith("40,000 rows of ");
    record(cli.data(), ROWS - FIRST);
    assertThat(cli.run("log", "export", log.toString()).ok().out()).startsWith("70,000 rows of ");
    vkey = Files.readString(log.resolve("vkeys")).strip();
  }

  private static void record(Path data, int rows) throws Exception {
    Indelible indelible = Indelible.builder(data).withoutTallies().open();
    for (int i = 0; i < rows; i++) {
      indelible.gate().check("agent:" + i % 7, new Bash("rm -rf /" + i));
    }
    assertThat(indelible.closeAndFlush(Duration.ofMinutes(5)).isComplete()).isTrue();
  }

  private static boolean hasGo() {
    return Arrays.stream(System.getenv("PATH").split(":"))
        .anyMatch(each -> Files.isExecutable(Path.of(each, "go")));
  }

  /** The checkpoint, every tile, every entry, and proofs made from them. */
  @Test
  void anExportedLogOfSeventyThousandRowsVerifies() throws Exception {
    assertThat(run(program.toString(), "export", log.toString(), vkey)).as(output).isZero();
    assertThat(output).startsWith("verified 70000 entries of indelible/");
  }

  /** So that the test above can fail. */
  @Test
  void oneChangedByteInTheExportIsSeen() throws Exception {
    for (String name : new String[] {"checkpoint", "tile/0/100", "tile/entries/273.p/112"}) {
      Path file = log.resolve(name);
      byte[] right = Files.readAllBytes(file);
      byte[] wrong = right.clone();
      wrong[wrong.length / 2] ^= 1;
      Files.write(file, wrong);
      assertThat(run(program.toString(), "export", log.toString(), vkey)).as(output).isNotZero();
      Files.write(file, right);
    }
  }

  /** Issue 3, item 5: a receipt, with and without what was decided. */
  @Test
  void aReceiptOfOneRowVerifies() throws Exception {
    String id =
        cli.run("log", "show", "54321", "--output", "json").ok().json().path("id").asString();
    for (String[] payload : new String[][] {{}, {"--payload"}}) {
      Path file = root.resolve("receipt" + payload.length);
      List<String> command = new ArrayList<>(List.of("log", "prove", id, "--out", file.toString()));
      command.addAll(List.of(payload));
      cli.run(command.toArray(String[]::new)).ok();

      assertThat(run(program.toString(), "proof", file.toString(), vkey)).as(output).isZero();
      assertThat(output)
          .startsWith("entry 54320 of 70000 of indelible/")
          .contains("\"id\":\"" + id + "\"", "\"sequence\":54321,");

      byte[] wrong = Files.readAllBytes(file);
      wrong["c2sp.org/tlog-proof@v1\nextra ".length() + 20] ^= 1;
      Files.write(file, wrong);
      assertThat(run(program.toString(), "proof", file.toString(), vkey)).as(output).isNotZero();
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    ProcessBuilder process = new ProcessBuilder(command).redirectErrorStream(true);
    process.environment().put("GO111MODULE", "off");
    process.environment().put("GOPATH", LIBRARY.toString());
    process.environment().put("GOCACHE", root.resolve("go-cache").toString());
    Process running = process.start();
    running.getOutputStream().close();
    output = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(running.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return running.exitValue();
  }
}
