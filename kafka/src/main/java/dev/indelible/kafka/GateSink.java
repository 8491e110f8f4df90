// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.drain.SinkException;
import dev.indelible.drain.SinkUnavailableException;
import dev.indelible.event.AuditEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * Sends batches to a topic, in signed groups.
 *
 * <p>A batch is settled once its events are recorded or acknowledged, as the settings say, and the
 * gate's state is on disk. Until then the journal keeps it, and it is sent again with equal
 * numbers: the ledger writer recognises the events that it has.
 */
final class GateSink implements DeferredAuditSink {
  /** Events of a group: enough that its signature costs little, few enough for a short wait. */
  private static final int GROUP_EVENTS = 500;

  /** Bytes of a group; a single larger event is a group by itself. */
  private static final int GROUP_BYTES = 512 * 1024;

  /**
   * Time that an append waits for the log before it reports that it waits. The drainer then
   * retries, and can notice a shutdown.
   */
  private static final Duration RECORDED_WAIT = Duration.ofSeconds(5);

  /** More than the producer's own limit for the delivery of a message. */
  private static final Duration ACKNOWLEDGED_WAIT = Duration.ofSeconds(25);

  private final GateQueue gate;

  GateSink(GateQueue gate) {
    this.gate = gate;
  }

  @Override
  public List<AppendOutcome> append(EventBatch batch) throws SinkException {
    UUID journal = batch.mark().map(JournalMark::journal).orElse(null);
    try {
      gate.beginAppend();
      // A crash here, or anywhere before the state is written: the batch is still in the journal,
      // and the next process sends it again, with the numbers that follow this state.
      GateState before = gate.state(journal);
      Map<Lane, List<AuditEvent>> lanes = byLane(batch.events(), before);
      Map<Lane, Long> wanted = new HashMap<>();
      lanes.forEach((lane, events) -> wanted.put(lane, number(before, lane) + events.size()));
      if (before.numbers().stream().allMatch(number -> number == 0)) {
        // The run must be on disk before its first number is used, so that a restart goes on with
        // it.
        gate.keep(journal, before);
      }
      send(groups(lanes, before));
      // A crash here: the topic has the events twice, the log has them once.
      if (gate.settings().settlement() == GateSettings.Settlement.RECORDED) {
        awaitRecorded(wanted);
      }
      gate.keep(journal, after(before, wanted, batch.mark()));
      // A crash here: the state has the position, and the next process goes on after the batch.
      gate.settled();
      return Collections.nCopies(batch.events().size(), AppendOutcome.APPENDED);
    } catch (QueueException | IOException e) {
      gate.failed();
      throw new SinkUnavailableException(e.getMessage(), e);
    } catch (KafkaException e) {
      gate.failed();
      throw new SinkUnavailableException(gate.queue().name() + ": " + KafkaQueue.reason(e), e);
    } finally {
      gate.endAppend();
    }
  }

  /** Returns the events of each lane, in order. A report of the gate goes to every lane. */
  private Map<Lane, List<AuditEvent>> byLane(List<AuditEvent> events, GateState state) {
    GateSettings settings = gate.settings();
    int count = state.numbers().size();
    Map<Lane, List<AuditEvent>> lanes = new LinkedHashMap<>();
    for (AuditEvent event : events) {
      AuditEvent sent = GateEvents.toSend(event, settings.gate());
      boolean everywhere = GateEvents.isReport(sent);
      String key = settings.tenant().isEmpty() ? sent.agentId() : settings.tenant();
      int own = Shard.partitionOf(key, count);
      for (int partition = 0; partition < count; partition++) {
        if (everywhere || partition == own) {
          Shard shard = new Shard(gate.queue().topic(), partition, count);
          lanes
              .computeIfAbsent(
                  new Lane(settings.gate(), state.run(), shard), lane -> new ArrayList<>())
              .add(sent);
        }
      }
    }
    return lanes;
  }

  private static long number(GateState state, Lane lane) {
    return state.numbers().get(lane.shard().partition());
  }

  private List<EventGroup> groups(Map<Lane, List<AuditEvent>> lanes, GateState state) {
    List<EventGroup> groups = new ArrayList<>();
    lanes.forEach(
        (lane, events) -> {
          int from = 0;
          long bytes = 0;
          for (int i = 0; i < events.size(); i++) {
            bytes += EventGroup.bytes(events.get(i));
            boolean isFull =
                i + 1 == events.size()
                    || i + 1 - from == GROUP_EVENTS
                    || bytes + EventGroup.bytes(events.get(i + 1)) > GROUP_BYTES;
            if (isFull) {
              groups.add(
                  new EventGroup(
                      lane,
                      gate.settings().tenant(),
                      number(state, lane),
                      number(state, lane) + 1 + from,
                      events.subList(from, i + 1)));
              from = i + 1;
              bytes = 0;
            }
          }
        });
    return groups;
  }

  /** Sends groups, and waits until the brokers have acknowledged each. */
  private void send(List<EventGroup> groups) throws QueueException, SinkUnavailableException {
    List<EventGroup> due =
        groups.stream().filter(group -> !gate.isAcknowledged(group.lane(), group.last())).toList();
    if (due.isEmpty()) {
      return;
    }
    gate.sending();
    Producer<byte[], byte[]> producer = gate.producer();
    byte[] key = gate.settings().gate().getBytes(StandardCharsets.UTF_8);
    List<Future<?>> sent = new ArrayList<>();
    for (EventGroup group : due) {
      sent.add(
          gate.queue()
              .send(
                  producer,
                  new ProducerRecord<>(
                      group.lane().shard().topic(),
                      group.lane().shard().partition(),
                      key,
                      group.encode(gate.settings().key())),
                  (metadata, failure) -> {}));
    }
    for (int i = 0; i < due.size(); i++) {
      awaitAcknowledged(sent.get(i));
      gate.acknowledged(due.get(i).lane(), due.get(i).last());
    }
  }

  private void awaitAcknowledged(Future<?> sent) throws SinkUnavailableException {
    try {
      sent.get(ACKNOWLEDGED_WAIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      gate.failed();
      throw new SinkUnavailableException(
          "%s: the brokers have not accepted a group: %s"
              .formatted(gate.queue().name(), KafkaQueue.reason(e.getCause())),
          e);
    } catch (TimeoutException e) {
      // The producer's own limit is shorter, but uses the wall clock, which may have jumped.
      gate.failed();
      throw new SinkUnavailableException(
          gate.queue().name() + ": the brokers have not acknowledged a group in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SinkUnavailableException(gate.queue().name() + ": interrupted", e);
    }
  }

  private void awaitRecorded(Map<Lane, Long> wanted)
      throws QueueException, SinkUnavailableException {
    RecordedPositions positions = gate.positions();
    Optional<Lane> missing = positions.await(wanted, RECORDED_WAIT);
    String unavailable = positions.unavailable();
    if (missing.isPresent() && !unavailable.isEmpty()) {
      throw new SinkUnavailableException(unavailable, null);
    }
    if (missing.isPresent()) {
      throw new SinkUnavailableException(
          "%s: the brokers have the events, but no log has recorded those of partition %s yet; check that 'indelible ledger-writer' runs for it, and that gate %s is enrolled"
              .formatted(
                  gate.queue().name(), missing.get().shard().partition(), gate.settings().gate()),
          null);
    }
  }

  private static GateState after(
      GateState before, Map<Lane, Long> wanted, Optional<JournalMark> mark) {
    List<Long> numbers = new ArrayList<>(before.numbers());
    wanted.forEach((lane, number) -> numbers.set(lane.shard().partition(), number));
    return new GateState(
        mark.map(JournalMark::position).orElse(before.position()),
        before.run(),
        before.tenant(),
        numbers);
  }

  @Override
  public void maintain() {
    gate.tallyIfDue();
  }

  /** No writer waits for this one, and a round trip is long, so batches are large. */
  @Override
  public boolean isExclusive() {
    return false;
  }
}
