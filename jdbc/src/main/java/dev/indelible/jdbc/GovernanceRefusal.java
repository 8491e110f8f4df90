// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import java.sql.SQLException;

/**
 * A write that was not permitted. Nothing of its statement, or of the batch it was part of, reached
 * the database; the transaction is as it was and can go on, be committed or rolled back.
 *
 * <p>The message names operation, table, rule and reason. It quotes neither SQL nor parameters, so
 * it may be logged or shown to the agent.
 */
public final class GovernanceRefusal extends SQLException {
  /**
   * {@value}: "insufficient privilege" where databases have a state for it (PostgreSQL, Db2), in
   * the standard's class 42, access rule violation. That is what happened, and no pool or framework
   * takes the class for a broken connection or a reason to try again.
   */
  public static final String SQL_STATE = "42501";

  /** The rule named when the hook failed, so that nobody decided. */
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
   * For a write that could not be judged; the failure's own message may quote data, so is cause.
   */
  static GovernanceRefusal unjudged(SqlWrite write, RuntimeException failure) {
    String reason = "nobody judged the write: " + failure.getClass().getName() + ", see the cause";
    GovernanceRefusal refusal = of(write, new Refuse(HOOK_FAILED, reason));
    refusal.initCause(failure);
    return refusal;
  }

  /** The decision, always a blocking one. */
  public Decision decision() {
    return decision;
  }
}
