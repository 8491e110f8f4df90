// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the lists of path patterns, one or more for each rule, that certainly match an operation.
 * Ignores exceptions.
 *
 * <p>The time depends on the number of lists found, not on the total, except for several globs in
 * one directory.
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
   * Reports the lists that certainly match an operation ({@link PathPatterns#isConcerned}), even if
   * an exception in the list applies; may report a list several times.
   *
   * @param isRecursive true if it reaches everything below the path
   */
  public void concerned(
      CanonicalPath path, boolean isRecursive, Surroundings surroundings, IntConsumer found) {
    find(path, isRecursive, false, surroundings, found);
  }

  /**
   * Reports the lists that certainly match a path itself ({@link PathPatterns#isNamed}), even if an
   * exception in the list applies; may report a list several times.
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
