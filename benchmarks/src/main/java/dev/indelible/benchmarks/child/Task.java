// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

/** The work of a child JVM. */
@FunctionalInterface
public interface Task {
  /**
   * Runs the task.
   *
   * @param told the orders
   * @return the answer
   */
  Facts run(Facts told) throws Exception;
}
