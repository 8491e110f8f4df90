// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

/** The work of a child JVM. */
@FunctionalInterface
public interface Task {
  /**
   * Runs the task.
   *
   * @param orders the task's parameters
   * @return the results
   */
  Facts run(Facts orders) throws Exception;
}
