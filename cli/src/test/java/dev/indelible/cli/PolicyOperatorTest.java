// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.cli.Cli.Result;
import dev.indelible.testkit.ChildJvm;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code indelible policy keygen}, {@code sign} and {@code trust}. */
@Timeout(180)
@DisabledOnOs(OS.WINDOWS)
class PolicyOperatorTest {
  private static final String ALLOWS = "version: 1\nrules: []\n";
  private static final String REFUSES =
      """
      version: 1
      rules:
        - id: R1
          severity: refuse
          reason: nothing is listed
          when: {command: ls}
      """;

  @TempDir Path directory;

  private Cli cli;
  private Path policy;
  private Path key;
  private String vkey = "";

  /** The credential for the daemon. */
  private String bearer = "";

  @BeforeEach
  void createLogAndKey() throws Exception {
    cli = new Cli(directory.resolve("data"));
    policy = cli.data().resolve("policy");
    Files.createDirectories(policy);
    write(ALLOWS);
    cli.run("check", Cli.bash("ls")).ok();
    key = directory.resolve("operator.pem");
    vkey = keygen(key, "ops.example");
  }

  private void write(String yaml) throws Exception {
    Files.writeString(policy.resolve("rules.yaml"), yaml);
  }

  private static String keygen(Path file, String name) {
    return Cli.runWithoutData("policy", "keygen", file.toString(), "--name", name)
        .ok()
        .out()
        .strip();
  }

  private static Result sign(Path policy, Path key, String origin, long number, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "policy",
                "sign",
                policy.toString(),
                "--key",
                key.toString(),
                "--origin",
                origin,
                "--number",
                Long.toString(number)));
    arguments.addAll(List.of(more));
    return Cli.runWithoutData(arguments.toArray(String[]::new));
  }

  private String trust() {
    JsonNode trusted = cli.run("policy", "trust", vkey, "--output", "json").ok().json();
    assertThat(trusted.path("next_number").asLong()).isEqualTo(1);
    return trusted.path("origin").asString();
  }

  @Test
  void keyIsPrivateAndIsNotOverwritten() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
        .isEqualTo("rw-------");
    String text = Files.readString(key);

    Result again = Cli.runWithoutData("policy", "keygen", key.toString(), "--name", "other");

    assertThat(again.complaint(2)).contains("a key is never overwritten");
    assertThat(key).hasContent(text);
    assertThat(text).startsWith("Name: ops.example\n-----BEGIN PRIVATE KEY-----\n");
    assertThat(vkey).startsWith("ops.example+");
  }

  @Test
  void exposedKeySignsNothing() throws Exception {
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(sign(policy, key, "example.com/log", 1).complaint(2)).contains("chmod 600");
    assertThat(policy.resolve("policy.sig")).doesNotExist();
  }

  @Test
  void policyWithAMistakeIsNotSigned() throws Exception {
    write("version: 1\nrule: []\n");
    assertThat(sign(policy, key, "example.com/log", 1).complaint(2)).contains("did you mean");
    assertThat(policy.resolve("policy.sig")).doesNotExist();
  }

  @Test
  void signatureIsANoteOfFourLines() throws Exception {
    Path out = directory.resolve("other.sig");
    Path file = Files.writeString(directory.resolve("single.yaml"), REFUSES);

    sign(file, key, "example.com/log", 7, "--out", out.toString()).ok();

    assertThat(Files.readAllLines(out))
        .hasSize(6)
        .startsWith("indelible.dev/policy/v1", "example.com/log", "7")
        .element(5)
        .asString()
        .startsWith("\u2014 ops.example ");
    assertThat(Files.readAllLines(out).get(3)).startsWith("sha256:");
    assertThat(sign(file, key, "example.com/log", 0).complaint(2)).contains("--number");
    assertThat(sign(file, key, "two words", 1).complaint(2)).contains("--origin");
    sign(file, key, "example.com/log", 8).ok();
    assertThat(directory.resolve("policy.sig")).exists();
  }

  @Test
  void trustPrintsHowToSign() throws Exception {
    Path file = Files.writeString(directory.resolve("operator.vkey"), vkey + "\n");

    String printed = cli.run("policy", "trust", file.toString()).ok().out();

    String origin =
        cli.run("status", "--output", "json").json().path("operator").path("origin").asString();
    assertThat(printed)
        .contains("is the operator's key from now on")
        .contains("indelible policy sign DIR --key FILE --origin %s --number 1".formatted(origin));
    assertThat(cli.run("policy", "trust", vkey).ok().out()).contains("already");
    assertThat(cli.run("status").ok().out()).contains("operator     " + vkey);
    write(REFUSES);
    sign(policy, key, origin, 1).ok();
    assertThat(cli.run("check", Cli.bash("ls")).exit()).isEqualTo(3);
    cli.assertIntact(3);
  }

  @Test
  void keyThatIsNoOperatorsIsRefused() throws Exception {
    assertThat(cli.run("policy", "trust", "ops+00000000+AQ").complaint(2)).contains("VKEY");
    String own = cli.run("keys", "export", "--format", "vkey", "--name", "ops").ok().out().strip();
    assertThat(cli.run("policy", "trust", own).complaint(2)).contains("is a key of this log");
    assertThat(cli.run("status", "--output", "json").json().path("operator").isNull()).isTrue();
  }

  @Test
  void nextOperatorNeedsASignature() throws Exception {
    String origin = trust();
    Path nextKey = directory.resolve("next.pem");
    String next = keygen(nextKey, "next.example");
    assertThat(cli.run("policy", "trust", next).complaint(2)).contains("did not sign it");
    assertThat(cli.run("log", "list", "--type", "policy.rejected").ok().out().lines()).isNotEmpty();

    Path note = directory.resolve("next.sig");
    Cli.runWithoutData(
            "policy",
            "sign",
            "--next-operator",
            next,
            "--key",
            key.toString(),
            "--origin",
            origin,
            "--out",
            note.toString())
        .ok();
    cli.run("policy", "trust", next, "--signed", note.toString()).ok();
    write(REFUSES);
    sign(policy, key, origin, 1).ok();
    assertThat(cli.run("check", Cli.bash("ls")).exit()).isZero();
    sign(policy, nextKey, origin, 1).ok();
    assertThat(cli.run("check", Cli.bash("ls")).exit()).isEqualTo(3);
  }

  /** The daemon runs while another process records the key; it counts from the next load on. */
  @Test
  void runningDaemonRefusesUnsignedRules() throws Exception {
    bearer =
        "Bearer "
            + cli.run("serve", "--init", "--output", "json").ok().json().path("key").asString();
    ChildJvm daemon = cli.process("serve", "--listen", "127.0.0.1:0", "--output", "json");
    URI address = URI.create(Cli.json(daemon.readLine()).path("addresses").path(0).asString());
    String origin = trust();
    write(REFUSES);

    HttpResponse<String> refused = reload(address);

    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(refused.body())
        .contains("the policy in force stays", "no signature of the operator");
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> get(address, "/v1/status").contains("no signature of the operator"));
    assertThat(ask(address)).contains("\"decision\":\"allow\"");

    sign(policy, key, origin, 1).ok();
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> ask(address).contains("\"decision\":\"refuse\""));
    JsonNode loaded = Cli.json(reload(address).body());
    assertThat(loaded.path("number").asLong()).isEqualTo(1);

    daemon.terminate();
    assertThat(daemon.exitCode()).isZero();
    assertThat(cli.run("log", "verify").exit()).isZero();
    assertThat(cli.run("log", "list", "--type", "policy.rejected", "--output", "json").jsonLines())
        .hasSize(1);
  }

  private HttpResponse<String> reload(URI address) throws Exception {
    return post(address, "/v1/policy/reload", "{}");
  }

  private String ask(URI address) throws Exception {
    return post(address, "/v1/check", Cli.line("agent:a", Cli.bash("ls"))).body();
  }

  private String get(URI address, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve(path)).header("Authorization", bearer).build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }

  private HttpResponse<String> post(URI address, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve(path))
            .header("Authorization", bearer)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }
}
