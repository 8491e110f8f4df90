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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /**
   * Chunks signed ahead of the one being written: enough to keep all cores at work while a
   * transaction is committed, few enough to hold in memory.
   */
  private static final int CHUNKS_AHEAD = 48;

  private static final ThreadPoolExecutor SIGNERS = workers("indelible-sealer", CORES);

  /** Links are made one after another, and not by the thread that writes, which has no time. */
  private static final ThreadPoolExecutor LINKER = workers("indelible-linker", 1);

  /** How long rows are waited for before it is asked whether anybody still makes them. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final RowSigning signing;
  private final SecureRandom random = new SecureRandom();

  /**
   * The last error of a worker of this sealer's. Kept here first: a future that fails takes memory
   * to say so, and the worker may have run out of it.
   */
  private volatile @Nullable Error failure;

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

  /** Rows being signed for a place in the chain. */
  private record Chunk(
      long firstSequence, List<AuditEvent> events, CompletableFuture<List<Draft>> drafts) {
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
        CompletableFuture.supplyAsync(
            () -> noting(() -> sign(firstSequence, first, signing.everyRow())), SIGNERS));
  }

  private <T> T noting(Supplier<T> work) {
    try {
      return work.get();
    } catch (Error e) {
      failure = e;
      throw e;
    }
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
    private final Deque<CompletableFuture<Linked>> chunks = new ArrayDeque<>();

    /** The last chunk under way; the next is linked behind it. */
    private CompletableFuture<Linked> last;

    /** How many events were begun. */
    private int begun;

    Pipeline(Head head, List<AuditEvent> events, List<AuditEvent> following) {
      this.firstSequence = head.sequence() + 1;
      this.events = events;
      this.following = following;
      this.last = CompletableFuture.completedFuture(new Linked(List.of(), head));
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

    /**
     * Waits for rows, as long as no worker failed and anybody is at work on any: a worker that runs
     * out of memory may not have enough left to say so, and then nobody ever will.
     */
    private Linked await(CompletableFuture<Linked> rows) {
      boolean interrupted = false;
      try {
        boolean idle = false;
        while (true) {
          try {
            return rows.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
          } catch (TimeoutException e) {
            if (failure != null) {
              throw failure;
            }
            boolean idleBefore = idle;
            idle = isIdle(SIGNERS) && isIdle(LINKER);
            if (idle && idleBefore) {
              throw new IllegalStateException("the rows being sealed were given up unsaid");
            }
          } catch (ExecutionException e) {
            throw unchecked(e.getCause());
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private static RuntimeException unchecked(@Nullable Throwable failure) {
      if (failure instanceof Error error) {
        throw error;
      }
      return failure instanceof RuntimeException exception
          ? exception
          : new IllegalStateException(failure);
    }

    private static boolean isIdle(ThreadPoolExecutor workers) {
      return workers.getActiveCount() == 0 && workers.getQueue().isEmpty();
    }

    private void begin() {
      Chunk chunk = take(firstSequence + begun, events.subList(begun, events.size()));
      begun += chunk.events().size();
      last =
          chunk
              .drafts()
              .thenCombineAsync(
                  last, (drafts, before) -> noting(() -> link(before.end(), drafts)), LINKER);
      chunks.add(last);
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
