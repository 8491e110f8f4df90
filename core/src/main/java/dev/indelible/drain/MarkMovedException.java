// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * Thrown if the ledger has another position of a journal than a batch expects: another writer has
 * taken over. Nothing is settled.
 */
public final class MarkMovedException extends SinkException {
  private static final long serialVersionUID = 1;

  public MarkMovedException(String message) {
    super(message);
  }
}
