// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

/** Thrown if a ledger cannot supply evidence. The message states the reason and what to do. */
public final class EvidenceException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean contradicted;

  private EvidenceException(String message, boolean contradicted) {
    super(message);
    this.contradicted = contradicted;
  }

  /** Returns the exception for evidence that is missing, or does not exist yet. */
  static EvidenceException absent(String message) {
    return new EvidenceException(message, false);
  }

  /** Returns the exception for a ledger that contradicts a signed checkpoint. */
  static EvidenceException contradicted(String message) {
    return new EvidenceException(
        message + "; 'log verify' names what is wrong with the ledger", true);
  }

  /** Returns true if the ledger contradicts a signed or published checkpoint. */
  public boolean isContradicted() {
    return contradicted;
  }
}
