// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

/** Evidence that a ledger cannot supply. The message says why, and what to do. */
public final class EvidenceException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean contradicted;

  private EvidenceException(String message, boolean contradicted) {
    super(message);
    this.contradicted = contradicted;
  }

  /** Returns the exception of evidence that is missing, or not there yet. */
  static EvidenceException absent(String message) {
    return new EvidenceException(message, false);
  }

  /** Returns the exception of a ledger that contradicts what was signed. */
  static EvidenceException contradicted(String message) {
    return new EvidenceException(
        message + "; 'log verify' names what is wrong with the ledger", true);
  }

  /** Whether the ledger contradicts what was signed or published. */
  public boolean isContradicted() {
    return contradicted;
  }
}
