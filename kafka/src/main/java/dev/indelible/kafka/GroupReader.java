// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.append.BatchAppend;
import dev.indelible.base.Text;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.LedgerWriter;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Decides which events of a message become rows. Knows the numbers of each lane that the ledger
 * has, and the gates that are enrolled. Lives as long as one reading of the topic. Used by one
 * thread.
 */
final class GroupReader {
  /** Maximum number of lanes whose numbers are kept; the ledger has them all. */
  private static final int MAX_LANES = 100_000;

  /** Longest recorded reason of a refused event; it can quote text of the gate. */
  private static final int MAX_REASON_CHARS = 500;

  private final Map<Integer, Shard> shards;
  private final LedgerWriter view;
  private final Counts counts;
  private final Refusals refusals;

  /** The numbers that the ledger has of each lane. */
  private final Map<Lane, Long> numbers = new HashMap<>();

  private GateKeys gates;

  /** Counters of a feed. */
  interface Counts {
    void group();

    void repeated(long events);

    void gap();
  }

  /**
   * Creates a reader.
   *
   * @param shards the partitions that are read, by their numbers
   * @param view reads the ledger, outside of transactions
   * @param gates the enrolled gates
   */
  GroupReader(
      Map<Integer, Shard> shards,
      LedgerWriter view,
      GateKeys gates,
      Refusals refusals,
      Counts counts) {
    this.shards = shards;
    this.view = view;
    this.gates = gates;
    this.refusals = refusals;
    this.counts = counts;
  }

  /** Replaces the enrolled gates. */
  void enrolled(GateKeys now) {
    gates = now;
  }

  /** Adds the events of a message to a batch, or counts why it is refused. */
  void read(ConsumerRecord<byte[], byte[]> message, TopicBatch batch) throws LedgerException {
    String where = "partition %s, offset %s".formatted(message.partition(), message.offset());
    try {
      if (message.value() == null) {
        throw new GroupException(Refusal.NOT_A_GROUP, "it has no value");
      }
      EventGroup.Signed signed = EventGroup.parse(message.value());
      requireGenuine(signed);
      requirePlace(signed.group(), shard(message.partition()));
      counts.group();
      admit(signed.group(), where, batch);
    } catch (GroupException e) {
      refusals.count(e.refusal(), where, String.valueOf(e.getMessage()));
    }
  }

  private Shard shard(int partition) {
    Shard shard = shards.get(partition);
    if (shard == null) {
      throw new IllegalStateException("partition " + partition + " is not read here");
    }
    return shard;
  }

  private void requireGenuine(EventGroup.Signed signed) throws GroupException {
    String gate = signed.group().lane().gate();
    Optional<VerificationKey> key = gates.find(gate, signed.keyId());
    if (key.isEmpty()) {
      throw new GroupException(
          Refusal.UNKNOWN_GATE,
          "gate %s with key %s is not enrolled; 'indelible gates add' enrols it"
              .formatted(gate, signed.keyId()));
    }
    if (!signed.isSignedBy(key.get())) {
      throw new GroupException(
          Refusal.WRONG_SIGNATURE,
          "it states gate %s and key %s, but that key did not sign it"
              .formatted(gate, signed.keyId()));
    }
  }

  private static void requirePlace(EventGroup group, Shard shard) throws GroupException {
    Shard stated = group.lane().shard();
    String gate = group.lane().gate();
    if (!stated.topic().equals(shard.topic()) || stated.partition() != shard.partition()) {
      throw new GroupException(
          Refusal.WRONG_PLACE,
          "gate %s signed it for partition %s of %s"
              .formatted(gate, stated.partition(), stated.topic()));
    }
    if (stated.partitions() != shard.partitions()) {
      throw new GroupException(
          Refusal.WRONG_PARTITION_COUNT,
          "gate %s counts %s partitions, but the topic has %s"
              .formatted(gate, stated.partitions(), shard.partitions()));
    }
    for (AuditEvent event : group.events()) {
      String key = group.tenant().isEmpty() ? event.agentId() : group.tenant();
      int own = Shard.partitionOf(key, shard.partitions());
      if (own != shard.partition() && !GateEvents.isReport(event)) {
        throw new GroupException(
            Refusal.WRONG_SHARD_KEY,
            "gate %s sent event %s here, but its shard key maps to partition %s"
                .formatted(gate, event.id(), own));
      }
    }
  }

  private void admit(EventGroup group, String where, TopicBatch batch) throws LedgerException {
    Lane lane = group.lane();
    long had = number(lane, batch);
    if (group.settled() > had) {
      counts.gap();
      batch.add(gap(group, had + 1));
      batch.move(lane.numberMark(), had, group.settled());
      had = group.settled();
      batch.number(lane, had);
    }
    if (group.first() > had + 1) {
      // A group before it failed, but this one reached the topic. The gate still has the events of
      // both, and sends both again, in order.
      return;
    }
    List<AuditEvent> events = group.events();
    int before = (int) Math.min(events.size(), Math.max(0, had + 1 - group.first()));
    Set<String> known = known(events.subList(0, before), batch);
    for (int i = 0; i < events.size(); i++) {
      AuditEvent event = events.get(i);
      boolean isBefore = i < before;
      if (isBefore && (batch.has(event.id()) || known.contains(event.id().toString()))) {
        counts.repeated(1);
        continue;
      }
      Optional<GateEvents.Objection> objection = GateEvents.objection(event, lane.gate());
      if (objection.isPresent()) {
        if (isBefore && isRefusedBefore(event, batch)) {
          counts.repeated(1);
          continue;
        }
        refuse(event, lane.gate(), objection.get(), where, batch);
        continue;
      }
      if (isBefore) {
        refusals.count(
            Refusal.NUMBER_REUSED,
            where,
            "gate %s used the number of event %s before, for another event: its data directory was copied or restored from a copy; the event is recorded all the same"
                .formatted(lane.gate(), event.id()));
      }
      // An event is identified by its id, whatever its number: the gate has accepted it.
      batch.add(event);
    }
    // Also without a change: the gate may have missed the position, and waits for it.
    batch.number(lane, Math.max(had, group.last()));
    if (group.last() > had) {
      batch.move(lane.numberMark(), had, group.last());
    }
  }

  /**
   * Counts a refused event, and adds it to the dead letters of the batch, because its gate accepted
   * it (D2). An event that no ledger can keep as text is only counted, because no gate accepts one.
   */
  private void refuse(
      AuditEvent event,
      String gate,
      GateEvents.Objection objection,
      String where,
      TopicBatch batch) {
    boolean isKept = GateEvents.isText(event);
    refusals.count(
        objection.refusal(),
        where,
        "event %s of gate %s%s: %s"
            .formatted(event.id(), gate, isKept ? "" : ", which is no text", objection.reason()));
    if (isKept) {
      batch.refuse(
          event,
          DeadLetter.REFUSED
              + Text.printable(
                  "%s: gate %s: %s".formatted(objection.refusal().code(), gate, objection.reason()),
                  MAX_REASON_CHARS));
    }
  }

  private boolean isRefusedBefore(AuditEvent event, TopicBatch batch) throws LedgerException {
    return batch.hasRefused(event) || BatchAppend.isDeadLetter(view, event, true);
  }

  /** Returns the ids that the ledger has, of events whose numbers were used before. */
  private Set<String> known(List<AuditEvent> events, TopicBatch batch) throws LedgerException {
    List<String> ids =
        events.stream()
            .map(AuditEvent::id)
            .filter(id -> !batch.has(id))
            .map(UUID::toString)
            .toList();
    return ids.isEmpty() ? Set.of() : view.known(ids);
  }

  private long number(Lane lane, TopicBatch batch) throws LedgerException {
    Long known = batch.numbers().get(lane);
    if (known == null) {
      known = numbers.get(lane);
    }
    if (known == null) {
      known = view.position(lane.numberMark());
      if (numbers.size() >= MAX_LANES) {
        numbers.clear();
      }
      numbers.put(lane, known);
    }
    return known;
  }

  /** Records that a batch is committed. */
  void committed(TopicBatch batch) {
    numbers.putAll(batch.numbers());
  }

  /** Returns the event that states which events the gate has forgotten and the log lacks. */
  private static SystemEvent gap(EventGroup group, long from) {
    Lane lane = group.lane();
    CanonicalWriter details =
        new CanonicalWriter()
            .beginObject()
            .member(
                "cause",
                "events %s to %s that gate %s sent to partition %s are missing in the topic"
                    .formatted(from, group.settled(), lane.gate(), lane.shard().partition()))
            .member("count", group.settled() + 1 - from)
            .name("from")
            .canonical("null")
            .member("gate", lane.gate())
            .member("partition", lane.shard().partition())
            .member("run", lane.run());
    Instant next = group.events().get(0).timestamp();
    details.member("to", Timestamps.format(next)).member("topic", lane.shard().topic());
    return SystemEvent.of(SystemEvent.GAP, details.endObject());
  }
}
