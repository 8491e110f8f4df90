// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.base.Text;
import dev.indelible.crypto.KeySource;
import dev.indelible.crypto.Signer;
import dev.indelible.note.GateKey;

/**
 * Settings of a gate that records through a queue.
 *
 * @param gate the name under which the gate is enrolled in the log
 * @param key signs the groups
 * @param tenant the shard key of all events of this gate; empty if the agent id of each event is
 *     its shard key
 * @param settlement the moment at which an event counts as settled
 * @param log the public keys of the logs, which sign positions
 */
public record GateSettings(
    String gate, Signer key, String tenant, Settlement settlement, KeySource log) {
  /** The moment at which the gate removes an event from its journal. */
  public enum Settlement {
    /** A log states that it has the event. The event survives the loss of the whole topic. */
    RECORDED,
    /** The brokers have acknowledged the event. A loss in the topic is on record, not repaired. */
    ACKNOWLEDGED
  }

  public GateSettings {
    GateKey.requireName(gate);
    Text.requireAtMost(EventGroup.MAX_TENANT_BYTES, tenant, "tenant");
    if (!tenant.isEmpty() && !Text.isPrintable(tenant)) {
      throw new IllegalArgumentException("the tenant has a control or invisible character");
    }
  }

  /** Returns settings of a gate whose events go to the partitions of their agents. */
  public static GateSettings of(String gate, Signer key, KeySource log) {
    return new GateSettings(gate, key, "", Settlement.RECORDED, log);
  }

  /** Returns these settings with one shard key for all events. */
  public GateSettings withTenant(String shardKey) {
    return new GateSettings(gate, key, shardKey, settlement, log);
  }

  /** Returns these settings with another moment of settlement. */
  public GateSettings withSettlement(Settlement moment) {
    return new GateSettings(gate, key, tenant, moment, log);
  }
}
