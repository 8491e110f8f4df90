// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.testkit.Vectors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Cases and commands for tests of the starter policy. */
final class StarterCases {
  private static final RulePolicy POLICY = RulePolicy.starter();

  /**
   * An action and its expected decision.
   *
   * @param needs the information that a reader needs to decide the action; empty if not stated
   */
  record Case(String id, AgentAction action, boolean isDangerous, String needs) {}

  private StarterCases() {}

  static ExplainedDecision decide(AgentAction action) {
    return POLICY.explain("agent:test", action);
  }

  static boolean isBlocked(AgentAction action) {
    return decide(action).decision().isBlocking();
  }

  /** The project's own cases: the different ways to write a program, a path or a call. */
  static List<Case> own() {
    return resource("starter-cases.jsonl");
  }

  /** Ordinary work: CI scripts, Makefiles, clean-up, text processing. */
  static List<Case> benign() {
    return resource("benign-cases.jsonl");
  }

  /** Cases from public reports, stored beside the project. Skips the test if they are missing. */
  static List<Case> reported() {
    return cases(lines(Vectors.path("../decide/cases.jsonl")));
  }

  /**
   * Commands of people and agents, stored beside the project. Skips the test if they are missing.
   */
  static List<String> corpus() {
    List<String> commands = new ArrayList<>();
    for (String line : lines(Vectors.path("../corpus/claude-pretooluse.jsonl"))) {
      JsonNode call = json(line);
      if (call.path("tool_name").asString("").equals("Bash")) {
        commands.add(call.path("tool_input").path("command").asString(""));
      }
    }
    return commands;
  }

  static Bash bash(String command) {
    return new Bash(command, Optional.of("/home/dev/project"));
  }

  private static JsonNode json(String line) {
    try {
      return CanonicalJson.read(line);
    } catch (JsonFormatException e) {
      throw new IllegalStateException(line, e);
    }
  }

  private static AgentAction action(JsonNode node) {
    try {
      return ActionParser.parse(node, "action");
    } catch (JsonFormatException e) {
      throw new IllegalStateException(node.toString(), e);
    }
  }

  private static List<Case> resource(String name) {
    try (InputStream in = StarterCases.class.getResourceAsStream(name)) {
      byte[] bytes = Objects.requireNonNull(in, name).readAllBytes();
      return cases(new String(bytes, StandardCharsets.UTF_8).lines().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(Path path) {
    try {
      return Files.readAllLines(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Case> cases(List<String> lines) {
    List<Case> cases = new ArrayList<>();
    for (String line : lines) {
      JsonNode node = json(line);
      AgentAction action = action(node.get("action"));
      boolean isDangerous = node.path("expect").asString("").equals("block");
      String id = node.path("id").asString("");
      cases.add(new Case(id, action, isDangerous, node.path("needs").asString("")));
    }
    return cases;
  }
}
