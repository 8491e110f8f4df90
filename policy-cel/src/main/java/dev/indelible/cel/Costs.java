// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cel;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelSource;
import dev.cel.common.CelSourceLocation;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.indelible.expression.ExpressionLanguage.MistakeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The parts of an expression that are operands of a costly operation. Their values are known before
 * the operation runs, so that its cost can be counted in advance. Immutable.
 */
final class Costs {
  /** The largest program of a regular expression, in instructions of RE2. */
  static final int MAX_REGEX_PROGRAM = 1_000;

  /** Number of instructions on one character that take as long as a step. */
  private static final int INSTRUCTIONS_PER_STEP = 16;

  private static final Set<String> COMPARISONS = Set.of("_==_", "_!=_", "@in");

  /**
   * Steps per character of a text that a regular expression reads, keyed by the id of the part that
   * has the text as its value.
   */
  private final Map<Long, Integer> matched = new HashMap<>();

  /** The ids of the parts whose whole content is compared. */
  private final Set<Long> compared = new HashSet<>();

  private Costs() {}

  /**
   * Returns the costs of an expression.
   *
   * @throws MistakeException if it has a regular expression that is invalid or too large
   */
  static Costs of(CelAbstractSyntaxTree ast) throws MistakeException {
    Costs costs = new Costs();
    List<CelExpr> calls =
        CelNavigableAst.fromAst(ast)
            .getRoot()
            .allNodes()
            .map(node -> node.expr())
            .filter(part -> part.exprKind().getKind() == CelExpr.ExprKind.Kind.CALL)
            .toList();
    for (CelExpr part : calls) {
      String function = part.call().function();
      List<CelExpr> operands = new ArrayList<>();
      part.call().target().ifPresent(operands::add);
      operands.addAll(part.call().args());
      if (function.equals("matches") && operands.size() == 2) {
        int program = program(operands.get(1), ast.getSource());
        costs.matched.put(operands.get(0).id(), 1 + program / INSTRUCTIONS_PER_STEP);
      } else if (COMPARISONS.contains(function)) {
        operands.forEach(operand -> costs.compared.add(operand.id()));
      }
    }
    return costs;
  }

  /**
   * Returns the size of a regular expression's program; the maximum if the expression is not
   * constant.
   */
  private static int program(CelExpr part, CelSource source) throws MistakeException {
    if (part.exprKind().getKind() != CelExpr.ExprKind.Kind.CONSTANT
        || part.constant().getKind() != CelConstant.Kind.STRING_VALUE) {
      return MAX_REGEX_PROGRAM;
    }
    int size;
    try {
      size = Pattern.compile(part.constant().stringValue()).programSize();
    } catch (PatternSyntaxException e) {
      throw mistake(String.valueOf(e.getMessage()), part, source);
    }
    if (size > MAX_REGEX_PROGRAM) {
      throw mistake(
          "the regular expression needs %s instructions; simplify it to at most %s"
              .formatted(size, MAX_REGEX_PROGRAM),
          part,
          source);
    }
    return size;
  }

  private static MistakeException mistake(String problem, CelExpr part, CelSource source) {
    Integer offset = source.getPositionsMap().get(part.id());
    CelSourceLocation at =
        source.getOffsetLocation(offset == null ? 0 : offset).orElse(CelSourceLocation.of(1, 0));
    return new MistakeException(
        problem, Math.max(1, at.getLine()), Math.max(0, at.getColumn()) + 1);
  }

  /** Returns the steps per character if a regular expression reads a part's text; 0 otherwise. */
  int perCharacter(long part) {
    return matched.getOrDefault(part, 0);
  }

  /** Returns true if the whole content of a part's value is compared. */
  boolean isCompared(long part) {
    return compared.contains(part);
  }
}
