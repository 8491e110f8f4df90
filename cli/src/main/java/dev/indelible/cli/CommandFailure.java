// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.io.IOException;

/** Ends the command with one line for the person who ran it, and an exit status. */
final class CommandFailure extends Exception {
  private static final long serialVersionUID = 1;

  private final int exitCode;

  private CommandFailure(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** Returns a failure for wrong usage, or for input that cannot be read. */
  static CommandFailure usage(String message) {
    return new CommandFailure(ExitCode.USAGE, message);
  }

  static CommandFailure usage(String format, Object... values) {
    return usage(format.formatted(values));
  }

  /** Throws a usage failure if a condition is true. */
  static void refuseIf(boolean wrong, String format, Object... values) throws CommandFailure {
    if (wrong) {
      throw usage(format, values);
    }
  }

  /** Returns a failure for standard input that cannot be read. */
  static CommandFailure unreadableInput(IOException cause) {
    return usage("standard input cannot be read: " + cause.getMessage());
  }

  /** Returns a failure for a command that could not do its work. */
  static CommandFailure failed(String message) {
    return new CommandFailure(ExitCode.FAILED, message);
  }

  static CommandFailure failed(String format, Object... values) {
    return failed(format.formatted(values));
  }

  /** Returns a failure for a command that found an unknown state and did nothing. */
  static CommandFailure unknown(String message) {
    return new CommandFailure(ExitCode.UNKNOWN, message);
  }

  int exitCode() {
    return exitCode;
  }
}
