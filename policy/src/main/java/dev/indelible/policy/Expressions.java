// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.expression.ExpressionLanguage;
import dev.indelible.fact.Cause;
import dev.indelible.fact.Fact;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Conditions in an expression language, which a separate module implements, and their variables.
 */
final class Expressions {
  /** The key of conditions in CEL, the only expression language so far. */
  static final String CEL = "cel";

  private static final String CEL_MODULE = "indelible-policy-cel";

  /** Maximum length of an expression, far more than a person can check. */
  private static final int MAX_CHARS = 10_000;

  /** The members of all kinds of action, with the values that absent members have. */
  private static final Map<String, Object> NO_MEMBERS =
      Map.ofEntries(
          Map.entry("kind", ""),
          Map.entry("command", ""),
          Map.entry("cwd", ""),
          Map.entry("home", ""),
          Map.entry("shell", ""),
          Map.entry("path", ""),
          Map.entry("byte_estimate", 0L),
          Map.entry("host", ""),
          Map.entry("scheme", ""),
          Map.entry("port", 0L),
          Map.entry("binary", ""),
          Map.entry("args", List.of()),
          Map.entry("tool", ""),
          Map.entry("arguments", JsonNodeFactory.instance.objectNode()),
          Map.entry("surface", ""),
          Map.entry("namespace", ""),
          Map.entry("query", ""),
          Map.entry("custom_kind", ""),
          Map.entry("payload", JsonNodeFactory.instance.objectNode()));

  private Expressions() {}

  /** Reads a condition in CEL. */
  static Condition read(Yaml yaml) throws PolicyException {
    String text = yaml.text();
    if (text.length() > MAX_CHARS) {
      throw yaml.error(
          "the expression has %s characters; shorten it to at most %s"
              .formatted(text.length(), MAX_CHARS));
    }
    ExpressionLanguage.Expression expression;
    try {
      expression = language(yaml).compile(text);
    } catch (ExpressionLanguage.MistakeException e) {
      throw yaml.errorWithin(e.line(), e.column(), "cel: " + e.getMessage());
    }
    return (subject, because) -> expression.isTrue(subject.variables());
  }

  private static ExpressionLanguage language(Yaml yaml) throws PolicyException {
    try {
      for (ExpressionLanguage language :
          ServiceLoader.load(ExpressionLanguage.class, ExpressionLanguage.class.getClassLoader())) {
        if (language.key().equals(CEL)) {
          return language;
        }
      }
    } catch (ServiceConfigurationError | LinkageError e) {
      throw yaml.error("cel: the module %s cannot be loaded: %s".formatted(CEL_MODULE, e));
    }
    throw yaml.error(
        "cel: this needs the module %s, which is not on the class path; docs/policy.md shows how to add it"
            .formatted(CEL_MODULE));
  }

  /** Returns the variables of an action that expressions see. */
  static Map<String, Object> variables(Subject subject) {
    List<Map<String, Object>> facts = new ArrayList<>();
    for (Fact fact : subject.facts().all()) {
      facts.add(
          Map.of(
              "verb",
              fact.verb().key(),
              "operand",
              fact.operand().display(),
              "recursive",
              fact.isRecursive(),
              "command",
              fact.cause().command()));
    }
    List<String> commands = subject.facts().commands().stream().map(Cause::command).toList();
    return Map.of("action", members(subject.action()), "facts", facts, "commands", commands);
  }

  private static Map<String, Object> members(AgentAction action) {
    Map<String, Object> members = new HashMap<>(NO_MEMBERS);
    members.put("kind", action.kind());
    if (action instanceof Bash bash) {
      members.put("command", bash.command());
      bash.cwd().ifPresent(cwd -> members.put("cwd", cwd));
      bash.home().ifPresent(home -> members.put("home", home));
      bash.shell().ifPresent(shell -> members.put("shell", shell));
    } else if (action instanceof FilesystemWrite write) {
      members.put("path", write.path());
      write.byteEstimate().ifPresent(bytes -> members.put("byte_estimate", bytes));
    } else if (action instanceof NetworkRequest request) {
      members.put("host", request.host());
      members.put("scheme", request.scheme());
      request.port().ifPresent(port -> members.put("port", (long) port));
      request.path().ifPresent(path -> members.put("path", path));
    } else if (action instanceof ProcessSpawn spawn) {
      members.put("binary", spawn.binary());
      members.put("args", spawn.args());
    } else if (action instanceof ToolCall call) {
      members.put("tool", call.tool());
      members.put("arguments", call.arguments().tree());
    } else if (action instanceof Read read) {
      members.put("surface", read.surface());
      read.namespace().ifPresent(namespace -> members.put("namespace", namespace));
      read.query().ifPresent(query -> members.put("query", query));
    } else if (action instanceof Custom custom) {
      members.put("custom_kind", custom.customKind());
      members.put("payload", custom.payload().tree());
    }
    return members;
  }
}
