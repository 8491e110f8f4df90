// SPDX-License-Identifier: Apache-2.0
package dev.indelible.tlog;

import org.jspecify.annotations.Nullable;

/** A log directory cannot be read or written. The message names the file and what to do. */
public final class LogDirectoryException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean contradicted;

  private LogDirectoryException(String message, boolean contradicted, @Nullable Throwable cause) {
    super(message, cause);
    this.contradicted = contradicted;
  }

  /** A directory that is out of reach, or is not one for this log. */
  public static LogDirectoryException unfit(String message, @Nullable Throwable cause) {
    return new LogDirectoryException(message, false, cause);
  }

  /** A directory that has something else than it should have by all that was published. */
  public static LogDirectoryException contradicted(String message) {
    return new LogDirectoryException(message, true, null);
  }

  /**
   * Whether what is there contradicts what is to be written: one of the two was changed, or a log
   * was forked.
   */
  public boolean isContradicted() {
    return contradicted;
  }
}
