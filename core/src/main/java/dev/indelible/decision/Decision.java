// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import dev.indelible.json.CanonicalWriter;
import java.util.Optional;

/** What the gate answers. A closed set; whatever is not plainly permitted blocks. */
public sealed interface Decision permits Allow, Warn, Refuse, Escalate {

  /** The tag of this decision in JSON, for example {@code refuse}. */
  String verdict();

  /** The rule that decided; empty for {@link Allow}. */
  Optional<String> ruleId();

  /** Why, for a person; empty for {@link Allow}. */
  Optional<String> reason();

  /** Whether the action was refused outright. */
  default boolean isRefusal() {
    return this instanceof Refuse;
  }

  /** Whether the action must not go ahead now: refused, or waiting for a person. */
  default boolean isBlocking() {
    return !isPermitted();
  }

  /** Whether the action may go ahead: an allow-list, so that an escalation fails closed. */
  default boolean isPermitted() {
    return this instanceof Allow || this instanceof Warn;
  }

  /** Writes this decision as a canonical JSON object (RFC 8785). */
  default void write(CanonicalWriter out) {
    out.beginObject().member("decision", verdict());
    out.member("reason", reason()).member("rule_id", ruleId()).endObject();
  }
}
