// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.List;

/**
 * Finds, among the host patterns of many rules, those that a connection concerns.
 *
 * <p>Immutable.
 */
public final class HostIndex {
  private final List<HostPatterns> lists;
  private final HostTable table = new HostTable();

  /** Creates the index of lists, which are numbered from 0. */
  public HostIndex(List<HostPatterns> lists) {
    this.lists = List.copyOf(lists);
    for (int i = 0; i < lists.size(); i++) {
      for (HostPattern pattern : lists.get(i).patterns()) {
        table.add(pattern, i);
      }
    }
  }

  /** Reports the lists that a connection concerns, as {@link HostPatterns#concerns} does. */
  public void concerned(CanonicalHost host, Found found) {
    Hits hits = new Hits();
    if (host.isOpaque()) {
      for (int i = 0; i < lists.size(); i++) {
        found.found(i, Relation.YES);
      }
      return;
    }
    table.concerned(host, hits);
    hits.forEach(
        (list, relation) -> {
          if (!lists.get(list).isException(host)) {
            found.found(list, relation);
          }
        });
  }
}
