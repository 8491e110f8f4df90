// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients and servers that are not ours, with the gateway between them. */
class McpClientsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir Path temp;
  private Cli cli;

  @BeforeEach
  void create() {
    cli = new Cli(temp.resolve("data"));
  }

  /** Returns the command line that runs a verb on the data directory. */
  private List<String> command(String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--data",
                cli.data().toString()));
    command.addAll(List.of(words));
    return command;
  }

  private McpSyncClient sdkClient(List<String> command) {
    ServerParameters server =
        ServerParameters.builder(command.get(0)).args(command.subList(1, command.size())).build();
    return McpClient.sync(new StdioClientTransport(server, McpJsonDefaults.getMapper()))
        .requestTimeout(LIMIT)
        .initializationTimeout(LIMIT)
        .build();
  }

  private static CallToolResult call(
      McpSyncClient client, String tool, Map<String, Object> arguments) {
    return client.callTool(McpSchema.CallToolRequest.builder(tool).arguments(arguments).build());
  }

  /** The client of the Java SDK, the gateway, and our own server behind it. */
  @Test
  void sdkClientReachesTheServerThroughTheGateway() {
    List<String> command = command("mcp-gateway", "--name", "self", "--");
    command.addAll(command("mcp", "--reader"));
    try (McpSyncClient client = sdkClient(command)) {
      assertThat(client.initialize().serverInfo().name()).isEqualTo("indelible");
      assertThat(client.listTools().tools()).hasSize(6);
      CallToolResult decided =
          call(client, "gate_check", Map.of("action", Map.of("kind", "read", "surface", "memory")));
      assertThat(decided.isError()).as("%s", decided.content()).isFalse();
      CallToolResult refused =
          call(
              client,
              "gate_check",
              Map.of(
                  "action", Map.of("kind", "bash"), "path", "/etc/passwd", "command", "rm -rf /"));
      assertThat(refused.isError()).isTrue();
    }
  }

  /** Clients and servers from npm; they are installed by this test, which takes a minute. */
  @Test
  @Tag("full")
  void npmClientReachesNpmServersThroughTheGateway() throws Exception {
    Path home = temp.resolve("npm");
    Files.createDirectories(home);
    assumeTrue(
        run(home, "npm", "--version") == 0, "npm is not installed, so its packages are not tried");
    assumeTrue(
        run(
                home,
                "npm",
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--no-package-lock",
                "--prefix",
                home.toString(),
                "@modelcontextprotocol/sdk@1",
                "@modelcontextprotocol/server-everything",
                "@modelcontextprotocol/server-filesystem")
            == 0,
        "npm cannot install the packages");
    Path files = Files.createDirectories(temp.resolve("files"));
    Files.writeString(files.resolve("a.txt"), "hello");
    Path script = home.resolve("client.mjs");
    try (var in = McpClientsTest.class.getResourceAsStream("mcp-client.mjs")) {
      Files.write(script, in.readAllBytes());
    }
    String packages = home.resolve("node_modules/@modelcontextprotocol").toString();

    assertThat(
            client(
                home,
                script,
                "files",
                packages + "/server-filesystem/dist/index.js",
                files,
                files.toString()))
        .contains(
            "read_text_file ok hello",
            "write_file not refused by rule write-startup",
            "nonsense not a person must approve this; stopped by rule indelible.tool_unlisted");
    assertThat(
            client(
                home,
                script,
                "every",
                packages + "/server-everything/dist/index.js",
                files,
                "stdio"))
        .contains(
            "echo ok Echo: hi",
            "structured true",
            "progress true",
            "aborted",
            "resource true",
            "resource refused 403",
            "prompts true",
            "sampling true",
            "elicitation true",
            "ping ok");
    cli.assertIntact(cli.rows().size());
  }

  private String client(
      Path home, Path script, String name, String server, Path files, String argument)
      throws Exception {
    List<String> command =
        new ArrayList<>(List.of("node", script.toString(), name, files.toString()));
    command.addAll(command("mcp-gateway", "--name", name, "--", "node", server, argument));
    File out = temp.resolve(name + ".out").toFile();
    Process process =
        new ProcessBuilder(command)
            .directory(home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out)
            .start();
    assertThat(process.waitFor(4, TimeUnit.MINUTES)).isTrue();
    String said = Files.readString(out.toPath(), StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  /** Runs a program; returns -1 if it does not exist. */
  private static int run(Path directory, String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(4, TimeUnit.MINUTES) ? process.exitValue() : -1;
    } catch (IOException e) {
      return -1;
    }
  }
}
