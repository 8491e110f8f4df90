// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Fills the heap of its process, so that the calling thread cannot create even the smallest object.
 * An application can cause this state in the heap that it shares with its log.
 */
public final class FullHeap {
  private static volatile Node held;
  private static volatile boolean full;

  private FullHeap() {}

  /** Fills the heap completely; {@link #releaseAfter} frees it. */
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

  /** Frees the heap after a given time, on a thread that allocates nothing. */
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

  /** The smallest object that refers to another object. */
  private static class Node {
    @SuppressWarnings("unused") // Keeps the previous node reachable.
    final Node before;

    Node(Node before) {
      this.before = before;
    }
  }

  /** A node with a block of bytes. */
  private static final class Block extends Node {
    @SuppressWarnings("unused") // Occupies heap.
    final byte[] bytes;

    Block(Node before, byte[] bytes) {
      super(before);
      this.bytes = bytes;
    }
  }
}
