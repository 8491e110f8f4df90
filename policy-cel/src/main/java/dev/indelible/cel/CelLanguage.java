// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cel;

import com.google.common.collect.ImmutableMap;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelSourceLocation;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.indelible.expression.ExpressionLanguage;
import java.util.Map;

/**
 * Conditions in CEL. Types and regular expressions are checked when a policy loads. An evaluation
 * has a budget of steps and of iterations; regular expressions are those of RE2, which do not
 * backtrack.
 */
public final class CelLanguage implements ExpressionLanguage {
  /** Maximum number of iterations of all comprehensions in one evaluation. */
  private static final int MAX_ITERATIONS = 10_000;

  /** Maximum depth of nesting; deeper nesting could overflow the stack of the compiler. */
  private static final int MAX_DEPTH = 50;

  private static final CelOptions OPTIONS =
      CelOptions.current()
          .comprehensionMaxIterations(MAX_ITERATIONS)
          .maxParseRecursionDepth(MAX_DEPTH)
          .maxRegexProgramSize(Costs.MAX_REGEX_PROGRAM)
          .enableHeterogeneousNumericComparisons(true)
          .build();

  private static final CelCompiler COMPILER = compiler();

  private static final CelRuntime RUNTIME =
      CelRuntimeFactory.standardCelRuntimeBuilder().setOptions(OPTIONS).build();

  private static CelCompiler compiler() {
    CelCompilerBuilder builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .setTypeProvider(ActionTypes.PROVIDER)
            .setResultType(SimpleType.BOOL);
    for (Map.Entry<String, CelType> variable :
        ImmutableMap.<String, CelType>of(
                "action", ActionTypes.ACTION,
                "facts", ListType.create(ActionTypes.FACT),
                "commands", ListType.create(SimpleType.STRING))
            .entrySet()) {
      builder.addVar(variable.getKey(), variable.getValue());
    }
    return builder.build();
  }

  /** Creates the language; called by the service loader. */
  public CelLanguage() {}

  @Override
  public String key() {
    return "cel";
  }

  @Override
  public Expression compile(String text) throws MistakeException {
    CelAbstractSyntaxTree ast = checked(text);
    Costs costs = Costs.of(ast);
    CelRuntime.Program program = program(ast);
    return variables -> {
      Object result;
      try {
        result = program.trace(Values.of(variables), new Budget(costs));
      } catch (CelEvaluationException e) {
        throw new IllegalStateException("the expression cannot be evaluated: " + reason(e), e);
      }
      if (result instanceof Boolean answer) {
        return answer;
      }
      throw new IllegalStateException("the expression is neither true nor false: " + result);
    };
  }

  private static CelAbstractSyntaxTree checked(String text) throws MistakeException {
    CelValidationResult result = COMPILER.compile(text);
    if (result.hasError()) {
      CelIssue issue = result.getErrors().get(0);
      CelSourceLocation at = issue.getSourceLocation();
      throw new MistakeException(
          issue.getMessage(), Math.max(1, at.getLine()), Math.max(0, at.getColumn()) + 1);
    }
    try {
      return result.getAst();
    } catch (CelValidationException e) {
      throw new MistakeException(String.valueOf(e.getMessage()), 1, 1);
    }
  }

  private static CelRuntime.Program program(CelAbstractSyntaxTree ast) throws MistakeException {
    try {
      return RUNTIME.createProgram(ast);
    } catch (CelEvaluationException e) {
      throw new MistakeException(String.valueOf(e.getMessage()), 1, 1);
    }
  }

  /** Returns the innermost message, because the outer ones repeat it. */
  private static String reason(Throwable failure) {
    Throwable inner = failure;
    while (inner.getCause() != null) {
      inner = inner.getCause();
    }
    return inner.getMessage() == null ? inner.toString() : inner.getMessage();
  }
}
