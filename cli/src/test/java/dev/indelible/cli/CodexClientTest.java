// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The hook of the real Codex, from npm, with a scripted model on loopback. */
@Tag("full")
@Timeout(300)
class CodexClientTest {
  private static final String CODEX = "@openai/codex@0.171.0";

  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path temp;

  /** The requests that Codex sends to the model, in order. */
  private final List<JsonNode> requests = new CopyOnWriteArrayList<>();

  private HttpServer model;

  /** The command that the model asks Codex to run. */
  private volatile String command = "";

  @BeforeEach
  void startModel() throws Exception {
    model = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    model.createContext("/", this::answer);
    model.start();
  }

  @AfterEach
  void stopModel() {
    model.stop(0);
  }

  @Test
  void codexObeysTheHook() throws Exception {
    int installed = run("npm", "install", "--no-audit", "--no-fund", "--prefix", "npm", CODEX);
    assumeTrue(installed == 0, "skipped: Codex cannot be installed with npm");
    installHook();
    Files.createDirectories(temp.resolve("project"));

    runCodex("find ~ -delete");
    assertThat(toolResult()).contains("refused by rule", "recorded as");

    runCodex("echo written > out.txt");
    assertThat(temp.resolve("project/out.txt")).hasContent("written");

    Cli cli = new Cli(temp.resolve("data"));
    assertThat(cli.run("log", "list", "--type", "governance.refusal").ok().out())
        .contains("codex:", "find ~ -delete");
    assertThat(cli.run("log", "list", "--type", "governance.check").ok().out())
        .contains("codex:", "echo written > out.txt");
  }

  private void installHook() throws Exception {
    Path launcher = temp.resolve("indelible");
    Files.writeString(
        launcher,
        "#!/bin/sh\nexec '%s/bin/java' -cp '%s' dev.indelible.cli.Main \"$@\"\n"
            .formatted(System.getProperty("java.home"), System.getProperty("java.class.path")));
    assertThat(launcher.toFile().setExecutable(true)).isTrue();
    System.setProperty("indelible.launcher", launcher.toString());
    try {
      new Cli(temp.resolve("data"))
          .run("hook", "install", "codex", "--settings", codexHome().resolve("hooks.json") + "")
          .ok();
    } finally {
      System.clearProperty("indelible.launcher");
    }
    Files.writeString(
        codexHome().resolve("config.toml"),
        """
        model = "scripted"
        model_provider = "scripted"
        [model_providers.scripted]
        name = "scripted"
        base_url = "http://127.0.0.1:%s/v1"
        wire_api = "responses"
        """
            .formatted(model.getAddress().getPort()));
  }

  private Path codexHome() {
    return temp.resolve("home/.codex");
  }

  private void runCodex(String wanted) throws Exception {
    command = wanted;
    requests.clear();
    int status =
        run(
            temp.resolve("npm/node_modules/.bin/codex").toString(),
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "--dangerously-bypass-hook-trust",
            "--cd",
            temp.resolve("project").toString(),
            "do it");
    assertThat(status).as(Files.readString(temp.resolve("out"))).isZero();
  }

  /** Runs a program in the temporary directory, with a home directory in it. */
  private int run(String... words) throws Exception {
    ProcessBuilder program =
        new ProcessBuilder(words)
            .directory(temp.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(temp.resolve("out").toFile());
    program.environment().put("CODEX_HOME", codexHome().toString());
    if (!words[0].equals("npm")) {
      program.environment().put("HOME", temp.resolve("home").toString());
    }
    Process process;
    try {
      process = program.start();
    } catch (IOException e) {
      return -1;
    }
    if (!process.waitFor(200, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return -1;
    }
    return process.exitValue();
  }

  /** Returns what Codex tells the model about the command. */
  private String toolResult() {
    JsonNode input = requests.get(requests.size() - 1).path("input");
    return input.get(input.size() - 1).path("output").asString();
  }

  /** Answers as the model: first with the command, then with the end of the turn. */
  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String events = "{\"data\":[]}";
    if (exchange.getRequestMethod().equals("POST")) {
      requests.add(JSON.readTree(body));
      String item =
          requests.size() == 1
              ? call()
              : "{\"type\":\"message\",\"role\":\"assistant\",\"id\":\"m\",\"content\":[]}";
      events =
          event("response.created", "\"response\":{\"id\":\"r\"}")
              + event("response.output_item.done", "\"item\":" + item)
              + event(
                  "response.completed",
                  "\"response\":{\"id\":\"r\",\"usage\":{\"input_tokens\":0,\"output_tokens\":0,"
                      + "\"total_tokens\":0}}");
    }
    byte[] answer = events.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private String call() {
    String arguments = JSON.createObjectNode().put("cmd", command).toString();
    return JSON.createObjectNode()
        .put("type", "function_call")
        .put("call_id", "c")
        .put("name", "exec_command")
        .put("arguments", arguments)
        .toString();
  }

  private static String event(String type, String members) {
    return "event: %s\ndata: {\"type\":\"%s\",%s}\n\n".formatted(type, type, members);
  }
}
