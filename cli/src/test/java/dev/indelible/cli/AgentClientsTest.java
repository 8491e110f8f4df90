// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.cli.ScriptedModel.Call;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/**
 * The hooks of the agents' own clients, from npm, with a scripted model on loopback and a temporary
 * home.
 */
@Tag("full")
@Timeout(900)
class AgentClientsTest {
  private static final String KEY = "not really a private key";

  private static final String FIRST_QUESTION =
      "{\"tool\":\"bash\",\"sessionID\":\"first\",\"args\":{\"command\":\"ls\"}}";

  private static final String STARTUP = "refused by rule write-startup";

  private static final Pattern OF_CLIENTS =
      Pattern.compile(
          "XDG_|CLAUDE|ANTHROPIC|CODEX|OPENAI|COPILOT|GITHUB|GH_|GEMINI|GOOGLE|OPENCODE|CI$");

  @TempDir Path temp;

  /** A client of an agent. */
  enum Client {
    CLAUDE_CODE("@anthropic-ai/claude-code@2.1.332", "claude", false, false) {
      @Override
      List<String> options(Path home) {
        return List.of("-p", "do it", "--permission-mode", "bypassPermissions");
      }

      @Override
      Map<String, String> environment(String model) {
        return Map.of(
            "ANTHROPIC_BASE_URL", model,
            "ANTHROPIC_API_KEY", "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1",
            "IS_SANDBOX", "1");
      }

      @Override
      Call shell(String command) {
        return Call.of("Bash", "command", command, "description", "x");
      }

      @Override
      Call write(Path file) {
        return Call.of("Write", "file_path", file.toString(), "content", "x");
      }

      @Override
      Call read(Path file) {
        return Call.of("Read", "file_path", file.toString());
      }
    },

    CODEX("@openai/codex@0.171.0", "codex", true, true) {
      @Override
      List<String> options(Path home) {
        return List.of(
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "--dangerously-bypass-hook-trust",
            "do it");
      }

      @Override
      void configure(Path home, String model) throws IOException {
        // The model is one to which Codex gives its tool apply_patch.
        save(
            home.resolve(".codex/config.toml"),
            """
            model = "gpt-5.5"
            model_provider = "scripted"
            [model_providers.scripted]
            name = "scripted"
            base_url = "%s/v1"
            wire_api = "responses"
            """
                .formatted(model));
      }

      @Override
      Call shell(String command) {
        return Call.of("exec_command", "cmd", command);
      }

      @Override
      Call write(Path file) {
        return Call.ofText(
            "apply_patch",
            "*** Begin Patch\n  *** Add File: %s\n+x\n*** End Patch\n".formatted(file));
      }

      @Override
      Call read(Path file) {
        return Call.of("view_image", "path", file.toString());
      }
    },

    COPILOT("@github/copilot@1.0.102", "copilot", false, true) {
      @Override
      List<String> options(Path home) {
        return List.of("-p", "do it", "--allow-all");
      }

      @Override
      Map<String, String> environment(String model) {
        return Map.of(
            "COPILOT_PROVIDER_BASE_URL", model + "/v1",
            "COPILOT_MODEL", "gpt-5.4",
            "COPILOT_OFFLINE", "true",
            "COPILOT_AUTO_UPDATE", "false");
      }

      @Override
      Call shell(String command) {
        return Call.of("bash", "command", command, "description", "x");
      }

      @Override
      Call write(Path file) {
        return Call.of(
            "apply_patch",
            "input",
            "*** Begin Patch\n*** Add File: %s\n+x\n*** End Patch\n".formatted(file));
      }

      @Override
      Call read(Path file) {
        return Call.of("rg", "pattern", "key", "paths", file.getParent().toString());
      }
    },

    GEMINI("@google/gemini-cli@0.61.0", "gemini", false, true) {
      @Override
      List<String> options(Path home) {
        return List.of(
            "-p", "do it", "--yolo", "--skip-trust", "--include-directories", home.toString());
      }

      @Override
      Map<String, String> environment(String model) {
        return Map.of("GOOGLE_GEMINI_BASE_URL", model, "GEMINI_API_KEY", "none");
      }

      @Override
      void configure(Path home, String model) throws IOException {
        save(
            home.resolve(".gemini/settings.json"),
            "{\"security\":{\"auth\":{\"selectedType\":\"gemini-api-key\"}}}");
      }

      @Override
      Call shell(String command) {
        return Call.of("run_shell_command", "command", command);
      }

      @Override
      Call write(Path file) {
        return Call.of("write_file", "file_path", file.toString(), "content", "x");
      }

      @Override
      Call read(Path file) {
        return Call.of("read_file", "file_path", file.toString());
      }
    },

    /** Its hook is the plugin in docs/agents.md, which asks the daemon. */
    OPENCODE("opencode-ai@1.18.33", "opencode", false, false) {
      @Override
      List<String> options(Path home) {
        return List.of("run", "--auto", "do it");
      }

      @Override
      void configure(Path home, String model) throws IOException {
        save(
            home.resolve(".config/opencode/opencode.json"),
            """
            {"model":"scripted/m","small_model":"scripted/m","provider":{"scripted":{
              "npm":"@ai-sdk/openai-compatible","name":"scripted",
              "options":{"baseURL":"%s/v1","apiKey":"none"},"models":{"m":{"name":"m"}}}}}
            """
                .formatted(model));
      }

      @Override
      Call shell(String command) {
        return Call.of("bash", "command", command);
      }

      @Override
      Call write(Path file) {
        return Call.of("write", "filePath", file.toString(), "content", "x");
      }

      @Override
      Call read(Path file) {
        return Call.of("read", "filePath", file.toString());
      }
    };

    private final String npmPackage;
    private final String program;

    /** True if the client runs a tool although its hook cannot start. */
    private final boolean runsWithoutHook;

    /** True if the client runs a tool although its hook takes too long. */
    private final boolean runsAfterTimeout;

    Client(String npmPackage, String program, boolean runsWithoutHook, boolean runsAfterTimeout) {
      this.npmPackage = npmPackage;
      this.program = program;
      this.runsWithoutHook = runsWithoutHook;
      this.runsAfterTimeout = runsAfterTimeout;
    }

    String agent() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    abstract List<String> options(Path home);

    Map<String, String> environment(String model) {
      return Map.of();
    }

    /** Writes the client's settings, other than the hook. */
    void configure(Path home, String model) throws IOException {}

    abstract Call shell(String command);

    abstract Call write(Path file);

    abstract Call read(Path file);
  }

  @ParameterizedTest
  @EnumSource
  void clientObeysItsHook(Client client) throws Exception {
    installClient(client);
    Cli cli = new Cli(temp.resolve("data"));
    try (ScriptedModel model = new ScriptedModel()) {
      client.configure(home(), model.url());
      if (client == Client.OPENCODE) {
        pluginIsObeyed(client, model, cli);
      } else {
        commandIsObeyed(client, model, cli);
      }
    }
  }

  private void pluginIsObeyed(Client client, ScriptedModel model, Cli cli) throws Exception {
    DaemonProcess daemon = new DaemonProcess(cli);
    installPlugin(daemon.address());
    // The first decision of a daemon takes the longest, and the plugin waits for five seconds only.
    assertThat(daemon.post("/v1/hooks/opencode", "", FIRST_QUESTION).body()).contains("true");
    decisionsAreObeyed(client, model);
    daemon.stop();
    decisionsAreRecorded(client, cli);
    assertThat(runs(client, model)).as("runs a tool without the daemon").isFalse();
  }

  private void commandIsObeyed(Client client, ScriptedModel model, Cli cli) throws Exception {
    Path settings = installHook(client, cli);
    decisionsAreObeyed(client, model);
    decisionsAreRecorded(client, cli);

    Files.move(cli.data(), temp.resolve("moved"));
    Files.writeString(cli.data(), "not a directory");
    assertThat(runs(client, model)).as("runs a tool without a log").isFalse();

    save(launcher(), "#!/bin/sh\nexec sleep 60\n");
    String limited = Files.readString(settings).replaceAll("(\"timeout(Sec)?\": )30", "$1" + 2);
    assertThat(limited).isNotEqualTo(Files.readString(settings));
    save(settings, limited);
    assertThat(runs(client, model)).as("runs a tool after 2 s").isEqualTo(client.runsAfterTimeout);

    Files.delete(launcher());
    assertThat(runs(client, model)).as("runs without hook").isEqualTo(client.runsWithoutHook);
  }

  private void decisionsAreObeyed(Client client, ScriptedModel model) throws Exception {
    Path key = home().resolve(".ssh/id_ed25519");
    save(key, KEY);
    // The daemon does not know this home; git runs its hooks in any directory.
    Path startup =
        client == Client.OPENCODE
            ? project().resolve(".git/hooks/pre-commit")
            : home().resolve(".bashrc");
    model.play(
        List.of(
            client.shell("echo ran > allowed"),
            client.shell("cat ~/.ssh/id_ed25519; echo ran > refused"),
            client.shell("git reset --hard; echo ran > escalated"),
            client.write(startup),
            client.read(key),
            client.write(project().resolve("written"))));
    run(client, model);

    List<String> results = model.results();
    assertThat(results).hasSize(6);
    assertThat(results).noneMatch(result -> result.contains(KEY));
    assertThat(project().resolve("allowed")).as(results.get(0)).hasContent("ran");
    assertThat(project().resolve("written")).as(results.get(5)).hasContent("x");
    assertThat(results.get(1)).contains("refused by rule read-credentials", "recorded as");
    assertThat(results.get(2)).contains("a person must approve this", "approvals approve");
    assertThat(results.get(3)).contains(STARTUP);
    assertThat(results.get(4)).contains("refused by rule read-credentials");
    assertThat(List.of(project().resolve("refused"), project().resolve("escalated"), startup))
        .noneMatch(Files::exists);
  }

  private static void decisionsAreRecorded(Client client, Cli cli) {
    String agent = client == Client.CLAUDE_CODE ? "claude" : client.agent();
    List<JsonNode> rows =
        cli.rows().stream()
            .filter(row -> row.path("event_type").asString().startsWith("governance."))
            .filter(row -> !row.path("agent_id").asString().equals("opencode:first"))
            .toList();
    assertThat(rows)
        .extracting(row -> row.at("/payload/decision/decision").asString())
        .containsExactly("allow", "refuse", "escalate", "refuse", "refuse", "allow");
    for (JsonNode row : rows) {
      String session = row.at("/payload/session").asString();
      assertThat(session).isNotEmpty();
      assertThat(row.path("agent_id").asString()).isEqualTo(agent + ":" + session);
    }
  }

  /** Returns true if the client runs a harmless command. */
  private boolean runs(Client client, ScriptedModel model) throws Exception {
    Path mark = project().resolve("mark");
    model.play(List.of(client.shell("echo ran > mark")));
    run(client, model);
    assertThat(model.results()).hasSize(1);
    return Files.deleteIfExists(mark);
  }

  private Path home() {
    return temp.resolve("home");
  }

  private Path project() {
    return temp.resolve("project");
  }

  private Path launcher() {
    return temp.resolve("indelible");
  }

  private static void save(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void installClient(Client client) throws Exception {
    int installed =
        run(
            Map.of(),
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--prefix",
            temp.resolve("npm").toString(),
            client.npmPackage);
    assumeTrue(installed == 0, "npm cannot install " + client.npmPackage);
    Files.createDirectories(project());
  }

  /** Installs the hook and returns the file with the client's settings. */
  private Path installHook(Client client, Cli cli) throws IOException {
    save(
        launcher(),
        "#!/bin/sh\nexec '%s/bin/java' -cp '%s' dev.indelible.cli.Main \"$@\"\n"
            .formatted(System.getProperty("java.home"), System.getProperty("java.class.path")));
    assertThat(launcher().toFile().setExecutable(true)).isTrue();
    Path settings =
        HookFormat.of(client.agent()).orElseThrow().file(Map.of("HOME", home().toString()));
    System.setProperty("indelible.launcher", launcher().toString());
    try {
      cli.run("hook", "install", client.agent(), "--settings", settings.toString()).ok();
    } finally {
      System.clearProperty("indelible.launcher");
    }
    return settings;
  }

  private void installPlugin(String daemon) throws IOException {
    Path docs = Path.of(System.getProperty("indelible.root"), "docs/agents.md");
    String code = Files.readString(docs).split("```js\n")[1].split("```")[0];
    assertThat(code).contains("http://127.0.0.1:8740/");
    save(
        home().resolve(".config/opencode/plugins/indelible.js"),
        code.replace("http://127.0.0.1:8740", daemon));
  }

  private void run(Client client, ScriptedModel model) throws Exception {
    List<String> words = new ArrayList<>();
    words.add(temp.resolve("npm/node_modules/.bin").resolve(client.program).toString());
    words.addAll(client.options(home()));
    Map<String, String> environment = new HashMap<>(client.environment(model.url()));
    environment.put("HOME", home().toString());
    assertThat(run(environment, words.toArray(String[]::new)))
        .as(Files.readString(temp.resolve("out")))
        .isZero();
  }

  /** Runs a program in the project; returns -1 if it cannot start or does not end. */
  private int run(Map<String, String> environment, String... words) throws Exception {
    Files.createDirectories(project());
    ProcessBuilder program =
        new ProcessBuilder(words)
            .directory(project().toFile())
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(temp.resolve("out").toFile());
    if (environment.containsKey("HOME")) {
      // What belongs to the clients of the user who runs the tests.
      program.environment().keySet().removeIf(name -> OF_CLIENTS.matcher(name).lookingAt());
    }
    program.environment().putAll(environment);
    // OpenCode works in this directory, whatever the directory of its process is.
    program.environment().put("PWD", project().toString());
    try {
      Process process = program.start();
      if (process.waitFor(4, TimeUnit.MINUTES)) {
        return process.exitValue();
      }
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    } catch (IOException e) {
      Files.writeString(temp.resolve("out"), e.toString());
    }
    return -1;
  }
}
