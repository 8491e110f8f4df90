// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * A heap without a byte left, as an application leaves it that shares it with its log: not even the
 * smallest object can be made by the thread that filled it. For processes of their own.
 */
public final class FullHeap {
  private static volatile Node held;
  private static volatile boolean full;

  private FullHeap() {}

  /** Fills the heap to the last byte; {@link #releaseAfter} gives it back. */
  public static void fill() {
    Node last = null;
    for (int size = 1 << 16; size > 0; size /= 2) {
      try {
        while (true) {
          byte[] bytes = new byte[size];
          last = new Block(last, bytes);
        }
      } catch (OutOfMemoryError e) {
        held = last;
      }
    }
    try {
      while (true) {
        last = new Node(last);
      }
    } catch (OutOfMemoryError e) {
      held = last;
      full = true;
    }
  }

  /** Gives the heap back a time after it was full, from a thread that needs no memory for it. */
  public static void releaseAfter(Duration time) {
    Thread thread =
        new Thread(
            () -> {
              while (!full) {
                LockSupport.parkNanos(1_000_000);
              }
              LockSupport.parkNanos(time.toNanos());
              held = null;
            });
    thread.setDaemon(true);
    thread.start();
  }

  /** As small as an object can be that holds on to another. */
  private static class Node {
    @SuppressWarnings("unused") // It holds on.
    final Node before;

    Node(Node before) {
      this.before = before;
    }
  }

  /** The same with some bytes. */
  private static final class Block extends Node {
    @SuppressWarnings("unused") // It takes room.
    final byte[] bytes;

    Block(Node before, byte[] bytes) {
      super(before);
      this.bytes = bytes;
    }
  }
}
