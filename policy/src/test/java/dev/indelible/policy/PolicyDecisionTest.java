// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyDecisionTest {
  private static final long GIB = 1L << 30;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "kind: bash                                | {'kind':'bash','command':'ls'}",
        "kind: bash, command_substring: rm -rf /   | {'kind':'bash','command':'sudo rm -rf / --x'}",
        "kind: bash, command_substring: [zz, ls]   | {'kind':'bash','command':'ls'}",
        "kind: filesystem_write, path_glob: /etc/**"
            + " | {'kind':'filesystem_write','path':'/tmp/../etc/passwd'}",
        "kind: filesystem_write, path_glob: /etc/**"
            + " | {'kind':'filesystem_write','path':'/ETC/passwd'}",
        "kind: filesystem_write, path_glob: /etc/**"
            + " | {'kind':'filesystem_write','path':'/proc/self/root/etc/passwd'}",
        "kind: filesystem_write, path_glob: '@startup'"
            + " | {'kind':'filesystem_write','path':'/home/dev/project/../.ssh/config'}",
        "kind: filesystem_write, path_glob: [/a, '**/.ssh/*']"
            + " | {'kind':'filesystem_write','path':'.ssh/id'}",
        "kind: network_request, host_glob: '*.example.com'"
            + " | {'kind':'network_request','host':'EVIL.example.com.','scheme':'https'}",
        "kind: network_request, host_glob: 127.0.0.1"
            + " | {'kind':'network_request','host':'127.1','scheme':'https'}",
        "kind: process_spawn, binary: rm   | {'kind':'process_spawn','binary':'rm','args':[]}",
        "kind: process_spawn, binary: rm   | {'kind':'process_spawn','binary':'/bin/rm','args':[]}",
        "kind: process_spawn, binary: [x, rm] | {'kind':'process_spawn','binary':'./rm','args':[]}",
        "kind: process_spawn, binary: /bin/rm"
            + " | {'kind':'process_spawn','binary':'/usr/../bin//rm','args':[]}",
        "kind: process_spawn, args_contain: force"
            + " | {'kind':'process_spawn','binary':'git','args':['push','--force']}",
        "kind: process_spawn, args_contain: [push, --force], binary: git"
            + " | {'kind':'process_spawn','binary':'git','args':['--force','push']}",
        "kind: process_spawn, disk_free_min_gib: 6"
            + " | {'kind':'process_spawn','binary':'make','args':[]}",
        "kind: custom, custom_kind: memory_write"
            + " | {'kind':'custom','custom_kind':'memory_write','payload':null}",
        "kind: custom, namespace_glob: team/*"
            + " | {'kind':'custom','custom_kind':'a','payload':{'namespace':'team/x'}}",
        "kind: custom, title_contains: secret, custom_kind: [a, b]"
            + " | {'kind':'custom','custom_kind':'b','payload':{'title':'my secret'}}",
        "kind: tool_call, tool: mcp__*  | {'kind':'tool_call','tool':'mcp__db','arguments':{}}",
        "kind: network_request, host_glob: 169.254.0.0/16"
            + " | {'kind':'network_request','host':'64:ff9b::a9fe:a9fe','scheme':'http'}",
        "kind: network_request, host_glob: '*:22'"
            + " | {'kind':'network_request','host':'a','scheme':'tcp','port':22}",
        "kind: read, namespace_glob: /home/dev/.ssh/**"
            + " | {'kind':'read','surface':'filesystem',"
            + "'namespace':'/home/dev/project/../.ssh/id_rsa'}",
        "kind: read, namespace_glob: /home/dev/.ssh/**"
            + " | {'kind':'read','surface':'fs','namespace':'/home/dev/.SSH//id_rsa'}",
        "kind: network_request, host_glob: '*:443'"
            + " | {'kind':'network_request','host':'a','scheme':'https'}",
        "kind: filesystem_write, path_glob: '~/.ssh/**'"
            + " | {'kind':'filesystem_write','path':'~/.ssh/config'}",
        "kind: read, surface: memory   | {'kind':'read','surface':'memory'}",
        "kind: read, namespace_glob: a/**"
            + " | {'kind':'read','surface':'memory','namespace':'a/b/c'}",
      })
  void matches(String match, String action) throws Exception {
    assertThat(decide(match, action)).isEqualTo(new Refuse("R1", "because"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "kind: bash                                | {'kind':'read','surface':'ls'}",
        "kind: bash, command_substring: rm -rf /   | {'kind':'bash','command':'rm -r x'}",
        "kind: bash, command_substring: LS         | {'kind':'bash','command':'ls'}",
        "kind: filesystem_write, path_glob: /etc/**"
            + " | {'kind':'filesystem_write','path':'/etc/../tmp/a'}",
        "kind: filesystem_write, path_glob: /etc/**"
            + " | {'kind':'filesystem_write','path':'etc/passwd'}",
        "kind: network_request, host_glob: '*.example.com'"
            + " | {'kind':'network_request','host':'example.com','scheme':'https'}",
        "kind: process_spawn, binary: rm   | {'kind':'process_spawn','binary':'rmdir','args':[]}",
        "kind: process_spawn, binary: /bin/rm | {'kind':'process_spawn','binary':'rm','args':[]}",
        "kind: process_spawn, binary: /bin/rm"
            + " | {'kind':'process_spawn','binary':'/sbin/rm','args':[]}",
        "kind: process_spawn, args_contain: [push, --force]"
            + " | {'kind':'process_spawn','binary':'git','args':['push']}",
        "kind: process_spawn, binary: rm, args_contain: x"
            + " | {'kind':'process_spawn','binary':'ls','args':['x']}",
        "kind: process_spawn, disk_free_min_gib: 5"
            + " | {'kind':'process_spawn','binary':'make','args':[]}",
        "kind: custom, custom_kind: memory_write"
            + " | {'kind':'custom','custom_kind':'memory_write_2','payload':{}}",
        "kind: custom, namespace_glob: '**'"
            + " | {'kind':'custom','custom_kind':'a','payload':{'namespace':null}}",
        "kind: custom, namespace_glob: team/*"
            + " | {'kind':'custom','custom_kind':'a','payload':{'namespace':'team/x/y'}}",
        "kind: custom, title_contains: secret"
            + " | {'kind':'custom','custom_kind':'a','payload':['secret']}",
        "kind: custom, title_contains: secret, custom_kind: c"
            + " | {'kind':'custom','custom_kind':'b','payload':{'title':'my secret'}}",
        "kind: tool_call, tool: mcp__*  | {'kind':'tool_call','tool':'MCP__db','arguments':{}}",
        "kind: read, surface: memory   | {'kind':'read','surface':'memory2'}",
        "kind: read, namespace_glob: '**' | {'kind':'read','surface':'memory'}",
      })
  void doesNotMatch(String match, String action) throws Exception {
    assertThat(decide(match, action)).isEqualTo(new Allow());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "kind: filesystem_write, path_glob: /etc/**"
            + " | {'kind':'filesystem_write','path':'../../etc/passwd'}"
            + " | path \"../../etc/passwd\" leaves an unnamed directory by \"..\"; use an"
            + " absolute path",
        "kind: filesystem_write, path_glob: /etc/**"
            + " | {'kind':'filesystem_write','path':'/a\\u0000'}"
            + " | path \"/a\\u0000\": the path has a control character",
        "kind: network_request, host_glob: a"
            + " | {'kind':'network_request','host':'b/c','scheme':'https'}"
            + " | \"b/c\" is not a host; give a name or an address, without scheme, user or path",
        "kind: process_spawn, binary: rm"
            + " | {'kind':'process_spawn','binary':'rm\\u0000','args':[]}"
            + " | binary \"rm\\u0000\" contains a null byte",
        "kind: custom, namespace_glob: a"
            + " | {'kind':'custom','custom_kind':'a','payload':{'namespace':['a']}}"
            + " | payload.namespace is not a string",
      })
  void ruleThatCannotBeEvaluatedRefuses(String match, String action, String failure)
      throws Exception {
    assertThat(decide(match, action))
        .isEqualTo(new Refuse("R1", "the rule could not be evaluated and so refuses: " + failure));
  }

  @Test
  void unreadableDiskRefuses() throws Exception {
    RulePolicy policy =
        policy(
            rule("R1", "warn", "kind: process_spawn, disk_free_min_gib: 1"),
            () -> {
              throw new IOException("device gone");
            });
    assertThat(policy.decide("agent:test", new ProcessSpawn("make", List.of())))
        .isEqualTo(
            new Refuse(
                "R1",
                "the rule could not be evaluated and so refuses: the free disk space could not be"
                    + " read: java.io.IOException: device gone"));
  }

  @Test
  void errorRefusesAndItsTextFitsADecision() throws Exception {
    RulePolicy policy =
        policy(
            rule("R1", "warn", "kind: process_spawn, disk_free_min_gib: 1"),
            () -> {
              throw new StackOverflowError("\ud83d".repeat(100_000));
            });
    assertThat(policy.decide("agent:test", new ProcessSpawn("make", List.of())).isRefusal())
        .isTrue();
  }

  @Test
  void diskIsMeasuredOnlyForTheRulesBinary() throws Exception {
    RulePolicy policy =
        policy(
            rule("R1", "refuse", "kind: process_spawn, disk_free_min_gib: 1, binary: make"),
            () -> {
              throw new AssertionError("read");
            });
    assertThat(policy.decide("agent:test", new ProcessSpawn("ls", List.of())))
        .isEqualTo(new Allow());
  }

  @Test
  void realDiskCanBeRead() throws Exception {
    RulePolicy policy =
        RulePolicy.parse(
            file(rule("R1", "refuse", "kind: process_spawn, disk_free_min_gib: 8589934591")), "x");
    assertThat(policy.decide("agent:test", new ProcessSpawn("make", List.of())))
        .isEqualTo(new Refuse("R1", "because"));
  }

  @ParameterizedTest
  @CsvSource({
    "refuse,   escalate, warn,     1 refuse",
    "escalate, refuse,   warn,     2 refuse",
    "warn,     escalate, refuse,   3 refuse",
    "warn,     warn,     refuse,   3 refuse",
    "warn,     warn,     log,      1 warn",
    "log,      warn,     warn,     2 warn",
    "log,      log,      log,      - allow",
  })
  void mostSevereRuleDecidesThenTheFirst(String first, String second, String third, String expected)
      throws Exception {
    RulePolicy policy =
        policy(
            rule("1", first, "kind: bash")
                + rule("2", second, "kind: bash")
                + rule("3", third, "kind: bash"));
    Decision decision = policy.decide("agent:test", new Bash("ls"));
    assertThat(decision.ruleId().orElse("-") + " " + decision.verdict()).isEqualTo(expected);
  }

  @Test
  void firstOfEquallySevereRulesInTheFileDecides() throws Exception {
    RulePolicy policy =
        policy(rule("R9", "refuse", "kind: bash") + rule("R10", "refuse", "kind: bash"));
    assertThat(policy.decide("agent:test", new Bash("ls"))).isEqualTo(new Refuse("R9", "because"));
    assertThat(policy.rules()).extracting(Rule::id).containsExactly("R9", "R10");
  }

  @Test
  void logRuleLogsTheMatchWithoutTheAction() throws Exception {
    RulePolicy policy =
        policy(rule("R1", "refuse", "kind: bash") + rule("R2", "log", "kind: bash"));
    PrintStream original = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      assertThat(policy.decide("agent:test", new Bash("echo hush")))
          .isEqualTo(new Refuse("R1", "because"));
    } finally {
      System.setErr(original);
    }
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("rule R2 matched a bash action: because")
        .doesNotContain("hush");
  }

  @Test
  void logRuleThatCannotBeEvaluatedDoesNotDecide() throws Exception {
    RulePolicy policy = policy(rule("R1", "log", "kind: filesystem_write, path_glob: /a"));
    assertThat(policy.decide("agent:test", new FilesystemWrite("../a"))).isEqualTo(new Allow());
  }

  @Test
  void disabledRuleHasNoEffect() throws Exception {
    RulePolicy policy =
        policy(
            rule("R1", "refuse", "kind: bash").stripTrailing()
                + "\n    enabled: false\n"
                + rule("R2", "warn", "kind: bash").stripTrailing()
                + "\n    enabled: true\n");
    assertThat(policy.decide("agent:test", new Bash("ls"))).isEqualTo(new Warn("R2", "because"));
    assertThat(policy.rules()).extracting(Rule::id).containsExactly("R2");
  }

  @Test
  void emptyPolicyAllows() throws Exception {
    assertThat(
            RulePolicy.parse("version: 1\nrules: []\n", "x")
                .decide("agent:test", new Bash("rm -rf build")))
        .isEqualTo(new Allow());
  }

  private static Decision decide(String match, String action) throws Exception {
    return policy(rule("R1", "refuse", match)).decide("agent:test", action(action));
  }

  private static RulePolicy policy(String rules) throws PolicyException {
    return policy(rules, () -> 5 * GIB);
  }

  private static RulePolicy policy(String rules, DiskSpace disk) throws PolicyException {
    return RulePolicy.parse(file(rules), "x", disk);
  }

  private static String file(String rules) {
    return "version: 1\nrules:\n" + rules;
  }

  private static String rule(String id, String severity, String match) {
    return """
          - id: "%s"
            severity: %s
            reason: because
            match: {%s}
        """
        .formatted(id, severity, match);
  }

  private static AgentAction action(String json) throws JsonFormatException {
    return ActionParser.parse(CanonicalJson.read(json.replace('\'', '"')), "action");
  }
}
