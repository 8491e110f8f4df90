// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/** Where an event ended. */
public enum AppendOutcome {
  /** In the chain. */
  APPENDED,
  /** In the dead letters, with what is needed to replay it. */
  DLQ_LANDED
}
