// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.List;
import java.util.function.IntConsumer;

/**
 * Finds the host patterns of many rules that a connection certainly concerns, without regard to
 * exceptions.
 *
 * <p>The time grows with the lists found and not with the number of lists, except for globs that do
 * not end in a domain.
 *
 * <p>Immutable and thread-safe.
 */
public final class HostIndex {
  private final int size;
  private final HostTable table = new HostTable();

  /** Creates the index of lists, which are numbered from 0. */
  public HostIndex(List<HostPatterns> lists) {
    size = lists.size();
    for (int i = 0; i < lists.size(); i++) {
      for (HostPattern pattern : lists.get(i).patterns()) {
        table.add(pattern, i);
      }
    }
  }

  /**
   * Reports the lists that a connection is certain to concern by {@link HostPatterns#isConcerned},
   * and those of which it is an exception; a list may be reported several times.
   */
  public void concerned(CanonicalHost host, IntConsumer found) {
    if (host.isOpaque()) {
      for (int i = 0; i < size; i++) {
        found.accept(i);
      }
      return;
    }
    table.certain(host, found);
  }
}
