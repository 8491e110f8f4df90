// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A single action follows the symbolic links of this machine; actions of a stream do not. */
@DisabledOnOs(OS.WINDOWS)
class FollowedLinksTest {
  @TempDir Path directory;
  private Cli cli;
  private String action;

  @BeforeEach
  void link() throws IOException {
    cli = new Cli(directory.resolve("data"));
    Files.createSymbolicLink(directory.resolve("notes"), Path.of("/home/dev/.ssh/id_rsa"));
    action =
        "{\"kind\":\"bash\",\"command\":\"cat notes\",\"cwd\":\"%s\"}"
            .formatted(directory.toAbsolutePath());
  }

  @Test
  void checkFollowsLinks() {
    assertThat(cli.run("check", "--dry-run", action).out())
        .contains("refuse", "/notes, which is a link to /home/dev/.ssh/id_rsa");
    assertThat(cli.run("check", action).out()).contains("refuse", "which is a link to");
  }

  @Test
  void hookFollowsLinks() {
    String event =
        """
        {"hook_event_name":"PreToolUse","session_id":"s1","tool_name":"Read","cwd":"%s",
         "tool_input":{"file_path":"%s/notes"}}"""
            .formatted(directory, directory);
    assertThat(cli.runOn(event, "hook", "claude-code").out())
        .contains("\"deny\"", "which is a link to");
  }

  @Test
  void gateOfStreamFollowsNone() {
    String line = "{\"agent_id\":\"agent:a\",\"action\":" + action + "}\n";
    assertThat(cli.runOn(line, "gate").out()).contains("\"allow\"");
  }
}
