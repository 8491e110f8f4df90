// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

/** A journal that cannot be used. The message says which, what is wrong and what to do. */
public final class JournalException extends Exception {
  public JournalException(String message) {
    super(message);
  }

  public JournalException(String message, Throwable cause) {
    super(message, cause);
  }
}
