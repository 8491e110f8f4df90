// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
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
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
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

  /**
   * Waits for the gateways to end, because a client does not wait until its gateway has closed the
   * log.
   */
  @AfterEach
  void awaitGateways() {
    await()
        .atMost(LIMIT)
        .until(() -> ProcessHandle.current().descendants().noneMatch(ProcessHandle::isAlive));
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

  /** The client of the Java SDK reaches our own server through the gateway. */
  @Test
  void sdkClientReachesTheServerThroughTheGateway() {
    List<String> command = command("mcp-gateway", "--name", "self", "--");
    command.addAll(command("mcp", "--reader"));
    try (McpSyncClient client = sdkClient(command)) {
      assertThat(client.initialize().serverInfo().name()).isEqualTo("indelible");
      assertThat(client.listTools().tools()).hasSize(7);
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
                "@modelcontextprotocol/client@2",
                "@modelcontextprotocol/server-everything",
                "@modelcontextprotocol/server-filesystem")
            == 0,
        "npm cannot install the packages");
    Path files = Files.createDirectories(temp.resolve("files"));
    Files.writeString(files.resolve("a.txt"), "hello");
    String packages = home.resolve("node_modules/@modelcontextprotocol").toString();

    assertThat(
            node(
                home,
                "mcp-client.mjs",
                List.of("files", files.toString()),
                gateway(
                    "files",
                    "node",
                    packages + "/server-filesystem/dist/index.js",
                    files.toString())))
        .contains(
            "read_text_file ok hello",
            "write_file not refused by rule write-startup",
            "nonsense not a person must approve this; stopped by rule indelible.tool_unlisted");
    assertThat(
            node(
                home,
                "mcp-client.mjs",
                List.of("every", files.toString()),
                gateway("every", "node", packages + "/server-everything/dist/index.js", "stdio")))
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
    assertThat(
            node(
                home,
                "mcp-stateless-client.mjs",
                List.of(),
                gateway("self", command("mcp", "--reader").toArray(String[]::new))))
        .contains(
            "protocol 2026-07-28",
            "\"permitted\":true",
            "refused true refused by rule delete-system");
    cli.assertIntact(cli.rows().size());
  }

  private List<String> gateway(String name, String... server) {
    List<String> command = command("mcp-gateway", "--name", name, "--");
    command.addAll(List.of(server));
    return command;
  }

  /** Runs a client and returns what it prints. */
  private String node(Path home, String script, List<String> words, List<String> server)
      throws Exception {
    Path file = home.resolve(script);
    try (InputStream in = McpClientsTest.class.getResourceAsStream(script)) {
      Files.write(file, in.readAllBytes());
    }
    List<String> command = new ArrayList<>(List.of("node", file.toString()));
    command.addAll(words);
    command.addAll(server);
    File out = temp.resolve(script + ".out").toFile();
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
