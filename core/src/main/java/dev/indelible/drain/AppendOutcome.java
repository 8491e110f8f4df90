// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/** Where an event ended. */
public enum AppendOutcome {
  /** In the chain, by a row that this run appended. */
  APPENDED,
  /**
   * In the chain, by a row that was there before this run submitted the event, or submitted again.
   */
  REPEATED,
  /** In the dead letters, with what is needed to replay it. */
  DLQ_LANDED,
  /** In the dead letters, where it was already. */
  DLQ_REPEATED;

  /** Returns whether the event is in the dead letters. */
  public boolean isDeadLetter() {
    return this == DLQ_LANDED || this == DLQ_REPEATED;
  }
}
