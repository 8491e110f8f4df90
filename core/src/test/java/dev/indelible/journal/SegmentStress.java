// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import dev.indelible.queue.Durability;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * Concurrent actions on a segment, run by jcstress. Each actor is a thread, and every outcome that
 * is not listed is a fault. Each test has two actors, because jcstress skips tests with more actors
 * than the machine has cores. {@link JournalConcurrencyTest} runs these tests.
 */
public final class SegmentStress {
  private SegmentStress() {}

  /**
   * A producer writes frames while the drainer reads. The drainer reads each frame completely or
   * not at all, in order and once.
   */
  @JCStressTest
  @Outcome(
      id = {"0, 12", "1, 12", "12, 12"},
      expect = ACCEPTABLE,
      desc = "the events read early are the first of all events")
  @State
  public static class PublishAndConsume {
    private final Segment segment = StressedSegment.withSpaceFor(2);
    private final Cursor drainer = new Cursor(segment, 0, 0);

    /** The producer. */
    @Actor
    public void offer() {
      StressedSegment.offer(segment, 1);
      StressedSegment.offer(segment, 2);
    }

    /** The drainer, while the producer is running. */
    @Actor
    public void drain(II_Result result) {
      result.r1 = StressedSegment.read(drainer);
    }

    /** The drainer, after both actors. */
    @Arbiter
    public void all(II_Result result) {
      result.r2 = StressedSegment.join(result.r1, StressedSegment.read(drainer));
    }
  }

  /**
   * A frame stays as its producer wrote it while another thread makes its page writable (promise
   * D2).
   */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the frame is read")
  @State
  public static class PublishOntoAPageMadeWritable {
    private final Segment segment = StressedSegment.withSpaceFor(1);
    private final Cursor drainer = new Cursor(segment, 0, 0);

    /** The producer. */
    @Actor
    public void offer() {
      StressedSegment.offer(segment, 1);
    }

    /** Makes the page writable by touching the word that publishes the frame. */
    @Actor
    public void touch() {
      segment.touch(SegmentFile.HEADER_BYTES, SegmentFile.HEADER_BYTES + 1);
    }

    /** The drainer, after both actors. */
    @Arbiter
    public void all(I_Result result) {
      result.r1 = StressedSegment.read(drainer);
    }
  }

  /**
   * A frame is not read before an earlier frame whose space is claimed but not yet published (D3).
   */
  @JCStressTest
  @Outcome(
      id = {"0, 12", "1, 12", "12, 12"},
      expect = ACCEPTABLE,
      desc = "the second frame, published first, is read second")
  @State
  public static class PublishOutOfOrder {
    private final Segment segment = StressedSegment.withSpaceFor(2);
    private final Cursor drainer = new Cursor(segment, 0, 0);
    private final int first = StressedSegment.claimTwo(segment);
    private final int second = first + StressedSegment.FRAME;

    /** Publishes the second frame before the first. */
    @Actor
    public void publish() {
      segment.place(second, StressedSegment.frame(2), Durability.PROCESS);
      segment.place(first, StressedSegment.frame(1), Durability.PROCESS);
    }

    /** The drainer, while the producer is running. */
    @Actor
    public void drain(II_Result result) {
      result.r1 = StressedSegment.read(drainer);
    }

    /** The drainer, after both actors. */
    @Arbiter
    public void all(II_Result result) {
      result.r2 = StressedSegment.join(result.r1, StressedSegment.read(drainer));
    }
  }

  /** Space whose producer failed after claiming it is skipped, and later frames are read (D2). */
  @JCStressTest
  @Outcome(
      id = {"0, 2", "2, 2"},
      expect = ACCEPTABLE,
      desc = "the later frame is read, early or at the end")
  @State
  public static class AbandonAndConsume {
    private final Segment segment = StressedSegment.withSpaceFor(2);
    private final Cursor drainer = new Cursor(segment, 0, 0);

    /** A producer that fails after claiming space, followed by a second producer. */
    @Actor
    public void abandon() {
      StressedSegment.abandon(segment);
      StressedSegment.offer(segment, 2);
    }

    /** The drainer, while the producer is running. */
    @Actor
    public void drain(II_Result result) {
      result.r1 = StressedSegment.read(drainer);
    }

    /** The drainer, after both actors. */
    @Arbiter
    public void all(II_Result result) {
      result.r2 = StressedSegment.join(result.r1, StressedSegment.read(drainer));
    }
  }

  /** Two producers fail at once after claiming space. The frame of a third producer is read. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "the frame of the third producer is read")
  @State
  public static class TwoAbandon {
    private final Segment segment = StressedSegment.withSpaceFor(3);

    /** A producer that fails. */
    @Actor
    public void first() {
      StressedSegment.abandon(segment);
    }

    /** Another producer. */
    @Actor
    public void second() {
      StressedSegment.abandon(segment);
    }

    /** The third producer, followed by the drainer. */
    @Arbiter
    public void all(I_Result result) {
      StressedSegment.offer(segment, 2);
      result.r1 = StressedSegment.read(new Cursor(segment, 0, 0));
    }
  }

  /** Two producers claim separate space. */
  @JCStressTest
  @Outcome(
      id = {"12", "21"},
      expect = ACCEPTABLE,
      desc = "both frames are read, in some order")
  @State
  public static class TwoProducers {
    private final Segment segment = StressedSegment.withSpaceFor(2);

    /** A producer. */
    @Actor
    public void first() {
      StressedSegment.offer(segment, 1);
    }

    /** Another producer. */
    @Actor
    public void second() {
      StressedSegment.offer(segment, 2);
    }

    /** The drainer, after both actors. */
    @Arbiter
    public void all(I_Result result) {
      result.r1 = StressedSegment.read(new Cursor(segment, 0, 0));
    }
  }

  /**
   * The segment has space for one frame and a half. One producer gets it, the append of the other
   * fails, and the drainer skips the rest.
   */
  @JCStressTest
  @Outcome(
      id = {"1, 0, 112", "0, 1, 212"},
      expect = ACCEPTABLE,
      desc = "the appended frame is read, then the next segment")
  @State
  public static class LastRoom {
    private final Segment segment = StressedSegment.withSpaceForOneAndAHalf();

    /** A producer. */
    @Actor
    public void first(III_Result result) {
      result.r1 = StressedSegment.offer(segment, 1) ? 1 : 0;
    }

    /** Another producer. */
    @Actor
    public void second(III_Result result) {
      result.r2 = StressedSegment.offer(segment, 2) ? 1 : 0;
    }

    /** The drainer, after both actors, up to the next segment. */
    @Arbiter
    public void all(III_Result result) {
      Segment next = StressedSegment.withSpaceFor(2);
      StressedSegment.offer(next, 1);
      StressedSegment.offer(next, 2);
      segment.follow(next);
      result.r3 = StressedSegment.read(new Cursor(segment, 0, 0));
    }
  }

  /** The producer moves to the next segment while the drainer reads. */
  @JCStressTest
  @Outcome(
      id = {"0, 12", "1, 12", "12, 12"},
      expect = ACCEPTABLE,
      desc = "the events read early are the first of all events")
  @State
  public static class NextSegment {
    private final Segment segment = StressedSegment.withSpaceForOneAndAHalf();
    private final Segment next = StressedSegment.withSpaceFor(1);
    private final Cursor drainer = new Cursor(segment, 0, 0);

    /** The producer; the first segment has no space for its second event. */
    @Actor
    public void offer() {
      StressedSegment.offer(segment, 1);
      if (!StressedSegment.offer(segment, 2)) {
        segment.follow(next);
        StressedSegment.offer(next, 2);
      }
    }

    /** The drainer, while the producer is running. */
    @Actor
    public void drain(II_Result result) {
      result.r1 = StressedSegment.read(drainer);
    }

    /** The drainer, after both actors. */
    @Arbiter
    public void all(II_Result result) {
      result.r2 = StressedSegment.join(result.r1, StressedSegment.read(drainer));
    }
  }

  /**
   * A producer appends while the journal is closing. Either its frame is within the claimed space,
   * or its append fails.
   */
  @JCStressTest
  @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "closed before: rejected, no space claimed")
  @Outcome(
      id = "1, 1, 1",
      expect = ACCEPTABLE,
      desc = "closed after: within the claimed space, read")
  @State
  public static class CloseUnderProducer {
    private final Segment segment = StressedSegment.withSpaceFor(2);
    private volatile int claimed;

    /** The producer. */
    @Actor
    public void offer(III_Result result) {
      result.r1 = StressedSegment.offer(segment, 1) ? 1 : 0;
    }

    /** Closes the segment. */
    @Actor
    public void close() {
      claimed = segment.seal();
    }

    /** Reads the segment as the next run does. */
    @Arbiter
    public void after(III_Result result) {
      boolean quiet = segment.isQuiet(SegmentFile.HEADER_BYTES, claimed);
      result.r2 = quiet ? (claimed - SegmentFile.HEADER_BYTES) / StressedSegment.FRAME : 9;
      result.r3 = StressedSegment.read(new Cursor(segment, 0, Long.MAX_VALUE));
    }
  }

  /** A producer returns only after a sync that began after its frame was written (D5). */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "a sync covers both frames")
  @State
  public static class GroupCommit {
    private final Snapshots disk = new Snapshots();
    private final Segment segment = StressedSegment.withSpace(2 * StressedSegment.FRAME, disk);
    private final int first = StressedSegment.claimTwo(segment);

    /** Creates the test and passes its segment to the disk. */
    public GroupCommit() {
      disk.segment = segment;
    }

    /** A producer. */
    @Actor
    public void first(II_Result result) {
      result.r1 = offerSynced(first, 1);
    }

    /** Another producer. */
    @Actor
    public void second(II_Result result) {
      result.r2 = offerSynced(first + StressedSegment.FRAME, 2);
    }

    private int offerSynced(int at, int event) {
      Segment.Outcome outcome = segment.place(at, StressedSegment.frame(event), Durability.POWER);
      return outcome == Segment.Outcome.APPENDED && disk.covered(at) ? 1 : 0;
    }

    /** A disk that records, after each sync, which frames existed when the sync began. */
    private static final class Snapshots extends Disk {
      private Segment segment;
      private volatile boolean firstCovered;
      private volatile boolean secondCovered;

      @Override
      void sync(Path file, MappedByteBuffer map, int length) {
        boolean first = segment.stateWord(SegmentFile.HEADER_BYTES) != 0;
        boolean second = segment.stateWord(SegmentFile.HEADER_BYTES + StressedSegment.FRAME) != 0;
        Thread.onSpinWait();
        firstCovered |= first;
        secondCovered |= second;
      }

      boolean covered(int at) {
        return at == SegmentFile.HEADER_BYTES ? firstCovered : secondCovered;
      }
    }
  }
}
