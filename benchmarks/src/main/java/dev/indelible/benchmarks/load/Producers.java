// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs several producers, each on its own thread. */
public final class Producers {
  private Producers() {}

  /** The work of one producer. */
  @FunctionalInterface
  public interface Producer<T> {
    /**
     * Submits until the producer is done.
     *
     * @param producer the number of the producer, from 0
     * @return the result
     */
    T run(int producer) throws Exception;
  }

  /** Runs producers concurrently and returns their results. Fails if one of them fails. */
  public static <T> List<T> run(int producers, Producer<T> producer) throws Exception {
    List<FutureTask<T>> tasks = new ArrayList<>();
    for (int p = 0; p < producers; p++) {
      int number = p;
      tasks.add(new FutureTask<>(() -> producer.run(number)));
    }
    for (FutureTask<T> task : tasks) {
      new Thread(task, "producer").start();
    }
    List<T> results = new ArrayList<>();
    for (FutureTask<T> task : tasks) {
      try {
        results.add(task.get());
      } catch (ExecutionException e) {
        throw new IllegalStateException("a producer failed", e.getCause());
      }
    }
    return results;
  }
}
