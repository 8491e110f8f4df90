// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cel;

import dev.cel.common.ast.CelExpr;
import dev.cel.runtime.CelEvaluationListener;
import java.util.Collection;
import java.util.Map;

/**
 * Counts the cost of one evaluation and ends it when the budget is used up. Each part of the
 * expression costs one step every time that it is evaluated, and more if its value is large,
 * because the next part may read all of it. Used by one thread.
 */
final class Budget implements CelEvaluationListener {
  /** Milliseconds of a processor, and megabytes of memory, at most. */
  static final long MAX_STEPS = 200_000;

  /** A scan of a text is this many times faster than a step. */
  private static final int CHARS_PER_STEP = 16;

  private long steps;

  @Override
  public void callback(CelExpr part, Object value) {
    steps += 1 + size(value);
    if (steps > MAX_STEPS) {
      throw new IllegalStateException(
          "it takes more than %s steps; test less, or a smaller part of the action"
              .formatted(MAX_STEPS));
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
