// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

/** What the command's exit status says. */
final class ExitCode {
  static final int OK = 0;

  /** An internal failure; for {@code log verify} a broken chain, for {@code status} ill health. */
  static final int FAILED = 1;

  /** Wrong usage, or input that cannot be read. */
  static final int USAGE = 2;

  /** {@code hook}: the status after which an agent does not act; every failure ends with it. */
  static final int BLOCKED = 2;

  /** {@code check}: refused. {@code log verify}: it could not be told. */
  static final int REFUSED = 3;

  static final int UNKNOWN = 3;

  /** {@code check}: a person has to agree first. */
  static final int ESCALATED = 4;

  /** {@code gate}: every decision was given and recorded, and events wait for the ledger. */
  static final int WAITING = 5;

  private ExitCode() {}
}
