// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import java.sql.SQLException;

/**
 * Thrown for a write that the hook does not permit. No part of the statement or batch reached the
 * database. The transaction is unchanged: the caller can continue, commit or roll back.
 *
 * <p>The message names operation, table, rule and reason. It quotes neither SQL nor parameters, so
 * it may be logged or shown to the agent.
 */
public final class GovernanceRefusal extends SQLException {
  /**
   * SQLState {@value}: "insufficient privilege" in PostgreSQL and Db2, in class 42 (access rule
   * violation) of the standard. Pools and frameworks neither retry this class nor treat it as a
   * broken connection.
   */
  public static final String SQL_STATE = "42501";

  /** The rule id of a refusal because the hook failed. */
  public static final String HOOK_FAILED = "hook_failed";

  private final transient Decision decision;

  private GovernanceRefusal(Decision decision, String message) {
    super(message, SQL_STATE);
    this.decision = decision;
  }

  static GovernanceRefusal of(SqlWrite write, Decision decision) {
    return new GovernanceRefusal(
        decision,
        "%s on %s is blocked (%s) by rule %s: %s; nothing of it was sent to the database"
            .formatted(
                write.operation().label(),
                write.namespace().isEmpty() ? "an unnamed target" : write.namespace(),
                decision.verdict(),
                decision.ruleId().orElse("(none)"),
                decision.reason().orElse("(no reason given)")));
  }

  /**
   * Returns a refusal because the hook failed. The hook's exception is the cause; its message may
   * quote data.
   */
  static GovernanceRefusal hookFailed(SqlWrite write, RuntimeException failure) {
    String reason = "the hook failed: " + failure.getClass().getName() + ", see the cause";
    GovernanceRefusal refusal = of(write, new Refuse(HOOK_FAILED, reason));
    refusal.initCause(failure);
    return refusal;
  }

  /** Returns the decision that blocks the write. */
  public Decision decision() {
    return decision;
  }
}
