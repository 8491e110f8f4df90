// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

/** Thrown if a journal cannot be used. The message states the journal, the fault and what to do. */
public final class JournalException extends Exception {
  public JournalException(String message) {
    super(message);
  }

  public JournalException(String message, Throwable cause) {
    super(message, cause);
  }
}
