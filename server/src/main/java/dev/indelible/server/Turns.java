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

  /** Tasks that run, or are about to. Guarded by this. */
  private int running;

  /** Guarded by this. */
  private final Queue<Runnable> waiting = new ArrayDeque<>();

  /**
   * Creates turns.
   *
   * @param most the number of tasks that run at once
   */
  Turns(int most) {
    this.most = most;
  }

  /**
   * Runs a task on this thread, or later.
   *
   * @param task a task that throws nothing
   * @param later runs the task if it has to wait
   */
  void run(Runnable task, Executor later) {
    synchronized (this) {
      if (running == most) {
        waiting.add(() -> later.execute(() -> runNow(task)));
        return;
      }
      running++;
    }
    runNow(task);
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
