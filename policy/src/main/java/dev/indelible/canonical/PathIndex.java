// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.List;

/**
 * Finds, among the path patterns of many rules, those that an operation concerns.
 *
 * <p>The time does not grow with the number of lists, except for paths with unknown parts.
 *
 * <p>Immutable.
 */
public final class PathIndex {
  private final List<PathPatterns> lists;
  private final PathTrie trie = new PathTrie(true);

  /** Creates the index of lists, which are numbered from 0. */
  public PathIndex(List<PathPatterns> lists) {
    this.lists = List.copyOf(lists);
    for (int i = 0; i < lists.size(); i++) {
      for (PathPattern pattern : lists.get(i).patterns()) {
        for (List<PathPattern.Name> names : pattern.alternatives()) {
          trie.add(names, i);
        }
      }
    }
  }

  /**
   * Reports the lists that an operation concerns, as {@link PathPatterns#concerns} does.
   *
   * @param isRecursive whether it reaches everything below the path
   */
  public void concerned(
      CanonicalPath path, boolean isRecursive, Surroundings surroundings, Found found) {
    if (path.isOpaque()) {
      for (int i = 0; i < lists.size(); i++) {
        found.found(i, Relation.YES);
      }
      return;
    }
    Hits hits = new Hits();
    trie.concerned(path, isRecursive, surroundings, hits);
    hits.forEach(
        (list, relation) -> {
          if (!lists.get(list).isException(path, surroundings)) {
            found.found(list, relation);
          }
        });
  }
}
