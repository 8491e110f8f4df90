// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.crypto.SigningKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code approvals}: a person answers an escalation at the command line. */
class ApprovalsCommandTest {
  private static final String ACTION = Cli.bash("make deploy");

  @TempDir Path temp;
  private Cli cli;
  private Path key;

  @BeforeEach
  void writePolicyAndKey() throws Exception {
    cli = new Cli(temp.resolve("data"));
    SigningKey bob = SigningKey.generate();
    key = write("bob.pem", bob, "rw-------");
    Files.createDirectories(cli.data().resolve("policy"));
    Files.writeString(
        cli.data().resolve("policy/rules.yaml"),
        """
        version: 1
        approvers: ["%s"]
        rules:
          - id: ask
            severity: escalate
            reason: deployments wait for a person
            when: {command: make}
        """
            .formatted(NoteSigner.of("bob", bob).verifierKey().vkey()));
  }

  private Path write(String name, SigningKey signer, String mode) throws Exception {
    Path file = temp.resolve(name);
    Files.writeString(file, signer.toPem());
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  /** Lets {@code check} escalate, and returns the id that its text gives to a person. */
  private String escalate() {
    Cli.Result asked = cli.run("check", ACTION);
    assertThat(asked.exit()).isEqualTo(4);
    String how = "a person can approve it: indelible approvals approve ";
    assertThat(asked.out()).contains(how);
    return asked.out().substring(asked.out().indexOf(how) + how.length()).strip();
  }

  @Test
  void approvedActionRunsOnce() {
    String id = escalate();
    assertThat(cli.run("approvals", "list").ok().out()).contains(id, "make deploy", "pending");
    assertThat(cli.run("approvals", "show", id).ok().out())
        .contains("deployments wait for a person", "the agent id is only claimed", "pending");

    assertThat(
            cli.run("approvals", "approve", id, "--key", key.toString(), "--reason", "planned")
                .ok()
                .out())
        .startsWith("approved by bob until ");

    assertThat(cli.run("approvals", "list").ok().out()).startsWith("no requests");
    assertThat(cli.run("approvals", "list", "--all").ok().out()).contains("granted");
    Cli.Result retry = cli.run("check", ACTION);
    assertThat(retry.exit()).as(retry.out()).isZero();
    assertThat(retry.out()).contains("warn", "approved by bob: planned");
    assertThat(cli.run("check", ACTION).exit()).isEqualTo(4);
    assertThat(cli.run("approvals", "show", id, "--output", "json").json().at("/request/state"))
        .isEqualTo(Cli.json("\"used\""));
    assertThat(cli.run("log", "verify").out())
        .contains("1 answer to escalations, 1 action permitted by an approval");
  }

  @Test
  void deniedActionStaysHeldBack() {
    String id = escalate();

    cli.run("approvals", "deny", id, "--key", key.toString(), "--reason", "not today").ok();

    assertThat(cli.run("check", ACTION).exit()).isEqualTo(4);
    assertThat(
            cli.run("approvals", "approve", id, "--key", key.toString(), "--reason", "after all")
                .complaint(1))
        .contains("denied by bob already");
  }

  @Test
  void keyThatThePolicyDoesNotNameIsRefused() throws Exception {
    String id = escalate();
    Path other = write("mallory.pem", SigningKey.generate(), "rw-------");

    assertThat(
            cli.run("approvals", "approve", id, "--key", other.toString(), "--reason", "please")
                .complaint(2))
        .contains("the policy does not name this key; its approvers are bob");
  }

  @Test
  void keyThatOthersCanReadIsRefused() throws Exception {
    String id = escalate();
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));

    assertThat(
            cli.run("approvals", "approve", id, "--key", key.toString(), "--reason", "please")
                .complaint(2))
        .contains("others can read this key");

    Path link = Files.createSymbolicLink(key.resolveSibling("link.pem"), key);
    assertThat(
            cli.run("approvals", "approve", id, "--key", link.toString(), "--reason", "please")
                .complaint(2))
        .contains("others can read this key");
  }

  @Test
  void wrongArgumentsAreRefused() {
    String id = escalate();
    assertThat(
            cli.run(
                    "approvals",
                    "approve",
                    "0198c7e2",
                    "--key",
                    key.toString(),
                    "--reason",
                    "please")
                .complaint(2))
        .contains("the chain has no event 0198c7e2");
    assertThat(
            cli.run(
                    "approvals",
                    "approve",
                    id,
                    "--key",
                    key.toString(),
                    "--reason",
                    "please",
                    "--for",
                    "2d")
                .complaint(2))
        .contains("valid for at most 24 hours");
    assertThat(
            cli.run(
                    "approvals",
                    "approve",
                    id,
                    "--key",
                    key.toString(),
                    "--reason",
                    "please",
                    "--for",
                    "soon")
                .complaint(2))
        .contains("give a duration");
    assertThat(
            cli.run("approvals", "approve", id, "--key", "missing.pem", "--reason", "please")
                .complaint(2))
        .contains("missing.pem: no such file");
  }
}
