// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

/** A text is not a bash script, or exceeds a limit of the parser. */
public final class ShellSyntaxException extends Exception {
  private static final long serialVersionUID = 1;

  private final int offset;
  private final boolean isLimit;

  ShellSyntaxException(String message, int offset, boolean isLimit) {
    super(message);
    this.offset = offset;
    this.isLimit = isLimit;
  }

  /** Returns the position of the first unexpected character, from 0. */
  public int offset() {
    return offset;
  }

  /** Returns true if the text exceeds a limit, so that its syntax is unknown. */
  public boolean isLimit() {
    return isLimit;
  }

  /** Parse errors are frequent and expected, so they have a position and no stack trace. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
