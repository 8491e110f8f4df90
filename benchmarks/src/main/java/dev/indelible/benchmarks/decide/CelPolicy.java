// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.decide;

import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.policy.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The same text rules as CEL expressions over kind and text, with one compiled program per rule.
 */
final class CelPolicy implements Policy {
  private final List<CelRuntime.Program> programs = new ArrayList<>();

  CelPolicy() throws CelValidationException, CelEvaluationException {
    CelCompiler compiler =
        CelCompilerFactory.standardCelCompilerBuilder()
            .addVar("kind", SimpleType.STRING)
            .addVar("text", SimpleType.STRING)
            .build();
    CelRuntime runtime = CelRuntimeFactory.standardCelRuntimeBuilder().build();
    for (TextRule rule : TextRule.ALL) {
      programs.add(runtime.createProgram(compiler.compile(expression(rule)).getAst()));
    }
  }

  private static String expression(TextRule rule) {
    List<String> tests = new ArrayList<>();
    for (String part : rule.parts()) {
      tests.add("text.contains(" + quoted(part) + ")");
    }
    if (!rule.pattern().isEmpty()) {
      tests.add("text.matches(" + quoted("^(" + rule.pattern() + ")$") + ")");
    }
    return "kind == " + quoted(rule.kind()) + " && (" + String.join(" || ", tests) + ")";
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  @Override
  public Decision decide(String agentId, AgentAction action) {
    Map<String, Object> fields = Map.of("kind", action.kind(), "text", TextRule.text(action));
    List<TextRule> matching = new ArrayList<>(0);
    try {
      for (int i = 0; i < programs.size(); i++) {
        if (programs.get(i).eval(fields) instanceof Boolean matches && matches) {
          matching.add(TextRule.ALL.get(i));
        }
      }
    } catch (CelEvaluationException e) {
      throw new IllegalStateException(e);
    }
    return TextRule.first(matching);
  }

  @Override
  public String digest() {
    return "sha256:" + "0".repeat(64);
  }
}
