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

  /**
   * Returns the exception for a directory that cannot be accessed, or does not belong to this log.
   */
  public static LogDirectoryException unfit(String message, @Nullable Throwable cause) {
    return new LogDirectoryException(message, false, cause);
  }

  /** Returns the exception for a directory whose content contradicts the published log. */
  public static LogDirectoryException contradicted(String message) {
    return new LogDirectoryException(message, true, null);
  }

  /**
   * Returns true if the content contradicts the log: the files or the log were changed, or the log
   * was forked.
   */
  public boolean isContradicted() {
    return contradicted;
  }
}
