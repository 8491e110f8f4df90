// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

/** Exit statuses of the command. */
final class ExitCode {
  static final int OK = 0;

  /**
   * An internal failure. {@code log verify}: the chain is broken. {@code status}: there is a
   * problem.
   */
  static final int FAILED = 1;

  /** Wrong usage, or input that cannot be read. */
  static final int USAGE = 2;

  /** {@code hook}: any failure; the agent does not act after this status. */
  static final int BLOCKED = 2;

  /** {@code check}: refused. */
  static final int REFUSED = 3;

  /** {@code log verify}, {@code log adopt}, {@code proof verify}: the result is unknown. */
  static final int UNKNOWN = 3;

  /** {@code check}: a person must approve the action. */
  static final int ESCALATED = 4;

  /** {@code gate}: every decision is in the journal, and some are not in the ledger yet. */
  static final int WAITING = 5;

  private ExitCode() {}
}
