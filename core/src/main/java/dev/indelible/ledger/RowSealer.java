// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.event.Timestamps;
import dev.indelible.json.CanonicalWriter;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns events into rows: canonical bytes, hash, signature, link.
 *
 * <p>A signature does not depend on the row before, so chunks are signed on all cores, ahead of the
 * one that is being written, and beyond the end of a batch while it is committed; only the links
 * are made one after another. Used by one thread at a time.
 */
public final class RowSealer {
  /** Rows signed in one go: enough to make handing them over cheap, few enough to share out. */
  private static final int CHUNK_ROWS = 64;

  /** Time after which whoever waits for a task that no worker has begun does it itself. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /**
   * Chunks signed ahead of the one being written: enough to keep all cores at work while a
   * transaction is committed, few enough to hold in memory.
   */
  private static final int CHUNKS_AHEAD = 48;

  private static final ThreadPoolExecutor SIGNERS = workers("indelible-sealer", CORES);

  /** Links are made one after another, and not by the thread that writes, which has no time. */
  private static final ThreadPoolExecutor LINKER = workers("indelible-linker", 1);

  private final RowSigning signing;
  private final SecureRandom random = new SecureRandom();

  /** What is being signed behind the rows last asked for, in case it comes next. */
  private final Deque<Chunk> ahead = new ArrayDeque<>();

  /** A sealer that signs every row with {@code signer}. */
  public RowSealer(Signer signer) {
    this(RowSigning.everyRow(signer));
  }

  /** A sealer that signs those rows. */
  public RowSealer(RowSigning signing) {
    this.signing = signing;
  }

  /** Whether every row is signed, or only those that are asked for one by one. */
  public boolean signsEveryRow() {
    return signing.everyRow();
  }

  /** The key that it signs with. */
  public VerificationKey key() {
    return signing.signer().verificationKey();
  }

  /** The row that follows {@code head} for one event, signed. */
  public ChainRow seal(Head head, AuditEvent event) {
    return link(head, sign(head.sequence() + 1, List.of(event), true)).rows().get(0);
  }

  /** The rows that follow {@code head}, one for each event, in order. */
  public List<ChainRow> seal(Head head, List<AuditEvent> events) {
    List<ChainRow> rows = new ArrayList<>(events.size());
    sealAhead(head, events, List.of()).forEachRemaining(rows::addAll);
    return rows;
  }

  /**
   * The rows that follow {@code head}, one for each event, in order and in chunks; while one chunk
   * is in use the next are made.
   *
   * @param following what will be asked for next, as far as that is known; its rows are signed
   *     ahead, and made anew if something else comes
   */
  public Iterator<List<ChainRow>> sealAhead(
      Head head, List<AuditEvent> events, List<AuditEvent> following) {
    return events.size() == 1 && following.isEmpty()
        ? List.of(link(head, sign(head.sequence() + 1, events, signing.everyRow())).rows())
            .iterator()
        : new Pipeline(head, events, following);
  }

  private List<Draft> sign(long sequence, List<AuditEvent> events, boolean signed) {
    byte[] nonces = new byte[EventContent.NONCE_BYTES * events.size()];
    random.nextBytes(nonces);
    List<Draft> drafts = new ArrayList<>(events.size());
    CanonicalWriter out = new CanonicalWriter();
    for (int i = 0; i < events.size(); i++) {
      int from = i * EventContent.NONCE_BYTES;
      byte[] nonce = Arrays.copyOfRange(nonces, from, from + EventContent.NONCE_BYTES);
      byte[] payload = events.get(i).content().payload(nonce);
      drafts.add(
          signed || !DeferredAuditEvent.isDecision(events.get(i).eventType())
              ? signed(sequence + i, events.get(i), payload, out)
              : unsigned(sequence + i, events.get(i), payload, out));
    }
    return drafts;
  }

  private Draft signed(long sequence, AuditEvent event, byte[] payload, CanonicalWriter out) {
    Signer signer = signing.signer();
    ChainRow row =
        row(
            sequence,
            event,
            payload,
            Optional.of(RecordDraft.NO_SIGNATURE),
            ChainRow.SELF_SIGNED,
            Optional.of(signer.verificationKey().keyId()));
    RecordDraft record = row.draft(out);
    byte[] signature = signer.sign(record.signedMessage());
    record.sign(signature);
    return new Draft(row, record, Optional.of(signature));
  }

  private static Draft unsigned(
      long sequence, AuditEvent event, byte[] payload, CanonicalWriter out) {
    ChainRow row =
        row(sequence, event, payload, Optional.empty(), ChainRow.UNSIGNED, Optional.empty());
    return new Draft(row, row.draft(out), Optional.empty());
  }

  private static ChainRow row(
      long sequence,
      AuditEvent event,
      byte[] payload,
      Optional<byte[]> signature,
      String attestLevel,
      Optional<String> keyId) {
    return new ChainRow(
        sequence,
        event.id().toString(),
        event.agentId(),
        event.eventType(),
        Sha256.hash(payload),
        signature,
        attestLevel,
        Timestamps.format(event.timestamp()),
        Head.EMPTY.hash(),
        keyId,
        Optional.of(payload));
  }

  private static Linked link(Head head, List<Draft> drafts) {
    List<ChainRow> rows = new ArrayList<>(drafts.size());
    Head end = head;
    for (Draft draft : drafts) {
      rows.add(draft.row().sealed(draft.signature(), end.hash()));
      draft.record().link(end.hash());
      end = new Head(draft.row().sequence(), draft.record().recordHash());
    }
    return new Linked(rows, end);
  }

  private static ThreadPoolExecutor workers(String name, int threads) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            Duration.ofSeconds(1).toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, name);
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /**
   * A row that lacks its signature and link, and its record that has the one and lacks the other.
   */
  private record Draft(ChainRow row, RecordDraft record, Optional<byte[]> signature) {}

  /** Rows with their links, and the end of the chain behind them. */
  private record Linked(List<ChainRow> rows, Head end) {}

  /**
   * Work on another thread whose end nobody misses: the worker reports a failure without
   * allocating, so it can report that memory is used up. Work that no worker begins is done by
   * whoever waits for it: the workers are those of all logs of the process, so the signer of
   * another log may keep them, and a pool that runs out of memory may lose them.
   */
  private static final class Task<T> implements Runnable {
    /** Null once it is done, so that a chain of tasks keeps none of them alive. */
    private @Nullable Supplier<T> work;

    private final AtomicBoolean begun = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);

    /** Published by {@link #done}, as {@link #failure} is. */
    private @Nullable T result;

    private @Nullable Throwable failure;

    Task(Supplier<T> work) {
      this.work = work;
    }

    static <T> Task<T> start(ThreadPoolExecutor workers, Supplier<T> work) {
      Task<T> task = new Task<>(work);
      workers.execute(task);
      return task;
    }

    @Override
    public void run() {
      if (!begun.compareAndSet(false, true)) {
        return;
      }
      try {
        result = Objects.requireNonNull(work).get();
        work = null;
      } catch (Throwable e) {
        failure = e;
      } finally {
        done.countDown();
      }
    }

    /** Waits for the result; an interrupt does not end this. */
    T await() {
      boolean interrupted = false;
      while (done.getCount() > 0) {
        try {
          if (!done.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            run();
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
      return Objects.requireNonNull(result);
    }
  }

  /** Rows being signed for a place in the chain. */
  private record Chunk(long firstSequence, List<AuditEvent> events, Task<List<Draft>> drafts) {
    long endSequence() {
      return firstSequence + events.size();
    }

    /** Whether these are the first of those events, each the very same. */
    boolean begins(List<AuditEvent> other) {
      for (int i = 0; i < events.size(); i++) {
        if (i == other.size() || events.get(i) != other.get(i)) {
          return false;
        }
      }
      return true;
    }
  }

  private Chunk start(long firstSequence, List<AuditEvent> events) {
    List<AuditEvent> first = events.subList(0, Math.min(CHUNK_ROWS, events.size()));
    return new Chunk(
        firstSequence,
        first,
        Task.start(SIGNERS, () -> sign(firstSequence, first, signing.everyRow())));
  }

  /** What was started ahead for that place and those events, or a new start. */
  private Chunk take(long firstSequence, List<AuditEvent> events) {
    Chunk chunk = ahead.poll();
    if (chunk != null && chunk.firstSequence() == firstSequence && chunk.begins(events)) {
      return chunk;
    }
    ahead.clear();
    return start(firstSequence, events);
  }

  /** Signs chunks ahead and links them in order. */
  private final class Pipeline implements Iterator<List<ChainRow>> {
    private final long firstSequence;
    private final List<AuditEvent> events;
    private final List<AuditEvent> following;
    private final Deque<Task<Linked>> chunks = new ArrayDeque<>();

    /** The last chunk under way, which the next links to; null before the first. */
    private @Nullable Task<Linked> last;

    private final Head head;

    /** How many events were begun. */
    private int begun;

    Pipeline(Head head, List<AuditEvent> events, List<AuditEvent> following) {
      this.firstSequence = head.sequence() + 1;
      this.events = events;
      this.following = following;
      this.head = head;
    }

    @Override
    public boolean hasNext() {
      return !chunks.isEmpty() || begun < events.size();
    }

    @Override
    public List<ChainRow> next() {
      while (begun < events.size() && chunks.size() < CHUNKS_AHEAD) {
        begin();
      }
      if (chunks.isEmpty()) {
        throw new NoSuchElementException();
      }
      if (begun == events.size()) {
        beginFollowing();
      }
      return chunks.remove().await().rows();
    }

    private void begin() {
      Chunk chunk = take(firstSequence + begun, events.subList(begun, events.size()));
      begun += chunk.events().size();
      Task<Linked> before = last;
      // The linker runs its tasks in order, so the chunk before is linked when this one begins.
      Task<Linked> next =
          Task.start(
              LINKER,
              () -> link(before == null ? head : before.await().end(), chunk.drafts().await()));
      last = next;
      chunks.add(next);
    }

    private void beginFollowing() {
      long behind = firstSequence + events.size();
      if (!ahead.isEmpty() && ahead.getFirst().firstSequence() != behind) {
        ahead.clear();
      }
      long next = ahead.isEmpty() ? behind : ahead.getLast().endSequence();
      while (chunks.size() + ahead.size() < CHUNKS_AHEAD && next - behind < following.size()) {
        ahead.add(start(next, following.subList((int) (next - behind), following.size())));
        next = ahead.getLast().endSequence();
      }
    }
  }
}
