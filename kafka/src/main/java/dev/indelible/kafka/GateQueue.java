// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.append.GateChannel;
import dev.indelible.base.DurableFiles;
import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.ledger.LedgerException;
import dev.indelible.queue.DeferredAuditQueue;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * A gate's end of a queue: the connection and state that the successive sinks of one run share.
 * Besides {@link #closing}, {@link #close} and the methods that status needs, used by the drainer's
 * thread.
 */
public final class GateQueue implements GateChannel {
  /** Time after which groups that no log has recorded are sent again; it doubles. */
  private static final Duration FIRST_RESEND = Duration.ofSeconds(30);

  /** Limit of that time, so that a log that is away for a day costs little space in the topic. */
  private static final Duration LAST_RESEND = Duration.ofMinutes(10);

  /** Time to wait for the brokers when a person asks for the status. */
  private static final Duration FAULT_TIMEOUT = Duration.ofSeconds(5);

  private final KafkaQueue queue;
  private final GateSettings settings;

  /** The directory with the state of each journal. */
  private final Path directory;

  /** The state of events that come from no journal. */
  private @Nullable GateState inMemory;

  /** Null if no tallies are submitted; set by the opening thread. */
  private volatile @Nullable GateTally tally;

  /** Set by the drainer's thread, read by the closing thread. */
  private volatile @Nullable Producer<byte[], byte[]> producer;

  /** Set by the drainer's thread, read by the closing thread. */
  private volatile @Nullable RecordedPositions positions;

  private KafkaQueue.@Nullable Topics topics;

  /** The numbers up to which the brokers have acknowledged the unsettled batch. */
  private final Map<Lane, Long> acknowledged = new HashMap<>();

  /** The drainer's thread while it is in an append; guarded by this object. */
  private @Nullable Thread appending;

  /** True once no append may wait; written under this object's lock, read by any thread. */
  private volatile boolean isStopped;

  private long sentAt;
  private Duration resend = FIRST_RESEND;

  private GateQueue(KafkaQueue queue, GateSettings settings, Path directory) {
    this.queue = queue;
    this.settings = settings;
    this.directory = directory;
  }

  /**
   * Opens a gate's end of a queue. Does not connect, because a gate decides and records while no
   * broker answers.
   *
   * @param directory keeps the state of the gate's journals; its parent must exist
   * @throws QueueException if the directory cannot be used
   */
  public static GateQueue open(KafkaQueue queue, GateSettings settings, Path directory)
      throws QueueException {
    try {
      if (DurableFiles.createDirectory(directory)) {
        DurableFiles.syncNames(directory.toAbsolutePath().getParent());
      }
      return new GateQueue(queue, settings, directory);
    } catch (IOException e) {
      throw new QueueException("%s: %s".formatted(directory, DurableFiles.reason(e)), e);
    }
  }

  @Override
  public String name() {
    return queue.name();
  }

  /** Depends on the topic and the gate, but not on the brokers, which may move. */
  @Override
  public UUID id() {
    return Shard.mark("journal", queue.topic(), settings.gate());
  }

  @Override
  public long settled(UUID journal) throws LedgerException {
    try {
      return GateState.read(directory, journal).position();
    } catch (IOException e) {
      throw new LedgerException(String.valueOf(e.getMessage()), false, e);
    }
  }

  @Override
  public String gate() {
    return settings.gate();
  }

  @Override
  public SortedMap<UUID, Long> settledPositions() throws LedgerException {
    SortedMap<UUID, Long> positions = new TreeMap<>();
    try {
      for (UUID journal : GateState.journals(directory)) {
        positions.put(journal, settled(journal));
      }
      return positions;
    } catch (IOException e) {
      throw new LedgerException("%s: %s".formatted(directory, DurableFiles.reason(e)), false, e);
    }
  }

  @Override
  public Optional<String> fault() {
    try {
      queue.describe(FAULT_TIMEOUT);
      return Optional.empty();
    } catch (QueueException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void tally(DeferredAuditQueue counted, Duration interval) {
    tally = new GateTally(counted, interval);
  }

  @Override
  public DeferredAuditSink create() {
    return new GateSink(this);
  }

  @Override
  public void closing() {
    GateTally last = tally;
    if (last != null) {
      last.submitLast();
    }
  }

  /** Interrupts an append that waits for the brokers or the log, and makes later ones fail. */
  @Override
  public synchronized void stopWaiting() {
    isStopped = true;
    if (appending != null) {
      appending.interrupt();
    }
  }

  /**
   * Begins an append, which {@link #stopWaiting} then interrupts.
   *
   * @throws QueueException if the gate is closing
   */
  synchronized void beginAppend() throws QueueException {
    requireWaiting();
    appending = Thread.currentThread();
  }

  /** Ends an append. An interrupt of {@link #stopWaiting} does not outlast it. */
  synchronized void endAppend() {
    appending = null;
    if (isStopped) {
      Thread.interrupted();
    }
  }

  /** Requires that an append may still wait, so that it opens no client after the close. */
  private void requireWaiting() throws QueueException {
    if (isStopped) {
      throw new QueueException(
          queue.name() + ": the gate was closed before the events were settled");
    }
  }

  /** Submits a tally, if one is due. */
  void tallyIfDue() {
    GateTally due = tally;
    if (due != null) {
      due.submitIfDue();
    }
  }

  KafkaQueue queue() {
    return queue;
  }

  GateSettings settings() {
    return settings;
  }

  /** Returns the state from which a batch continues, for the present partitions. */
  GateState state(@Nullable UUID journal) throws IOException, QueueException {
    int count = topics().groups();
    GateState found =
        journal != null
            ? GateState.read(directory, journal)
            : inMemory != null ? inMemory : GateState.begin(0, "", 1);
    return found.with(settings.tenant(), count);
  }

  /** Keeps a new state. After a batch it is durable before the journal forgets the batch. */
  void keep(@Nullable UUID journal, GateState state) throws IOException {
    if (journal == null) {
      inMemory = state;
    } else {
      state.write(directory, journal);
    }
  }

  /** Returns the topics; the brokers are asked again after a failure. */
  KafkaQueue.Topics topics() throws QueueException {
    KafkaQueue.Topics known = topics;
    if (known == null) {
      known = queue.describe();
      topics = known;
    }
    return known;
  }

  Producer<byte[], byte[]> producer() throws QueueException {
    requireWaiting();
    Producer<byte[], byte[]> open = producer;
    if (open == null) {
      open = queue.producer();
      producer = open;
    }
    return open;
  }

  RecordedPositions positions() throws QueueException {
    requireWaiting();
    RecordedPositions open = positions;
    if (open == null) {
      open = new RecordedPositions(queue, settings.gate(), topics().positions(), settings.log());
      positions = open;
    }
    return open;
  }

  /**
   * Returns true if the brokers have this group of the unsettled batch, and it is not due again.
   */
  boolean isAcknowledged(Lane lane, long last) {
    return acknowledged.getOrDefault(lane, 0L) >= last
        && System.nanoTime() - sentAt < resend.toNanos();
  }

  void acknowledged(Lane lane, long last) {
    acknowledged.merge(lane, last, Math::max);
  }

  /** Begins to send groups of a batch. */
  void sending() {
    if (!acknowledged.isEmpty()) {
      resend =
          resend.multipliedBy(2).compareTo(LAST_RESEND) > 0 ? LAST_RESEND : resend.multipliedBy(2);
    }
    sentAt = System.nanoTime();
  }

  /** Records that the batch is settled. */
  void settled() {
    acknowledged.clear();
    resend = FIRST_RESEND;
  }

  /** Records that a sink failed: the partitions may have changed, or the producer may be broken. */
  void failed() {
    topics = null;
    // An interrupt has ended the append; it must not end the closing of the client.
    Thread.interrupted();
    closeProducer();
  }

  /** Closes the producer; events that are not acknowledged are still in the journal. */
  private void closeProducer() {
    Producer<byte[], byte[]> open = producer;
    producer = null;
    if (open != null) {
      try {
        open.close(Duration.ZERO);
      } catch (InterruptException e) {
        // The client's thread ends without a wait for it; the interrupt flag is set.
      }
    }
  }

  @Override
  public void close() {
    RecordedPositions open = positions;
    if (open != null) {
      open.close();
    }
    closeProducer();
  }
}
