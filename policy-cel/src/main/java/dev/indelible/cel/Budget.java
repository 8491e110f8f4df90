// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cel;

import dev.cel.common.ast.CelExpr;
import dev.cel.runtime.CelEvaluationListener;
import java.util.Collection;
import java.util.Map;

/**
 * Counts the cost of one evaluation and ends it when the budget is used up. Each evaluation of a
 * part of the expression costs one step, and more if its value is large, because the next part may
 * read the whole value. The cost of a regular expression or a comparison is counted with its
 * operand, before the operation runs. Used by one thread.
 */
final class Budget implements CelEvaluationListener {
  /** Maximum number of steps; they take milliseconds of CPU time, and megabytes of memory. */
  static final long MAX_STEPS = 200_000;

  /** Number of characters of a text that are scanned in the time of one step. */
  private static final int CHARS_PER_STEP = 16;

  private final Costs costs;
  private long steps;

  Budget(Costs costs) {
    this.costs = costs;
  }

  @Override
  public void callback(CelExpr part, Object value) {
    spend(1 + size(value));
    if (value instanceof CharSequence text) {
      spend((long) text.length() * costs.perCharacter(part.id()));
    } else if (costs.isCompared(part.id())) {
      spendOnContent(value);
    }
  }

  private void spend(long count) {
    steps += count;
    if (steps > MAX_STEPS) {
      throw new IllegalStateException(
          "it takes more than %s steps; test less, or a smaller part of the action"
              .formatted(MAX_STEPS));
    }
  }

  /** Counts the whole content of a list or map; ends when the budget is used up. */
  private void spendOnContent(Object value) {
    if (value instanceof Collection<?> list) {
      for (Object element : list) {
        spend(1 + size(element));
        spendOnContent(element);
      }
    } else if (value instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> member : map.entrySet()) {
        spend(1 + size(member.getKey()) + size(member.getValue()));
        spendOnContent(member.getValue());
      }
    }
  }

  private static long size(Object value) {
    if (value instanceof CharSequence text) {
      return text.length() / CHARS_PER_STEP;
    }
    if (value instanceof Collection<?> list) {
      return list.size();
    }
    return value instanceof Map<?, ?> map ? map.size() : 0;
  }
}
