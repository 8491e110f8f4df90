// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

/** Evidence that cannot be taken out of a ledger. The message says why, and what to do. */
public final class EvidenceException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean contradicted;

  private EvidenceException(String message, boolean contradicted) {
    super(message);
    this.contradicted = contradicted;
  }

  /** There is none, or none yet. */
  static EvidenceException absent(String message) {
    return new EvidenceException(message, false);
  }

  /** What the ledger has does not agree with what was signed. */
  static EvidenceException contradicted(String message) {
    return new EvidenceException(
        message + "; 'log verify' names what is wrong with the ledger", true);
  }

  /** Whether what the ledger has contradicts what was signed or published. */
  public boolean isContradicted() {
    return contradicted;
  }
}
