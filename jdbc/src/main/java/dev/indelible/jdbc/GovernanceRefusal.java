// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import java.sql.SQLException;

/**
 * Thrown for a write that the hook does not permit. No part of its statement or batch reached the
 * database. The transaction is unchanged and can be continued, committed or rolled back.
 *
 * <p>The message names operation, table, rule and reason. It quotes neither SQL nor parameters, so
 * it can be logged or shown to the agent.
 */
public final class GovernanceRefusal extends SQLException {
  /**
   * SQLState {@value}: "insufficient privilege" in PostgreSQL and Db2, in the standard's class 42,
   * access rule violation. No pool or framework treats this class as a broken connection or retries
   * it.
   */
  public static final String SQL_STATE = "42501";

  /** Rule id of a refusal that is caused by a failure of the hook. */
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
   * Returns a refusal caused by a failure of the hook. The failure is its cause, and may quote data
   * in its own message.
   */
  static GovernanceRefusal hookFailed(SqlWrite write, RuntimeException failure) {
    String reason = "the hook failed: " + failure.getClass().getName() + ", see the cause";
    GovernanceRefusal refusal = of(write, new Refuse(HOOK_FAILED, reason));
    refusal.initCause(failure);
    return refusal;
  }

  /** Returns the decision, which blocks. */
  public Decision decision() {
    return decision;
  }
}
