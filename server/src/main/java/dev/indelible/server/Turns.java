// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

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
  private final Queue<Waiting> waiting = new ArrayDeque<>();

  /**
   * A task that waits.
   *
   * @param failed gets the cause if the task cannot run
   * @param later runs the task
   * @param isTaken true once the task runs or has failed: an executor may throw, and yet run it
   */
  private record Waiting(
      Runnable task, Consumer<Throwable> failed, Executor later, AtomicBoolean isTaken) {
    boolean take() {
      return isTaken.compareAndSet(false, true);
    }
  }

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
   * @param failed gets the cause if the task has to wait, and then cannot run; throws nothing
   * @param later runs the task if it has to wait
   * @return false if the task does not run, because too many wait already
   */
  boolean run(Runnable task, Consumer<Throwable> failed, Executor later) {
    synchronized (this) {
      if (running == most) {
        return waiting.size() < mostWaiting
            && waiting.add(new Waiting(task, failed, later, new AtomicBoolean()));
      }
      running++;
    }
    runNow(task);
    return true;
  }

  /** Gives up a task that waits. Returns false if it does not wait (any more). */
  synchronized boolean giveUp(Runnable task) {
    return waiting.removeIf(each -> each.task() == task);
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
    while (true) {
      Waiting next;
      synchronized (this) {
        next = waiting.poll();
        if (next == null) {
          running--;
          return;
        }
      }
      try {
        next.later()
            .execute(
                () -> {
                  if (next.take()) {
                    runNow(next.task());
                  }
                });
        return;
      } catch (Throwable e) { // No thread, or no memory for one; the turn must not be lost.
        if (!next.take()) {
          return;
        }
        next.failed().accept(e);
      }
    }
  }
}
