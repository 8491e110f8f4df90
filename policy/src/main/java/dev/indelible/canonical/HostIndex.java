// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the lists of host patterns, one or more for each rule, that certainly match a connection.
 * Ignores exceptions.
 *
 * <p>The time depends on the number of lists found, not on the total, except for globs that do not
 * end in a domain.
 *
 * <p>Immutable and thread-safe; compiled at the first comparison.
 */
public final class HostIndex {
  private final List<HostPatterns> lists;
  private volatile @Nullable HostTable table;

  /** Creates the index of lists, which are numbered from 0. */
  public HostIndex(List<HostPatterns> lists) {
    this.lists = List.copyOf(lists);
  }

  private HostTable table() {
    HostTable made = table;
    if (made == null) {
      // Two threads may both build a table; the tables are equal.
      made = new HostTable();
      for (int i = 0; i < lists.size(); i++) {
        for (HostPattern pattern : lists.get(i).patterns()) {
          made.add(pattern, i);
        }
      }
      table = made;
    }
    return made;
  }

  /**
   * Reports the lists that certainly match a connection ({@link HostPatterns#isConcerned}), even if
   * an exception in the list applies; may report a list several times.
   */
  public void concerned(CanonicalHost host, IntConsumer found) {
    if (host.isOpaque()) {
      for (int i = 0; i < lists.size(); i++) {
        found.accept(i);
      }
      return;
    }
    table().certain(host, found);
  }
}
