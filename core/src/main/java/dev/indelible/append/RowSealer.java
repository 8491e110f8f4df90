// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.encoding.RecordDraft;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Turns events into rows: canonical bytes, hash, signature, link.
 *
 * <p>A signature does not depend on the previous row, so chunks of rows are signed on all cores.
 * They are signed ahead of the chunk that is being inserted, and beyond the end of a batch while
 * the batch is committed. Only links are computed sequentially. The worker threads are shared by
 * all logs of the process. Used by one thread at a time.
 */
public final class RowSealer {
  /** Rows signed by one task: enough to make a task cheap, few enough to use every core. */
  private static final int CHUNK_ROWS = 64;

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /**
   * Chunks signed ahead of the one being inserted: enough to keep all cores busy while a
   * transaction is committed, few enough to fit into memory.
   */
  private static final int CHUNKS_AHEAD = 48;

  private static final ThreadPoolExecutor SIGNERS = workers("indelible-sealer", CORES);

  /** One thread that computes links; the inserting thread does so only while it waits. */
  private static final ThreadPoolExecutor LINKER = workers("indelible-linker", 1);

  private final RowSigning signing;
  private final SecureRandom random = new SecureRandom();

  /** Chunks of the events that are expected after the last requested rows. */
  private final Deque<Chunk> ahead = new ArrayDeque<>();

  /** Creates a sealer that signs every row. */
  public RowSealer(Signer signer) {
    this(RowSigning.everyRow(signer));
  }

  /** Creates a sealer. */
  public RowSealer(RowSigning signing) {
    this.signing = signing;
  }

  /**
   * Returns true if every row is signed; if not, decisions are unsigned unless they are sealed one
   * by one.
   */
  public boolean signsEveryRow() {
    return signing.everyRow();
  }

  /** Returns the key that signs the rows. */
  public VerificationKey key() {
    return signing.signer().verificationKey();
  }

  /** Returns the row that follows {@code head} for one event, signed. */
  public ChainRow seal(Head head, AuditEvent event) {
    return link(head, sign(head.sequence() + 1, List.of(event), true)).rows().get(0);
  }

  /** Returns the rows that follow {@code head}, one for each event, in order. */
  public List<ChainRow> seal(Head head, List<AuditEvent> events) {
    List<ChainRow> rows = new ArrayList<>(events.size());
    sealAhead(head, events, List.of()).forEachRemaining(rows::addAll);
    return rows;
  }

  /**
   * Returns the rows that follow {@code head}, one for each event, in order and in chunks. The next
   * chunks are prepared while one is in use.
   *
   * @param following the events expected next; their rows are signed ahead, and discarded if other
   *     events follow
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
   * A row without its link.
   *
   * @param record the row's record, which has the signature and lacks the link
   */
  private record Draft(ChainRow row, RecordDraft record, Optional<byte[]> signature) {}

  /** Rows with their links, and the end of the chain after them. */
  private record Linked(List<ChainRow> rows, Head end) {}

  private static <T> FutureTask<T> start(ThreadPoolExecutor workers, Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    workers.execute(task);
    return task;
  }

  /**
   * Returns the result of a task. Runs the task on this thread if no worker has begun it, because
   * the signer of another log may occupy the workers, which all logs of the process share. An
   * interrupt does not end the wait.
   */
  private static <T> T await(FutureTask<T> task) {
    task.run();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      if (e.getCause() instanceof RuntimeException exception) {
        throw exception;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Rows that are being signed for a range of sequences. */
  private record Chunk(
      long firstSequence, List<AuditEvent> events, FutureTask<List<Draft>> drafts) {
    long endSequence() {
      return firstSequence + events.size();
    }

    /** Returns true if the other events begin with these events, compared by identity. */
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
        RowSealer.start(SIGNERS, () -> sign(firstSequence, first, signing.everyRow())));
  }

  /** Returns the chunk that was signed ahead for a sequence and events, or starts a new one. */
  private Chunk take(long firstSequence, List<AuditEvent> events) {
    Chunk chunk = ahead.poll();
    if (chunk != null && chunk.firstSequence() == firstSequence && chunk.begins(events)) {
      return chunk;
    }
    ahead.clear();
    return start(firstSequence, events);
  }

  /** Iterator that signs chunks ahead and links them in order. */
  private final class Pipeline implements Iterator<List<ChainRow>> {
    private final long firstSequence;
    private final List<AuditEvent> events;
    private final List<AuditEvent> following;
    private final Deque<FutureTask<Linked>> chunks = new ArrayDeque<>();

    /** The last chunk that was started, to which the next one links; null before the first. */
    private @Nullable FutureTask<Linked> last;

    private final Head head;

    /** Number of events whose chunks were started. */
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
      return await(chunks.remove()).rows();
    }

    private void begin() {
      Chunk chunk = take(firstSequence + begun, events.subList(begun, events.size()));
      begun += chunk.events().size();
      FutureTask<Linked> before = last;
      FutureTask<Linked> next =
          RowSealer.start(
              LINKER,
              () -> link(before == null ? head : await(before).end(), await(chunk.drafts())));
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
