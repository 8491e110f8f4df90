// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

/** What a child JVM does. */
@FunctionalInterface
public interface Task {
  /**
   * Does it.
   *
   * @param told what it was told
   * @return what it has to answer
   */
  Facts run(Facts told) throws Exception;
}
