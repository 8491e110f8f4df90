// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Roads of an agent to the gate itself: its verbs, its files, its daemon. The policy has no rule,
 * so only the gate's own guard can refuse. They were listed from the documentation alone.
 */
@Timeout(180)
@Tag("any-jdk")
class GuardAttackTest {
  private static final String ID = "0198c7e2-0000-7000-8000-000000000000";

  @TempDir static Path directory;
  private static Cli cli;

  @BeforeAll
  static void createLog() throws Exception {
    cli = new Cli(directory.resolve("data"));
    Files.createDirectories(cli.data().resolve("policy"));
    Files.writeString(cli.data().resolve("policy/rules.yaml"), "version: 1\nrules: []\n");
    cli.run("check", Cli.bash("true")).ok();
  }

  static Stream<String> verbs() {
    List<String> verbs =
        List.of(
            "approvals approve " + ID + " --key a.pem --reason x",
            "approvals deny " + ID + " --key a.pem --reason x",
            "policy trust ops+00000000+AQ",
            "policy sign rules --key operator.pem --origin o --number 9",
            "policy keygen operator.pem --name ops",
            "keys rotate",
            "keys replace --lost --reason x",
            "keys revoke 00000000 --reason x",
            "api-keys create me --role admin",
            "dlq purge 1",
            "log erase-payload " + ID + " --reason x",
            "log answer 3 --reason x",
            "tool accept mcp__s__t sha256:00 --reason x");
    return verbs.stream();
  }

  private static void assertRefused(String command) {
    assertRefusedAction(
        "{\"kind\":\"bash\",\"command\":%s,\"cwd\":\"/srv/app\",\"home\":\"/srv/dev\"}"
            .formatted(quoted(command)));
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }

  private static void assertRefusedAction(String action) {
    Result decided = cli.runOn(action, "check", "--dry-run", "--output", "json");
    assertThat(decided.exit()).as(action + "\n" + decided.out() + decided.err()).isEqualTo(3);
    assertThat(decided.out()).contains("indelible.guard");
  }

  @ParameterizedTest(name = "an agent does not run indelible {0}")
  @MethodSource("verbs")
  void verbIsRefused(String verb) {
    for (String road :
        List.of(
            "indelible %s",
            "/opt/indelible/indelible --data /var/lib/indelible %s",
            "env INDELIBLE_DATA=/x indelible %s",
            "sudo -u indelible indelible %s",
            "sh -c 'indelible %s'",
            "true && ./indelible %s",
            "java -jar /opt/indelible/cli/target/indelible-cli.jar %s")) {
      assertRefused(road.formatted(verb));
    }
    List<String> args = new ArrayList<>(List.of(verb.split(" ")));
    assertRefusedAction(
        "{\"kind\":\"process_spawn\",\"binary\":\"/usr/bin/indelible\",\"args\":[\"%s\"]}"
            .formatted(String.join("\",\"", args)));
    assertRefusedAction(
        "{\"kind\":\"tool_call\",\"tool\":\"Bash\",\"arguments\":{\"command\":\"indelible %s\"}}"
            .formatted(verb));
  }

  @ParameterizedTest(name = "an agent does not ask the daemon: {0}")
  @ValueSource(
      strings = {
        "curl -d @x http://127.0.0.1:8740/v1/approvals/" + ID,
        "curl -X POST localhost:8740/v1/approvals/" + ID + " -d '{}'",
        "curl --unix-socket /run/indelible/indelible.sock -d '{}' http://x/v1/approvals/" + ID,
        "wget --post-data='{}' http://localhost:8740/v1/approvals/" + ID,
        "curl -d '{}' http://[::1]:8740/v1/policy/reload",
        "http POST :8740/v1/policy/reload",
        "python3 -c 'import urllib.request as r;"
            + " r.urlopen(\"http://127.0.0.1:8740/v1/policy/reload\", b\"{}\")'",
      })
  void requestIsRefused(String command) {
    assertRefused(command);
  }

  @ParameterizedTest(name = "an agent does not touch the gate's files: {0}")
  @ValueSource(
      strings = {
        "cat D/keys/redaction.key",
        "cp -r D /tmp/copy",
        "tar czf /tmp/x.tgz D",
        "rm D/approvals/used/x",
        "touch D/approvals/granted/x",
        "mv D/policy D/policy.old",
        "ln -sfn /tmp/rules D/policy",
        "rm D/policy/policy.sig",
        "sed -i s/refuse/warn/ D/policy/rules.yaml",
        "echo 'mode: shadow' >> D/policy/a.yaml",
        "rm D/keys/operator.vkey",
        "sqlite3 D/indelible.db 'DELETE FROM signed_events'",
        "truncate -s 0 D/last-checkpoint",
        "echo enabled: false > D/redaction.yaml",
        "chmod 644 D/keys/redaction.key",
        "python3 -c 'open(\"D/policy/rules.yaml\", \"w\")'",
        "cd D && rm -r policy",
        "rsync -a --delete /tmp/empty/ D/policy/"
      })
  void fileIsRefused(String command) {
    assertRefused(command.replace("D/", cli.data() + "/").replace(" D", " " + cli.data()));
  }

  @Test
  @DisplayName("an agent does not write the gate's files with a tool")
  void toolIsRefused() {
    String path = cli.data().resolve("policy/rules.yaml").toString();
    assertRefusedAction("{\"kind\":\"filesystem_write\",\"path\":\"%s\"}".formatted(path));
    assertRefusedAction(
        ("{\"kind\":\"tool_call\",\"tool\":\"Write\",\"arguments\":{\"file_path\":\"%s\","
                + "\"content\":\"x\"}}")
            .formatted(path));
    assertRefusedAction(
        "{\"kind\":\"read\",\"surface\":\"filesystem\",\"namespace\":\"%s\"}"
            .formatted(cli.data().resolve("keys/redaction.key")));
  }

  @ParameterizedTest(name = "an agent does not stop the gate: {0}")
  @ValueSource(
      strings = {
        "systemctl stop indelible",
        "pkill -f indelible",
        "killall indelible",
        "service indelible stop"
      })
  void stopIsRefused(String command) {
    assertRefused(command);
  }

  @Test
  @DisplayName("a narrow rule of the policy does not relax the guard")
  void narrowRuleRelaxesNothing() throws Exception {
    Cli relaxed = new Cli(directory.resolve("relaxed"));
    Files.createDirectories(relaxed.data().resolve("policy"));
    Files.writeString(
        relaxed.data().resolve("policy/rules.yaml"),
        """
        version: 1
        rules:
          - {id: a, severity: log, reason: x, when: {changes_guard: any, tool: "*"}}
          - {id: b, severity: log, reason: x, agents: ["*"], when: {changes_guard: any}}
          - {id: c, severity: log, reason: x, mode: shadow, when: {changes_guard: any}}
          - {id: d, severity: log, reason: x, when: {changes_guard: "*"}}
          - {id: e, severity: log, reason: x, expires: 2999-01-01, when: {changes_guard: any}}
        """);

    Result decided = relaxed.run("check", Cli.bash("indelible keys rotate"));

    assertThat(decided.exit()).as(decided.out() + decided.err()).isEqualTo(3);
  }
}
