// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.base.Threads;
import dev.indelible.base.Throttle;
import dev.indelible.base.ThrowingSupplier;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.SigningException;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.MarkMovedException;
import dev.indelible.drain.SinkException;
import dev.indelible.drain.SinkUnavailableException;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.monitor.AuditCounters.Counter;
import dev.indelible.monitor.GapNote;
import dev.indelible.monitor.VerdictCounters.Verdict;
import dev.indelible.note.RowCheck;
import dev.indelible.pending.JournalMark;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the groups of some partitions of a topic into one ledger, exactly once (D2).
 *
 * <p>One transaction has the rows of a batch, the offset after it, and the number of each lane. It
 * requires that the ledger still has the offset and the numbers from which the batch was read, and
 * that this feed is still the owner of the partitions: so of two feeds that both believe to be the
 * owner, one commits, and the other begins again from the ledger. No clock is involved. The lease
 * only keeps a standby from trying; it is a time of the ledger's clock, and is freed while no
 * broker answers.
 *
 * <p>After any failure the feed forgets everything and begins again from the ledger. Runs on its
 * own thread.
 */
public final class LedgerFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerFeed.class);

  private static final Duration POLL = Duration.ofMillis(200);

  /** Time for which a feed owns its partitions after it last renewed its lease. */
  public static final Duration DEFAULT_LEASE = Duration.ofSeconds(10);

  /** Time between two looks at a lease of another feed, and at the enrolled gates. */
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(500);

  /**
   * The end of a lease of another feed, and the {@link System#nanoTime} at which it was first seen.
   */
  private record Lease(long end, long since) {}

  /** Time to publish the last positions when a reading ends. */
  private static final Duration PUBLISH_TIMEOUT = Duration.ofSeconds(2);

  /** More than any call of a Kafka client takes, and any transaction that makes progress. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

  private static final Duration FIRST_BACKOFF = Duration.ofMillis(50);
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(5);
  private static final Duration FAILURE_LOG_INTERVAL = Duration.ofSeconds(1);

  private final KafkaQueue queue;
  private final Set<Integer> partitions;
  private final LedgerFactory ledger;
  private final AppendSettings settings;
  private final Duration lease;

  /** Identifies this feed as an owner. */
  private final long owner = new SecureRandom().nextLong(1, Long.MAX_VALUE);

  private final UUID writerMark = Shard.writerMark(owner);

  /**
   * The number of transactions of this feed that the ledger has; used by this feed's thread. A
   * ledger with a lower number has gone back.
   */
  private long transactions;

  private final AuditCounters counters = new AuditCounters();
  private final LedgerRun run;
  private final Refusals refusals;
  private final AtomicLong events = new AtomicLong();
  private final AtomicLong groups = new AtomicLong();
  private final AtomicLong repeated = new AtomicLong();
  private final AtomicLong gaps = new AtomicLong();
  private final Throttle failuresLog = Throttle.of(FAILURE_LOG_INTERVAL);
  private final Thread thread;

  /** The leases of other feeds, by partition; used by this feed's thread. */
  private final Map<Integer, Lease> leases = new HashMap<>();

  /** Used by this feed's thread. */
  private @Nullable Producer<byte[], byte[]> producer;

  /** Written by this feed's thread, read by any. */
  private volatile FeedStatus.State state = FeedStatus.State.STARTING;

  private volatile String reason = "";
  private volatile boolean closing;

  private LedgerFeed(
      KafkaQueue queue,
      Set<Integer> partitions,
      LedgerFactory ledger,
      AppendSettings settings,
      Duration lease) {
    this.queue = queue;
    this.partitions = Set.copyOf(partitions);
    this.ledger = ledger;
    this.settings = settings;
    this.lease = lease;
    this.run = LedgerRun.of(ledger, settings, counters);
    this.refusals = new Refusals(queue.topic());
    this.thread = new Thread(this::run, "indelible-ledger-writer");
    this.thread.setDaemon(true);
  }

  /**
   * Starts a feed.
   *
   * @param partitions the partitions to read; empty for all
   * @param ledger the ledger, which exists
   * @param settings the keys, checkpoints and tallies
   * @param lease the time after which another feed takes over from one that has stopped
   */
  public static LedgerFeed start(
      KafkaQueue queue,
      Set<Integer> partitions,
      LedgerFactory ledger,
      AppendSettings settings,
      Duration lease) {
    LedgerFeed feed = new LedgerFeed(queue, partitions, ledger, settings, lease);
    feed.thread.start();
    return feed;
  }

  /** Returns the state and the counters. */
  public FeedStatus status() {
    return new FeedStatus(
        state, reason, events.get(), groups.get(), repeated.get(), gaps.get(), refusals.counts());
  }

  /**
   * Ends the feed after its batch, writes the last tally and checkpoint, and frees the lease. Gives
   * up after {@link #CLOSE_LIMIT}: the feed then ends when the call in which it waits ends, and its
   * lease ends by itself.
   */
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    Threads.join(thread, CLOSE_LIMIT);
    if (thread.isAlive()) {
      LOG.warn(
          "{}: the ledger writer did not end in {} seconds; its last tally and checkpoint may be missing: {} {}",
          queue.name(),
          CLOSE_LIMIT.toSeconds(),
          state,
          reason);
    }
  }

  private void run() {
    Duration backoff = FIRST_BACKOFF;
    while (!closing) {
      try (Reading reading = new Reading()) {
        try {
          backoff = reading.untilClosed(backoff);
        } catch (LedgerUnavailableException | SinkUnavailableException e) {
          // A lease cannot be freed in a ledger that does not answer; trying would cost another
          // wait.
          reading.isOwner = false;
          throw e;
        }
      } catch (MarkMovedException e) {
        LOG.info("{}: begins again from the ledger: {}", queue.name(), e.getMessage());
        state = FeedStatus.State.STARTING;
        backoff = rest(backoff);
      } catch (Throwable e) {
        // Errors are handled like exceptions: running out of memory must not end the log.
        failed(e);
        backoff = rest(backoff);
      }
    }
    state = FeedStatus.State.CLOSED;
  }

  private void failed(Throwable e) {
    boolean isExpected =
        e instanceof SinkException
            || e instanceof LedgerException
            || e instanceof QueueException
            || e instanceof KeyException
            || e instanceof SigningException;
    String message = isExpected ? String.valueOf(e.getMessage()) : KafkaQueue.reason(e);
    reason = message;
    state = FeedStatus.State.FAILED;
    counters.count(Counter.APPEND_FAILURES, 1);
    counters.health().report(new AuditHealth(AuditHealth.State.DEGRADED, message));
    failuresLog.ifDue(
        () -> LOG.warn("{}: the ledger writer tries again: {}", queue.name(), message, e));
  }

  private Duration rest(Duration backoff) {
    if (!closing) {
      LockSupport.parkNanos(this, backoff.toNanos());
    }
    Duration longer = backoff.multipliedBy(2);
    return longer.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : longer;
  }

  private Producer<byte[], byte[]> producer() {
    Producer<byte[], byte[]> open = producer;
    if (open == null) {
      open = queue.producer();
      producer = open;
    }
    return open;
  }

  /** One reading of the topic, from the offsets in the ledger to the first failure. */
  private final class Reading implements AutoCloseable, GroupReader.Counts {
    private final LedgerWriter view;
    private final LedgerSink sink = new LedgerSink(run);
    private final Map<Integer, Shard> shards = new TreeMap<>();

    /** The offset that the ledger has of each partition. */
    private final Map<Integer, Long> offsets = new HashMap<>();

    private final TopicWatch watch = new TopicWatch();
    private @Nullable LimitedConsumer consumer;

    private int positionPartitions;

    private long leasedAt;
    private long lookedAt;
    private boolean isOwner;

    Reading() throws LedgerException {
      view = ledger.open();
    }

    /**
     * Reads until the feed closes.
     *
     * @return the pause before a next reading
     */
    Duration untilClosed(Duration backoff)
        throws LedgerException, SinkException, QueueException, KeyException {
      goBackWithLedger();
      KafkaQueue.Topics topics = queue.describe();
      if (!queue.requireUncompressed()) {
        failuresLog.ifDue(
            () ->
                LOG.warn(
                    "{}: compression.type of the topics cannot be read; grant DESCRIBE_CONFIGS on both, so that it can be checked",
                    queue.name()));
      }
      int count = topics.groups();
      for (int partition = 0; partition < count; partition++) {
        if (partitions.isEmpty() || partitions.contains(partition)) {
          shards.put(partition, new Shard(queue.topic(), partition, count));
        }
      }
      if (!shards.keySet().containsAll(partitions)) {
        throw new QueueException(
            "%s: the topic has %s partitions, so there is no partition %s"
                .formatted(queue.name(), count, Collections.max(partitions)));
      }
      while (!closing && !(isLeaseFree() && takeLease())) {
        state = FeedStatus.State.STANDBY;
        reason = "";
        LockSupport.parkNanos(this, LOOK_INTERVAL.toNanos());
        if (isLeaseFree()) {
          // A feed that does not reach the brokers must not take a lease from one that does.
          topics = queue.describe();
        }
      }
      if (closing) {
        return backoff;
      }
      LimitedConsumer open = queue.consumer(watch);
      consumer = open;
      positionPartitions = topics.positions();
      GroupReader reader = new GroupReader(shards, view, gates(), refusals, this);
      commit(seek(open, topics.id()), reader);
      state = FeedStatus.State.READING;
      reason = "";
      Silence silence = new Silence(queue);
      while (!closing) {
        TopicBatch batch = new TopicBatch();
        ConsumerRecords<byte[], byte[]> messages = open.poll(POLL);
        if (watch.isChanged()) {
          // The consumer goes on with a topic that was created again, at the old offset.
          requireTopic(topics.id());
        }
        // If this throws, the lease is freed, so that a standby that reaches the brokers takes
        // over.
        silence.check(open, messages);
        for (ConsumerRecord<byte[], byte[]> message : messages) {
          if (batch.isEmpty()) {
            look(reader);
          }
          keepLease();
          reader.read(message, batch);
          Shard shard = shards.get(message.partition());
          batch.move(shard.offsetMark(), offsets.get(message.partition()), message.offset() + 1);
          offsets.put(message.partition(), message.offset() + 1);
          if (batch.events().size() >= ledger.maxBatch() || batch.events().size() >= 10_000) {
            commit(batch, reader);
            batch = new TopicBatch();
          }
        }
        commit(batch, reader);
      }
      refusals.makeDue();
      commit(new TopicBatch(), reader);
      sink.finish();
      return FIRST_BACKOFF;
    }

    /**
     * Goes back with the counters, if the ledger has lost transactions of this feed: it failed over
     * to a standby that lacked them, or was restored from a copy. Their events are read from the
     * topic again, by this feed or another one, and counted then.
     */
    private void goBackWithLedger() throws LedgerException {
      long found = view.position(writerMark);
      if (found < transactions) {
        LOG.warn(
            "{}: the ledger has lost the last {} transactions of this ledger writer, as after a fail-over to a standby that lacked them; their events are read from the topic again",
            view.name(),
            transactions - found);
        counters.goBack(Map.of(writerMark, found));
      }
      // A higher number is of a transaction whose commit reported an error.
      transactions = found;
    }

    /** Commits a batch, if there is anything to commit, and publishes the numbers in it. */
    private void commit(TopicBatch batch, GroupReader reader)
        throws LedgerException, SinkException, QueueException {
      refusals.due().forEach(batch::add);
      if (batch.isEmpty() && batch.numbers().isEmpty()) {
        keepLease();
        sink.maintain();
        return;
      }
      if (!batch.isEmpty()) {
        for (Shard shard : shards.values()) {
          batch.move(shard.ownerMark(), owner, owner);
          // Counted from the end of the transaction, so that a slow batch does not use it up.
          batch.lease(shard.leaseMark(), lease);
        }
        JournalMark mark = JournalMark.retained(writerMark, transactions + 1, transactions);
        batch.retain(mark);
        long start = System.nanoTime();
        // A crash before or in the append: the ledger has the rows, the offsets and the numbers, or
        // none of them, and the next reading begins at the offsets that it has.
        List<AppendOutcome> outcomes = sink.append(batch.toBatch(), batch.refused());
        transactions = mark.position();
        count(batch.events(), outcomes, System.nanoTime() - start);
        counters.outcomes().committed(mark);
        leasedAt = System.nanoTime();
        reader.committed(batch);
        refusals.recorded();
      }
      // A crash here: the rows are recorded, but no position states that. The gates send the groups
      // again, and their positions are published then.
      publish(batch.numbers());
      sink.maintain();
    }

    private void publish(Map<Lane, Long> numbers) throws LedgerException, QueueException {
      UUID id = view.ledger();
      for (Map.Entry<Lane, Long> each : numbers.entrySet()) {
        Position position = new Position(id, each.getKey(), each.getValue());
        queue.send(
            producer(),
            new ProducerRecord<>(
                queue.positionsTopic(),
                Shard.partitionOf(each.getKey().gate(), positionPartitions),
                position.messageKey(),
                position.encode(settings.signing().signer())),
            (metadata, failure) -> {
              if (failure != null) {
                failuresLog.ifDue(
                    () ->
                        LOG.warn(
                            "{}: a position is not published; the gate sends its events again: {}",
                            queue.name(),
                            KafkaQueue.reason(failure)));
              }
            });
      }
    }

    private void count(List<AuditEvent> batch, List<AppendOutcome> outcomes, long nanos) {
      for (int i = 0; i < batch.size(); i++) {
        AuditEvent event = batch.get(i);
        counters.countSubmitted(Verdict.of(event));
        counters.count(Counter.LOST, GapNote.lost(event));
        switch (outcomes.get(i)) {
          case APPENDED -> counters.outcomes().countAppended(event);
          case DLQ_LANDED -> counters.outcomes().countDeadLettered(event);
          case REPEATED, DLQ_REPEATED -> counters.outcomes().countRepeated(event);
        }
        counters.count(
            outcomes.get(i).isDeadLetter() ? Counter.DEAD_LETTERED : Counter.APPENDED, 1);
      }
      counters.count(Counter.COMMITS, 1);
      counters.count(Counter.COMMIT_NANOS, nanos);
      counters.health().report(AuditHealth.RECORDING);
      events.addAndGet(batch.size());
    }

    /**
     * Seeks to the offsets that the ledger has. Where the topic does not have them any more, or is
     * another topic, records that, and reads from the first message that is there: the numbers of
     * the lanes show which events are recorded already.
     */
    private TopicBatch seek(LimitedConsumer open, Uuid topic)
        throws LedgerException, QueueException {
      Map<Integer, TopicPartition> assigned = new TreeMap<>();
      shards.forEach(
          (number, shard) -> assigned.put(number, new TopicPartition(shard.topic(), number)));
      open.assign(assigned.values());
      Map<TopicPartition, Long> begins = open.beginnings();
      Map<TopicPartition, Long> ends = open.ends();
      TopicBatch batch = new TopicBatch();
      for (Shard shard : shards.values()) {
        TopicPartition partition = assigned.get(shard.partition());
        long had = view.position(shard.offsetMark());
        long begin = begins.get(partition);
        long end = ends.get(partition);
        long from = had;
        long read = view.position(shard.topicMark());
        boolean isOther = read != 0 && read != Shard.topicNumber(topic);
        if (isOther) {
          batch.add(replaced(shard, had, topic));
        } else if (had < begin) {
          batch.add(trimmed(shard, had, begin));
        } else if (had > end) {
          batch.add(wentBack(shard, had, end));
        }
        if (isOther || had < begin || had > end) {
          from = begin;
          gap();
          batch.move(shard.offsetMark(), had, from);
        }
        if (isOther || read == 0) {
          batch.move(shard.topicMark(), read, Shard.topicNumber(topic));
        }
        open.seek(partition, from);
        offsets.put(shard.partition(), from);
      }
      return batch;
    }

    /** Requires that the topic is still the one to which the offsets belong. */
    private void requireTopic(Uuid topic) throws QueueException {
      // The wait is shorter than the lease.
      if (!queue.describe(lease.dividedBy(2).plusMillis(100)).id().equals(topic)) {
        throw new QueueException(queue.name() + ": the topic was deleted and created again");
      }
    }

    private SystemEvent replaced(Shard shard, long had, Uuid topic) {
      return gap(
          shard,
          "the topic was deleted and created again, and now has the id %s; the log has partition %s of the earlier topic up to offset %s. The topic is read from its beginning"
              .formatted(topic, shard.partition(), had));
    }

    private SystemEvent trimmed(Shard shard, long from, long to) {
      return gap(
          shard,
          "the topic no longer has the messages from offset %s to %s of partition %s, which were not recorded: its retention removed them"
              .formatted(from, to - 1, shard.partition()));
    }

    private SystemEvent wentBack(Shard shard, long had, long end) {
      return gap(
          shard,
          "the log has partition %s up to offset %s, but the topic ends at offset %s: it was restored from an earlier state. It is read again from its beginning"
              .formatted(shard.partition(), had, end));
    }

    private SystemEvent gap(Shard shard, String cause) {
      LOG.error("{}: {}", queue.name(), cause);
      CanonicalWriter details = new CanonicalWriter().beginObject().member("cause", cause);
      for (String unknown : List.of("count", "from")) {
        details.name(unknown).canonical("null");
      }
      details.member("partition", shard.partition()).name("to").canonical("null");
      return SystemEvent.of(SystemEvent.GAP, details.member("topic", shard.topic()).endObject());
    }

    /** Reads the enrolled gates again, if that is due. */
    private void look(GroupReader reader) throws LedgerException, KeyException {
      if (System.nanoTime() - lookedAt > LOOK_INTERVAL.toNanos()) {
        reader.enrolled(gates());
      }
    }

    private GateKeys gates() throws LedgerException, KeyException {
      lookedAt = System.nanoTime();
      return GateKeys.read(view, new RowCheck(settings.keys().and(settings.accepted().accepted())));
    }

    /** Returns true unless another feed has the lease of a partition. */
    private boolean isLeaseFree() throws LedgerException {
      long now = view.now();
      for (Shard shard : shards.values()) {
        if (view.position(shard.ownerMark()) != owner
            && isHeld(shard, view.position(shard.leaseMark()), now)) {
          return false;
        }
      }
      return true;
    }

    /** Takes the lease of every partition, unless another feed has one. */
    private boolean takeLease() throws LedgerException {
      isOwner = inTransaction(() -> isLeaseFree() && extendLease());
      return isOwner;
    }

    private boolean extendLease() throws LedgerException {
      long until = view.now() + lease.toMillis();
      for (Shard shard : shards.values()) {
        view.advance(shard.ownerMark(), owner);
        view.advance(shard.leaseMark(), until);
      }
      leasedAt = System.nanoTime();
      return true;
    }

    /**
     * Runs a transaction, which is rolled back if its work returns false.
     *
     * @return false also if another writer is in a transaction for long
     */
    private boolean inTransaction(ThrowingSupplier<Boolean, LedgerException> work)
        throws LedgerException {
      try {
        return view.inTransaction(() -> work.get() ? Optional.of(true) : Optional.empty())
            .isPresent();
      } catch (LedgerUnavailableException e) {
        if (!e.isLocked()) {
          throw e;
        }
        return false;
      }
    }

    /**
     * Returns true if the lease of another feed has not ended. A lease that is not renewed for its
     * own length ends too: somebody may have set the clock of the ledger back.
     */
    private boolean isHeld(Shard shard, long end, long now) {
      Lease seen = leases.get(shard.partition());
      if (seen == null || seen.end() != end) {
        seen = new Lease(end, System.nanoTime());
        leases.put(shard.partition(), seen);
      }
      return end > now && System.nanoTime() - seen.since() <= lease.toNanos();
    }

    /**
     * Renews the lease, if it is due. While no broker answers, {@link Silence} ends the reading,
     * and the lease is freed, so that a feed that reaches the brokers can take over.
     */
    private void keepLease() throws LedgerException, MarkMovedException {
      if (System.nanoTime() - leasedAt <= lease.toNanos() / 3) {
        return;
      }
      if (view.position(writerMark) < transactions) {
        // A pool can keep the connection while the server behind it is replaced.
        throw new MarkMovedException(view.name() + ": the ledger has gone back");
      }
      if (!inTransaction(() -> isOwner() && extendLease()) && !isOwner()) {
        throw new MarkMovedException(
            view.name() + ": another ledger writer has taken over the partitions");
      }
    }

    private boolean isOwner() throws LedgerException {
      for (Shard shard : shards.values()) {
        if (view.position(shard.ownerMark()) != owner) {
          return false;
        }
      }
      return true;
    }

    /** Frees the lease, so that a standby need not wait. */
    private void freeLease() {
      try {
        view.inTransaction(
            () -> {
              for (Shard shard : shards.values()) {
                if (view.position(shard.ownerMark()) == owner) {
                  view.advance(shard.leaseMark(), 0);
                }
              }
              return Optional.of(true);
            });
      } catch (LedgerException | RuntimeException e) {
        LOG.debug("the lease ends by itself: {}", e.toString());
      }
    }

    @Override
    public void group() {
      groups.incrementAndGet();
    }

    @Override
    public void repeated(long more) {
      repeated.addAndGet(more);
    }

    @Override
    public void gap() {
      gaps.incrementAndGet();
    }

    @Override
    public void close() {
      sink.close();
      if (isOwner) {
        // Also after a failure: a standby may be able to record.
        freeLease();
      }
      if (consumer != null) {
        consumer.close();
      }
      Producer<byte[], byte[]> open = producer;
      if (open != null) {
        // The next reading opens a new one, because the timers of this one may have stopped (see
        // Silence). A position that is lost here is published when the gate sends again.
        open.close(PUBLISH_TIMEOUT);
        producer = null;
      }
      view.close();
    }
  }
}
