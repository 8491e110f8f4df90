// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.Signer;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.event.Timestamps;
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
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Turns events into rows: canonical bytes, hash, signature, link.
 *
 * <p>A signature does not depend on the row before, so chunks are signed on all cores, ahead of the
 * one that is being written; only the links are made one after another. Used by one thread at a
 * time.
 */
public final class RowSealer {
  /** Rows signed in one go: enough to make handing them over cheap, few enough to share out. */
  private static final int CHUNK_ROWS = 64;

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /** Chunks signed ahead of the one being written; bounds the memory that a batch takes. */
  private static final int CHUNKS_AHEAD = 2 * CORES;

  private static final Executor WORKERS = workers();

  private final Signer signer;
  private final SecureRandom random = new SecureRandom();

  /** A sealer that signs every row with {@code signer}. */
  public RowSealer(Signer signer) {
    this.signer = signer;
  }

  /** The row that follows {@code head} for one event. */
  public ChainRow seal(Head head, AuditEvent event) {
    return seal(head, List.of(event)).get(0);
  }

  /** The rows that follow {@code head}, one for each event, in order. */
  public List<ChainRow> seal(Head head, List<AuditEvent> events) {
    List<ChainRow> rows = new ArrayList<>(events.size());
    sealAhead(head, events).forEachRemaining(rows::addAll);
    return rows;
  }

  /**
   * The rows that follow {@code head}, one for each event, in order and in chunks; while one chunk
   * is in use the next are made.
   */
  public Iterator<List<ChainRow>> sealAhead(Head head, List<AuditEvent> events) {
    return events.size() == 1
        ? List.of(link(head, sign(head.sequence() + 1, events)).rows()).iterator()
        : new Pipeline(head, events);
  }

  private List<Draft> sign(long sequence, List<AuditEvent> events) {
    byte[] nonces = new byte[EventContent.NONCE_BYTES * events.size()];
    random.nextBytes(nonces);
    List<Draft> drafts = new ArrayList<>(events.size());
    for (int i = 0; i < events.size(); i++) {
      int from = i * EventContent.NONCE_BYTES;
      byte[] nonce = Arrays.copyOfRange(nonces, from, from + EventContent.NONCE_BYTES);
      drafts.add(sign(sequence + i, events.get(i), nonce));
    }
    return drafts;
  }

  private Draft sign(long sequence, AuditEvent event, byte[] nonce) {
    byte[] payload = event.content().payload(nonce);
    ChainRow row =
        new ChainRow(
            sequence,
            event.id().toString(),
            event.agentId(),
            event.eventType(),
            Sha256.hash(payload),
            Optional.of(RecordDraft.NO_SIGNATURE),
            ChainRow.SELF_SIGNED,
            Timestamps.format(event.timestamp()),
            Head.EMPTY.hash(),
            Optional.of(signer.verificationKey().keyId()),
            Optional.of(payload));
    RecordDraft record = row.draft();
    byte[] signature = signer.sign(record.signedMessage());
    record.sign(signature);
    return new Draft(row, record, Optional.of(signature));
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

  private static Executor workers() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            CORES,
            CORES,
            Duration.ofSeconds(1).toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "indelible-sealer");
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

  /** Signs chunks ahead and links them in order. */
  private final class Pipeline implements Iterator<List<ChainRow>> {
    private final long firstSequence;
    private final List<AuditEvent> events;
    private final Deque<CompletableFuture<Linked>> chunks = new ArrayDeque<>();

    /** The last chunk under way; the next is linked behind it. */
    private CompletableFuture<Linked> last;

    private int started;

    Pipeline(Head head, List<AuditEvent> events) {
      this.firstSequence = head.sequence() + 1;
      this.events = events;
      this.last = CompletableFuture.completedFuture(new Linked(List.of(), head));
    }

    @Override
    public boolean hasNext() {
      return !chunks.isEmpty() || started < events.size();
    }

    @Override
    public List<ChainRow> next() {
      while (started < events.size() && chunks.size() < CHUNKS_AHEAD) {
        start();
      }
      if (chunks.isEmpty()) {
        throw new NoSuchElementException();
      }
      try {
        return chunks.remove().join().rows();
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        if (e.getCause() instanceof Error cause) {
          throw cause;
        }
        throw e;
      }
    }

    private void start() {
      int from = started;
      int to = Math.min(events.size(), from + CHUNK_ROWS);
      started = to;
      last =
          CompletableFuture.supplyAsync(
                  () -> sign(firstSequence + from, events.subList(from, to)), WORKERS)
              .thenCombine(last, (drafts, before) -> link(before.end(), drafts));
      chunks.add(last);
    }
  }
}
