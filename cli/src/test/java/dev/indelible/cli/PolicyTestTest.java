// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code indelible policy test}, with the starter policy. */
class PolicyTestTest {
  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void open() {
    cli = new Cli(directory.resolve("data"));
  }

  private Result test(String... cases) throws IOException {
    Path file = directory.resolve("cases.jsonl");
    Files.writeString(file, String.join("\n", cases));
    return cli.run("policy", "test", file.toString());
  }

  private static String bash(String command, String place, String expect) {
    return "{\"id\":\"a\",\"action\":{\"kind\":\"bash\",\"command\":\"%s\"%s},\"expect\":\"%s\"}"
        .formatted(command, place, expect);
  }

  @Test
  void caseUsesDirectoriesAndShellOfItsAction() throws IOException {
    String home = ",\"home\":\"/srv/dev\"";
    Result result =
        test(
            bash("rm -rf /srv/dev", home, "refuse"),
            bash("rm -rf /srv/dev", "", "allow"),
            bash("rm -rf .git", ",\"cwd\":\"/srv/app\"", "refuse"),
            bash("rm -rf $HOME", home, "block"),
            bash("Remove-Item -Recurse ~", ",\"shell\":\"pwsh\"" + home, "block"));
    assertThat(result.out()).contains("5 cases, 5 as expected, 0 not");
    assertThat(result.exit()).isEqualTo(ExitCode.OK);
  }

  @Test
  void unexpectedDecisionFails() throws IOException {
    Result result = test(bash("rm -rf /", "", "pass"));
    assertThat(result.out()).contains("FAIL", "delete-system", "1 cases, 0 as expected, 1 not");
    assertThat(result.exit()).isEqualTo(ExitCode.FAILED);
  }

  @Test
  void expectedRuleHasToDecide() throws IOException {
    String named = bash("rm -rf /", "", "refuse").replace("\"id\":", "\"rule\":\"%s\",\"id\":");
    assertThat(test(named.formatted("delete-system")).exit()).isEqualTo(ExitCode.OK);
    assertThat(test(named.formatted("disk")).exit()).isEqualTo(ExitCode.FAILED);
  }

  @Test
  void directoryOutsideTheActionIsAnError() throws IOException {
    Result result = test(bash("ls", "", "allow").replace("\"id\"", "\"home\":\"/srv\",\"id\""));
    assertThat(result.err()).contains("line 1", "\"home\" is a member of the action");
    assertThat(result.exit()).isEqualTo(ExitCode.USAGE);
  }
}
