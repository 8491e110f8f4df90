// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import java.util.Objects;

/** A decision with its explanation. */
public record ExplainedDecision(Decision decision, Explanation explanation) {
  public ExplainedDecision {
    Objects.requireNonNull(decision, "decision is null");
    Objects.requireNonNull(explanation, "explanation is null");
  }
}
