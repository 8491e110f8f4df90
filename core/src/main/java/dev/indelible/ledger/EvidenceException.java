// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

/** Thrown if a ledger cannot supply evidence. The message states the reason and what to do. */
public final class EvidenceException extends LedgerException {
  private static final long serialVersionUID = 1;

  private final boolean contradicted;

  private EvidenceException(String message, boolean contradicted) {
    super(message);
    this.contradicted = contradicted;
  }

  /**
   * Returns the exception for evidence that is missing, or does not exist yet.
   *
   * @param message the message, as a format of {@code values}
   */
  public static EvidenceException absent(String message, Object... values) {
    return new EvidenceException(message.formatted(values), false);
  }

  /**
   * Returns the exception for a ledger that contradicts a signed checkpoint.
   *
   * @param message the message, as a format of {@code values}
   */
  public static EvidenceException contradicted(String message, Object... values) {
    return new EvidenceException(
        message.formatted(values) + "; 'log verify' names the fault of the ledger", true);
  }

  /** Returns true if the ledger contradicts a signed or published checkpoint. */
  public boolean isContradicted() {
    return contradicted;
  }
}
