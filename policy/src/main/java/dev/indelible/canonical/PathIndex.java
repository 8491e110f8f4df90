// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the path patterns of many rules that an operation certainly concerns, without regard to
 * exceptions.
 *
 * <p>The time grows with the lists found and not with the number of lists, except for globs side by
 * side in one directory.
 *
 * <p>Immutable and thread-safe; compiled at the first comparison.
 */
public final class PathIndex {
  private final List<PathPatterns> lists;
  private volatile @Nullable PathTrie trie;

  /** Creates the index of lists, which are numbered from 0. */
  public PathIndex(List<PathPatterns> lists) {
    this.lists = List.copyOf(lists);
  }

  private PathTrie trie() {
    PathTrie made = trie;
    if (made == null) {
      // Two threads may both create one; both results are equal.
      made = new PathTrie(true);
      for (int i = 0; i < lists.size(); i++) {
        for (PathPattern pattern : lists.get(i).places()) {
          for (List<PathPattern.Name> names : pattern.alternatives()) {
            made.add(names, i);
          }
        }
      }
      trie = made;
    }
    return made;
  }

  /**
   * Reports the lists that an operation is certain to concern by {@link PathPatterns#isConcerned},
   * and those of which it is an exception; a list may be reported several times.
   *
   * @param isRecursive true if it reaches everything below the path
   */
  public void concerned(
      CanonicalPath path, boolean isRecursive, Surroundings surroundings, IntConsumer found) {
    find(path, isRecursive, false, surroundings, found);
  }

  /**
   * Reports the lists that are certain to name a path itself by {@link PathPatterns#isNamed}, and
   * those of which it is an exception; a list may be reported several times.
   */
  public void named(CanonicalPath path, Surroundings surroundings, IntConsumer found) {
    find(path, false, true, surroundings, found);
  }

  private void find(
      CanonicalPath path,
      boolean isRecursive,
      boolean isItself,
      Surroundings surroundings,
      IntConsumer found) {
    if (path.isOpaque()) {
      for (int i = 0; i < lists.size(); i++) {
        found.accept(i);
      }
      return;
    }
    trie().certain(path, isRecursive, isItself, surroundings, found);
  }
}
