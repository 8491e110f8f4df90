// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import org.jspecify.annotations.Nullable;

/** Thrown if the ledger refuses a row. The transaction remains usable. */
public final class RefusedException extends LedgerException {
  private static final long serialVersionUID = 1;

  /** The reason that a row is refused. */
  public enum Refusal {
    /** The chain already has a row with this event id. */
    ID_TAKEN,
    /** Another writer took the sequence first. */
    LOST_RACE,
    /** The ledger cannot store the event, for example because of a constraint or its size. */
    PERMANENT
  }

  private final Refusal refusal;
  private final String reason;
  private final int inserted;

  /**
   * Creates an exception.
   *
   * @param ledger the ledger's name in messages
   * @param reason the cause in words; stored with a dead letter
   * @param inserted the number of rows of this insert that precede the refused one, and stay
   */
  public RefusedException(
      String ledger, Refusal refusal, String reason, int inserted, @Nullable Throwable cause) {
    super(ledger + ": " + reason, false, cause);
    this.refusal = refusal;
    this.reason = reason;
    this.inserted = inserted;
  }

  /** Returns the reason that the row is refused. */
  public Refusal refusal() {
    return refusal;
  }

  /** Returns the cause in words, without the ledger's name. */
  public String reason() {
    return reason;
  }

  /** Returns the number of rows of the insert that precede the refused one, and stay inserted. */
  public int inserted() {
    return inserted;
  }
}
