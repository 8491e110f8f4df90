// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@DisabledOnOs(OS.WINDOWS)
class HookInstallTest {
  @TempDir Path temp;
  private Cli cli;
  private Path settings;

  @BeforeEach
  void setLauncher() {
    System.setProperty("indelible.launcher", "/opt/in delible/indelible");
    cli = new Cli(temp.resolve("it's data"));
    settings = temp.resolve("claude/settings.json");
  }

  @AfterEach
  void clearLauncher() {
    System.clearProperty("indelible.launcher");
  }

  @Test
  void newSettingsBlockOnFailureForBothEvents() throws Exception {
    Result result = install().ok();

    assertThat(result.out()).contains("\"onFailure\": \"block\"");
    JsonNode hooks = Cli.json(Files.readString(settings)).path("hooks");
    for (String event : new String[] {"PreToolUse", "PreSkillShellCommand"}) {
      JsonNode hook = hooks.path(event).get(0).path("hooks").get(0);
      assertThat(hook.path("type").asString()).isEqualTo("command");
      assertThat(hook.path("onFailure").asString()).isEqualTo("block");
      assertThat(hook.path("timeout").asInt()).isEqualTo(30);
      assertThat(hook.path("command").asString())
          .isEqualTo(
              "'/opt/in delible/indelible' --data '" + temp + "/it'\\''s data' hook claude-code");
      assertThat(hooks.path(event).get(0).has("matcher")).isFalse();
    }
  }

  @Test
  void settingsAreInTheFileThatTheAgentReads() {
    assertThat(HookFormat.CODEX.file(Map.of("HOME", "/home/dev")))
        .isEqualTo(Path.of("/home/dev/.codex/hooks.json"));
    assertThat(HookFormat.CODEX.file(Map.of("HOME", "/home/dev", "CODEX_HOME", "/srv/codex")))
        .isEqualTo(Path.of("/srv/codex/hooks.json"));
    assertThat(HookFormat.CLAUDE_CODE.file(Map.of("CLAUDE_CONFIG_DIR", "/srv/claude")))
        .isEqualTo(Path.of("/srv/claude/settings.json"));
    Path account = Path.of(System.getProperty("user.home"));
    assertThat(HookFormat.GEMINI.file(Map.of("HOME", "relative")))
        .isEqualTo(account.resolve(".gemini/settings.json"));
  }

  @Test
  void otherSettingsAreKept() throws Exception {
    Files.createDirectories(settings.getParent());
    Files.writeString(
        settings,
        """
        {
          "model": "opus",
          "hooks": {
            "PreToolUse": [
              {
                "matcher": "Bash",
                "hooks": [
                  {
                    "type": "command",
                    "command": "other"
                  }
                ]
              }
            ]
          },
          "permissions": {
            "allow": []
          }
        }
        """);
    Files.setPosixFilePermissions(settings, PosixFilePermissions.fromString("rw-r-----"));

    install().ok();

    JsonNode changed = Cli.json(Files.readString(settings));
    assertThat(changed.propertyNames()).containsExactly("model", "hooks", "permissions");
    assertThat(changed.path("hooks").path("PreToolUse")).hasSize(2);
    assertThat(changed.path("hooks").path("PreToolUse").get(1))
        .isEqualTo(
            Cli.json(
                "{\"matcher\":\"Bash\",\"hooks\":[{\"type\":\"command\",\"command\":\"other\"}]}"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(settings)))
        .isEqualTo("rw-r-----");
  }

  @Test
  void secondInstallChangesNothing() throws Exception {
    install().ok();
    String first = Files.readString(settings);

    assertThat(install().ok().out()).contains("has the hook already");
    assertThat(Files.readString(settings)).isEqualTo(first);
  }

  @Test
  void olderInstallIsReplaced() throws Exception {
    install().ok();
    System.setProperty("indelible.launcher", "/new/indelible");
    install().ok();

    JsonNode hooks = Cli.json(Files.readString(settings)).path("hooks");
    assertThat(hooks.path("PreToolUse")).hasSize(1);
    assertThat(Files.readString(settings)).contains("/new/indelible").doesNotContain("/opt/");
  }

  @Test
  void dryRunShowsAndWritesNothing() {
    Result result =
        cli.run("hook", "install", "claude-code", "--dry-run", "--settings", settings());

    assertThat(result.ok().out()).contains("+  \"hooks\": {");
    assertThat(settings).doesNotExist();
  }

  @Test
  void linkedSettingsFileIsChangedAtItsTarget() throws Exception {
    Path real = Files.writeString(temp.resolve("dotfiles.json"), "{}");
    Files.createDirectories(settings.getParent());
    Files.createSymbolicLink(settings, real);

    install().ok();

    assertThat(settings).isSymbolicLink();
    assertThat(real).content().contains("hook claude-code");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[]", "{\"hooks\":[]}", "{\"hooks\":{\"PreToolUse\":{}}}"})
  void settingsThatCannotBeReadAreLeftAlone(String text) throws Exception {
    Files.createDirectories(settings.getParent());
    Files.writeString(settings, text);

    assertThat(install().complaint(2)).contains("nothing was changed");
    assertThat(settings).hasContent(text);
  }

  @Test
  void disabledHooksAreAFailure() throws Exception {
    Files.createDirectories(settings.getParent());
    Files.writeString(settings, "{\"disableAllHooks\":true}");

    assertThat(install().complaint(1)).contains("disableAllHooks");
  }

  @Test
  void unknownAgentIsNamed() {
    assertThat(cli.run("hook", "install", "vim").complaint(2))
        .contains("the agents are claude-code, codex, copilot, cursor, gemini");
  }

  @ParameterizedTest
  @CsvSource({
    "claude-code, /hooks/PreToolUse/0/hooks/0/command, /hooks/PreToolUse/0/hooks/0/timeout, 30",
    "codex, /hooks/PreToolUse/0/hooks/0/command, /hooks/PreToolUse/0/hooks/0/timeout, 30",
    "codex, /hooks/PermissionRequest/0/hooks/0/command, /hooks/PreToolUse/0/hooks/0/timeout, 30",
    "gemini, /hooks/BeforeTool/0/hooks/0/command, /hooks/BeforeTool/0/hooks/0/timeout, 30000",
    "cursor, /hooks/beforeShellExecution/0/command, /hooks/beforeShellExecution/0/timeout, 30",
    "cursor, /hooks/beforeMCPExecution/0/command, /version, 1",
    "copilot, /hooks/preToolUse/0/bash, /hooks/preToolUse/0/timeoutSec, 30"
  })
  void settingsHaveTheFormatOfEachAgent(String agent, String command, String number, int value)
      throws Exception {
    cli.run("hook", "install", agent, "--settings", settings()).ok();
    String first = Files.readString(settings);
    JsonNode installed = Cli.json(first);

    assertThat(installed.at(command).asString()).endsWith(" hook " + agent);
    assertThat(installed.at(number).asInt()).isEqualTo(value);
    assertThat(cli.run("hook", "install", agent, "--settings", settings()).ok().out())
        .contains("has the hook already");
    assertThat(Files.readString(settings)).isEqualTo(first);
  }

  @Test
  void cursorFailsClosed() throws Exception {
    cli.run("hook", "install", "cursor", "--settings", settings()).ok();

    JsonNode hooks = Cli.json(Files.readString(settings)).path("hooks");
    assertThat(hooks.propertyNames()).hasSize(4);
    for (String event : hooks.propertyNames()) {
      assertThat(hooks.path(event).get(0).path("failClosed").asBoolean()).isTrue();
    }
  }

  @Test
  void agentThatCanRunWithoutItsHookGetsANote() {
    assertThat(cli.run("hook", "install", "codex", "--settings", settings()).ok().out())
        .contains("note: open /hooks in Codex and trust this hook")
        .contains("note: this agent may run a tool when its hook cannot start");
  }

  @Test
  void clientReplacesTheCommandOfAnEarlierInstall() throws Exception {
    Path client = Files.writeString(temp.resolve("indelible-hook"), "");
    Files.setPosixFilePermissions(client, PosixFilePermissions.fromString("rwx------"));
    Path socket = Files.writeString(temp.resolve("i.sock"), "");
    String[] withClient = {
      "hook",
      "install",
      "codex",
      "--settings",
      settings(),
      "--client",
      client.toString(),
      "--socket",
      socket.toString()
    };
    cli.run("hook", "install", "codex", "--settings", settings()).ok();

    cli.run(withClient).ok();
    cli.run(withClient).ok();

    JsonNode hooks = Cli.json(Files.readString(settings)).path("hooks").path("PreToolUse");
    assertThat(hooks).hasSize(1);
    assertThat(hooks.at("/0/hooks/0/command").asString())
        .isEqualTo(
            "%s codex %s %s".formatted(client, socket, Files.getAttribute(socket, "unix:uid")));
  }

  @Test
  void clientWithoutARunningDaemonIsRefused() throws Exception {
    Path client = Files.writeString(temp.resolve("indelible-hook"), "");
    Files.setPosixFilePermissions(client, PosixFilePermissions.fromString("rwx------"));
    String none = temp.resolve("none.sock").toString();

    assertThat(
            cli.run("hook", "install", "codex", "--client", client.toString(), "--socket", none)
                .complaint(2))
        .contains("start the daemon first");
    assertThat(cli.run("hook", "install", "codex", "--socket", none).complaint(2))
        .contains("--client and --socket belong together");
    assertThat(
            cli.run("hook", "install", "codex", "--client", "/bin/sh", "--socket", none)
                .complaint(2))
        .contains("name this program indelible-hook");
    assertThat(settings).doesNotExist();
  }

  private Result install() {
    return cli.run("hook", "install", "claude-code", "--settings", settings());
  }

  private String settings() {
    return settings.toString();
  }
}
