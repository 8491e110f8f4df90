// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.ChainedRows;
import dev.indelible.ledger.Head;
import dev.indelible.note.RowCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Rows are sealed ahead for the events that are expected next. The chain is correct even if other
 * events follow, or if the expected events get different sequence numbers.
 */
class SealingAheadTest {
  private static final int CHUNK = 64;

  private final CountingKey key = new CountingKey();
  private final RowSealer sealer = new RowSealer(key);
  private final List<AuditEvent> events = ChainedRows.events(2_000);
  private final List<ChainRow> chain = new ArrayList<>();
  private Head head = Head.EMPTY;

  @Test
  void rowsSealedAheadAreNotSealedAgain() {
    seal(events.subList(0, 500), events.subList(500, 1_000));
    seal(events.subList(500, 1_000), events.subList(1_000, 2_000));
    seal(events.subList(1_000, 2_000), List.of());

    requireChainOf(events);
    assertThat(key.signatures).hasValue(2_000);
  }

  @Test
  void unexpectedEventsAreSealedCorrectly() {
    seal(events.subList(0, 100), events.subList(100, 200));
    seal(events.subList(1_000, 1_100), events.subList(100, 200));

    List<AuditEvent> sealed = new ArrayList<>(events.subList(0, 100));
    sealed.addAll(events.subList(1_000, 1_100));
    requireChainOf(sealed);
  }

  /** Another writer appended a row, so the expected events get later sequence numbers. */
  @Test
  void movedEventsAreSealedAgain() {
    seal(events.subList(0, 100), events.subList(100, 200));
    ChainRow foreign = new RowSealer(key).seal(head, events.get(1_500));
    chain.add(foreign);
    head = foreign.head();
    seal(events.subList(100, 200), List.of());

    List<AuditEvent> sealed = new ArrayList<>(events.subList(0, 100));
    sealed.add(events.get(1_500));
    sealed.addAll(events.subList(100, 200));
    requireChainOf(sealed);
  }

  /**
   * Seals batches of random sizes, each with a random guess of the next events. Some batches are
   * abandoned half way.
   */
  @Test
  void wrongGuessesLeaveTheChainCorrect() {
    Random random = new Random(7);
    int at = 0;
    while (at < events.size()) {
      int to = Math.min(events.size(), at + 1 + random.nextInt(3 * CHUNK));
      int guess = random.nextInt(events.size());
      int guessEnd = guess + random.nextInt(events.size() - guess + 1);
      List<AuditEvent> following =
          random.nextBoolean()
              ? events.subList(to, Math.min(events.size(), to + random.nextInt(5 * CHUNK)))
              : events.subList(guess, guessEnd);
      if (random.nextInt(4) == 0) {
        sealer.sealAhead(head, events.subList(at, to), following).next();
      }
      seal(events.subList(at, to), following);
      at = to;
    }

    requireChainOf(events);
  }

  /** An error in a worker is thrown in the thread that waits for the worker (promise D8). */
  @Test
  @Timeout(60)
  void failureOfWorkerIsThrown() {
    assertThatThrownBy(() -> new RowSealer(new FailingKey(key)).seal(head, events.subList(0, 100)))
        .isInstanceOf(OutOfMemoryError.class);
  }

  /** The workers are shared by all logs. */
  @Test
  @Timeout(60)
  void hangingSignerDoesNotStopOtherLogs() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    Thread other =
        new Thread(() -> new RowSealer(new HangingKey(key, answer)).seal(Head.EMPTY, events));
    other.start();
    try {
      await().until(() -> HangingKey.CALLS.get() >= Runtime.getRuntime().availableProcessors());
      seal(events.subList(0, 2 * CHUNK), List.of());
      requireChainOf(events.subList(0, 2 * CHUNK));
    } finally {
      answer.countDown();
      other.join();
    }
  }

  /** A key that waits for the latch before it signs. */
  private record HangingKey(Signer key, CountDownLatch answer) implements Signer {
    static final AtomicInteger CALLS = new AtomicInteger();

    @Override
    public VerificationKey verificationKey() {
      return key.verificationKey();
    }

    @Override
    public byte[] sign(byte[] message) {
      CALLS.incrementAndGet();
      try {
        answer.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return key.sign(message);
    }
  }

  /** A key that throws an {@link OutOfMemoryError} in the worker. */
  private record FailingKey(Signer key) implements Signer {
    @Override
    public VerificationKey verificationKey() {
      return key.verificationKey();
    }

    @Override
    public byte[] sign(byte[] message) {
      throw new OutOfMemoryError("test worker");
    }
  }

  private void seal(List<AuditEvent> batch, List<AuditEvent> following) {
    sealer.sealAhead(head, batch, following).forEachRemaining(chain::addAll);
    head = chain.get(chain.size() - 1).head();
  }

  private void requireChainOf(List<AuditEvent> expected) {
    RowCheck check = new RowCheck(KeyRing.of(List.of(key.verificationKey())));
    assertThat(chain).hasSameSizeAs(expected);
    Head before = Head.EMPTY;
    for (int i = 0; i < expected.size(); i++) {
      ChainRow row = chain.get(i);
      assertThat(row.id()).isEqualTo(expected.get(i).id().toString());
      assertThat(check.link(row, before)).isEmpty();
      assertThat(check.content(row)).isEmpty();
      before = row.head();
    }
  }

  /** A key that counts signatures. */
  private static final class CountingKey implements Signer {
    final AtomicInteger signatures = new AtomicInteger();
    private final SigningKey key = SigningKey.generate();

    @Override
    public VerificationKey verificationKey() {
      return key.verificationKey();
    }

    @Override
    public byte[] sign(byte[] message) {
      signatures.incrementAndGet();
      return key.sign(message);
    }
  }
}
