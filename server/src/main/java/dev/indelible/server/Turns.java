// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/**
 * Runs a few tasks at a time; others wait in order, without a thread. Safe for use by any number of
 * threads.
 */
final class Turns {
  private final int most;
  private final int mostWaiting;

  /** Tasks that run, or are about to. Guarded by this. */
  private int running;

  /** Guarded by this. */
  private final Queue<Runnable> waiting = new ArrayDeque<>();

  /**
   * Creates turns.
   *
   * @param most the number of tasks that run at once
   * @param mostWaiting the number of tasks that wait at once
   */
  Turns(int most, int mostWaiting) {
    this.most = most;
    this.mostWaiting = mostWaiting;
  }

  /**
   * Runs a task on this thread, or later.
   *
   * @param task a task that throws nothing
   * @param later runs the task if it has to wait
   * @return false if the task does not run, because too many wait already
   */
  boolean run(Runnable task, Executor later) {
    synchronized (this) {
      if (running == most) {
        return waiting.size() < mostWaiting && waiting.add(() -> later.execute(() -> runNow(task)));
      }
      running++;
    }
    runNow(task);
    return true;
  }

  /** Returns the number of tasks that wait. */
  synchronized int waiting() {
    return waiting.size();
  }

  private void runNow(Runnable task) {
    try {
      task.run();
    } finally {
      end();
    }
  }

  /** Gives the turn of a task that has ended to the next one. */
  private void end() {
    Runnable next;
    synchronized (this) {
      next = waiting.poll();
      if (next == null) {
        running--;
      }
    }
    if (next != null) {
      next.run();
    }
  }
}
