// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.note.GateKey;
import java.util.UUID;

/**
 * The events that one run of a gate sends to one partition. They are numbered from 1, so that a
 * missing one shows.
 *
 * @param gate the name of the gate
 * @param run the run
 * @param shard the partition
 */
record Lane(String gate, UUID run, Shard shard) {
  Lane {
    GateKey.requireName(gate);
  }

  /** Returns the name under which a ledger keeps the last number that it has. */
  UUID numberMark() {
    return Shard.mark(
        "number", shard.topic(), Integer.toString(shard.partition()), gate, run.toString());
  }
}
