// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import java.util.Locale;

/** The reason that a message of a topic, or one of its events, is refused. */
public enum Refusal {
  /** The message is not a group, or not in the form that this version reads. */
  NOT_A_GROUP,
  /** No gate of this name and key is enrolled in the log. */
  UNKNOWN_GATE,
  /** The signature is not that of the gate's key. */
  WRONG_SIGNATURE,
  /** The group was signed for another topic or partition. */
  WRONG_PLACE,
  /** The gate counts other partitions than the topic has. */
  WRONG_PARTITION_COUNT,
  /** The shard key of an event maps to another partition. */
  WRONG_SHARD_KEY,
  /** The event is one that only the log itself records, or is about another gate. */
  RESERVED_EVENT,
  /** The content of the event contradicts its agent, time, type or id. */
  CONTRADICTION,
  /** The gate used the numbers before, for other events. */
  NUMBER_REUSED;

  /** Returns the reason as the log records it. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
