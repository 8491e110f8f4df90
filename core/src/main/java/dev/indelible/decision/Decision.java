// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import dev.indelible.json.CanonicalWriter;
import java.util.Optional;

/**
 * The gate's answer. The set of decisions is closed; each decision either permits the action or
 * blocks it.
 */
public sealed interface Decision permits Allow, ByRule {

  /** Returns the tag of this decision in JSON, for example {@code refuse}. */
  String verdict();

  /** Returns the id of the rule that decided; empty for {@link Allow}. */
  default Optional<String> ruleId() {
    return Optional.empty();
  }

  /** Returns the reason, in words; empty for {@link Allow}. */
  default Optional<String> reason() {
    return Optional.empty();
  }

  /** Returns true if the action is refused outright. */
  default boolean isRefusal() {
    return this instanceof Refuse;
  }

  /**
   * Returns true if the action must not go ahead now, because it is refused or must wait for a
   * person.
   */
  default boolean isBlocking() {
    return !isPermitted();
  }

  /**
   * Returns true if the action may go ahead. Names the decisions that permit, so every other one
   * blocks, including an escalation.
   */
  default boolean isPermitted() {
    return this instanceof Allow || this instanceof Warn;
  }

  /** Writes this decision as a canonical JSON object (RFC 8785). */
  default void write(CanonicalWriter out) {
    out.beginObject().member("decision", verdict());
    out.member("reason", reason()).member("rule_id", ruleId()).endObject();
  }
}
