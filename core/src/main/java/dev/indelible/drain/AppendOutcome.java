// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/** The outcome of an event. */
public enum AppendOutcome {
  /** In the chain, by a row that this run appended. */
  APPENDED,
  /**
   * In the chain, by a row that existed before this run submitted the event, or after an earlier
   * submission of the event.
   */
  REPEATED,
  /** In the dead letters, from which it can be replayed. */
  DLQ_LANDED,
  /** In the dead letters already before. */
  DLQ_REPEATED;

  /** Returns whether the event is in the dead letters. */
  public boolean isDeadLetter() {
    return this == DLQ_LANDED || this == DLQ_REPEATED;
  }
}
