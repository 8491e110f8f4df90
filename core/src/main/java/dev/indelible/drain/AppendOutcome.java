// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/** The outcome of an event. */
public enum AppendOutcome {
  /** This run appended the event's row. */
  APPENDED,
  /** The event already had a row, from an earlier run or from an earlier submission in this run. */
  REPEATED,
  /** The event is a dead letter, which can be replayed. */
  DLQ_LANDED,
  /** The event was already a dead letter. */
  DLQ_REPEATED;

  /** Returns true if the event is in the dead letters. */
  public boolean isDeadLetter() {
    return this == DLQ_LANDED || this == DLQ_REPEATED;
  }
}
