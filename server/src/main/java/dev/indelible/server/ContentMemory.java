// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;

/**
 * The bytes of content that requests hold at once, up to a limit. A request that finds no room
 * takes the place of the largest one that still waits for content, unless that one is smaller. So
 * slow uploads keep no small request out: with at most n requests, one that holds up to an n-th of
 * the limit always finds room, unless requests that have all their content use up the limit.
 *
 * <p>Safe for use by any number of threads.
 */
final class ContentMemory {
  private final int limit;

  /** Bytes that are held. Guarded by this. */
  private long held;

  /** Shares of requests that wait for content. Guarded by this. */
  private final Set<Share> waiting = new HashSet<>();

  ContentMemory(int limit) {
    this.limit = limit;
  }

  /** The bytes of one request. */
  final class Share implements AutoCloseable {
    /** Ends the request, whose bytes are free already. */
    private final Runnable giveWay;

    /** Guarded by the memory. */
    private int bytes;

    /** True if the request has ended or given way. Guarded by the memory. */
    private boolean closed;

    /**
     * Creates a share without bytes.
     *
     * @param giveWay called on any thread if another request takes the place of this one
     */
    Share(Runnable giveWay) {
      this.giveWay = giveWay;
    }

    /**
     * Adds bytes.
     *
     * @return false if there is no room for them, or the request has given way
     */
    boolean add(int more) {
      Share largest = this;
      synchronized (ContentMemory.this) {
        if (closed) {
          return false;
        }
        if (held + more > limit) {
          largest = waiting.stream().max(Comparator.comparingInt(each -> each.bytes)).orElse(this);
          if (largest.bytes < bytes + more) {
            return false;
          }
          // At least as many bytes as are added.
          largest.close();
        }
        bytes += more;
        held += more;
      }
      if (largest != this) {
        largest.giveWay.run();
      }
      return true;
    }

    /** Reports that the request waits for content; from now on it may have to give way. */
    void await() {
      synchronized (ContentMemory.this) {
        if (!closed) {
          waiting.add(this);
        }
      }
    }

    /** Reports that content has arrived; the request does not give way until it waits again. */
    void resume() {
      synchronized (ContentMemory.this) {
        waiting.remove(this);
      }
    }

    /** Frees the bytes. */
    @Override
    public void close() {
      synchronized (ContentMemory.this) {
        waiting.remove(this);
        held -= bytes;
        bytes = 0;
        closed = true;
      }
    }
  }
}
