// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The daemon in its own process, with real requests and real signals. */
@Timeout(180)
@DisabledOnOs(OS.WINDOWS)
class ServeTest {
  @TempDir Path directory;
  private final HttpClient client = HttpClient.newHttpClient();
  private Cli cli;

  @BeforeEach
  void newLog() {
    cli = new Cli(directory.resolve("data"));
  }

  private ChildJvm serve() throws IOException {
    return cli.process(
        "serve", "--listen", "127.0.0.1:0", "--socket", socket(), "--output", "json");
  }

  private String socket() {
    return directory.resolve("run/i.sock").toString();
  }

  private static URI check(ChildJvm daemon) throws IOException {
    return URI.create(Cli.json(daemon.readLine()).path("addresses").path(0).asString())
        .resolve("/v1/check");
  }

  private String ask(URI check, String command) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(check)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(Cli.line("agent:a", Cli.bash(command))))
            .build();
    return client.send(request, BodyHandlers.ofString()).body();
  }

  @Test
  void terminatedDaemonHasRecordedItsAnswers() throws Exception {
    ChildJvm daemon = serve();
    URI check = check(daemon);
    String refused = ask(check, "rm -rf /");

    daemon.terminate();

    assertThat(daemon.exitCode()).isZero();
    assertThat(Cli.json(refused).path("decision").asString()).isEqualTo("refuse");
    assertThat(cli.rows().stream().map(row -> row.path("id").asString()))
        .containsExactly(Cli.json(refused).path("id").asString());
    cli.assertIntact(1);
    assertThat(Path.of(socket())).doesNotExist();
  }

  /** Another process creates and revokes a key, and the daemon notices it. */
  @Test
  void keyIsAcceptedUntilItIsRevoked() throws Exception {
    String admin =
        cli.run("serve", "--init", "--output", "json").ok().json().path("key").asString();
    ChildJvm daemon = serve();
    URI status = check(daemon).resolve("/v1/status");
    assertThat(status(status, "")).isEqualTo(401);
    assertThat(status(status, admin)).isEqualTo(200);
    String key =
        cli.run("api-keys", "create", "ci", "--role", "reader", "--output", "json")
            .ok()
            .json()
            .path("key")
            .asString();
    await().atMost(60, TimeUnit.SECONDS).until(() -> status(status, key) == 200);

    cli.run("api-keys", "revoke", "ci").ok();

    await().atMost(60, TimeUnit.SECONDS).until(() -> status(status, key) == 401);
    daemon.terminate();
    assertThat(daemon.exitCode()).isZero();
    assertThat(cli.rows().stream().map(row -> row.path("event_type").asString()))
        .contains("access.key_created", "access.key_revoked", "access.log_read");
    assertThat(cli.run("log", "verify").exit()).isZero();
  }

  private int status(URI uri, String key) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    return client.send(request.build(), BodyHandlers.discarding()).statusCode();
  }

  @Test
  void printedSettingsNameTheirOrigins() throws Exception {
    Path config = Files.writeString(directory.resolve("serve.yaml"), "socket: /run/i.sock\n");

    assertThat(
            cli.run("serve", "--print-config", "--config", config.toString(), "--listen", "1")
                .ok()
                .out())
        .startsWith(
            """
            listen: "1"  # option --listen
            socket: "/run/i.sock"  # file %s
            """
                .formatted(config));
    assertThat(cli.data()).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "--listen, 0.0.0.0:80, listen: 0.0.0.0 is not on loopback",
    "--listen, nonsense, listen: nonsense: give HOST:PORT",
    "--listen, off, listen and socket are both off",
    "--config, missing.yaml, settings cannot be read: missing.yaml"
  })
  void wrongSettingIsNamed(String option, String value, String complaint) {
    assertThat(cli.run("serve", "--socket", "off", option, value).complaint(2))
        .startsWith("indelible: " + complaint);
    assertThat(cli.data()).doesNotExist();
  }

  @Test
  void invalidPolicyStartsNothing() throws Exception {
    cli.run("check", Cli.bash("ls")).ok();
    Path rules = cli.data().resolve("policy/rules.yaml");
    Files.writeString(rules, "rules: [");

    assertThat(cli.run("serve", "--listen", "127.0.0.1:0", "--socket", socket()).complaint(2))
        .contains(rules.toString());
    assertThat(Path.of(socket())).doesNotExist();
  }

  @Test
  void takenPortIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + taken.getLocalPort();

      assertThat(cli.run("serve", "--listen", address, "--socket", "off").complaint(2))
          .contains(address);
    }
  }
}
