// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A list of patterns of paths, some of which may be exceptions.
 *
 * <p>Each is a {@linkplain PathPattern pattern}, or the name of a set, for example
 * {@code @secrets}. A {@code !} in front makes it an exception from the whole list.
 *
 * <p>Immutable.
 */
public final class PathPatterns {
  private final List<String> texts;

  /**
   * Compiled at the first comparison, because most actions are compared with only a few of a
   * policy's sets.
   */
  private volatile @Nullable Compiled compiled;

  private PathPatterns(List<String> texts) {
    this.texts = List.copyOf(texts);
  }

  /** Compiled patterns. */
  private static final class Compiled {
    final PathTrie places = new PathTrie(true);
    final @Nullable PathTrie exceptions;

    Compiled(Parsed parsed) {
      addAll(parsed.places, places);
      exceptions = parsed.exceptions.isEmpty() ? null : new PathTrie(false);
      if (exceptions != null) {
        addAll(parsed.exceptions, exceptions);
      }
    }

    static void addAll(List<PathPattern> patterns, PathTrie to) {
      for (PathPattern pattern : patterns) {
        for (List<PathPattern.Name> names : pattern.alternatives()) {
          to.add(names, 0);
        }
      }
    }
  }

  /** The patterns, with each set replaced by its members. */
  private static final class Parsed {
    final List<PathPattern> places = new ArrayList<>();
    final List<PathPattern> exceptions = new ArrayList<>();

    Parsed(List<String> texts) {
      for (String text : texts) {
        boolean isException = text.startsWith("!");
        String pattern = isException ? text.substring(1) : text;
        if (!pattern.startsWith("@")) {
          add(pattern, isException);
          continue;
        }
        for (String member : NamedSets.PATHS.members(pattern.substring(1))) {
          boolean isOut = member.startsWith("!");
          add(isOut ? member.substring(1) : member, isException || isOut);
        }
      }
    }

    private void add(String text, boolean isException) {
      (isException ? exceptions : places).add(PathPattern.parse(text));
    }
  }

  private Compiled compiled() {
    Compiled made = compiled;
    if (made == null) {
      // Two threads may both create one; both results are equal.
      made = new Compiled(new Parsed(texts));
      compiled = made;
    }
    return made;
  }

  /**
   * Checks patterns; they are compiled at the first comparison.
   *
   * @throws IllegalArgumentException if one has an error, can never match, or names no set; the
   *     message says which and why
   */
  public static PathPatterns of(List<String> texts) {
    boolean hasPattern = false;
    for (String text : texts) {
      boolean isException = text.startsWith("!");
      String pattern = isException ? text.substring(1) : text;
      hasPattern |= !isException;
      if (!pattern.startsWith("@")) {
        PathPattern.parse(pattern);
        continue;
      }
      for (String member : NamedSets.PATHS.members(pattern.substring(1))) {
        if (isException && member.startsWith("!")) {
          throw new IllegalArgumentException(
              "the set \"%s\" has exceptions, so it cannot be an exception".formatted(pattern));
        }
      }
    }
    if (!hasPattern) {
      throw new IllegalArgumentException("a list of path patterns needs one that is no exception");
    }
    return new PathPatterns(texts);
  }

  /** Returns the patterns as written. */
  public List<String> texts() {
    return texts;
  }

  /** Returns the patterns that are not exceptions. */
  List<PathPattern> places() {
    return new Parsed(texts).places;
  }

  /**
   * Returns how certainly the patterns match an operation on a path. A pattern matches if it
   * matches the path, or if the operation is recursive and reaches a fixed place that the pattern
   * names: the deletion of {@code /home} matches {@code ~/.ssh/**}, but not {@code **}{@code
   * /.env}. Patterns ignore case, exceptions do not.
   *
   * @param isRecursive true if it reaches everything below the path
   */
  public Relation concerns(CanonicalPath path, boolean isRecursive, Surroundings surroundings) {
    if (path.isOpaque()) {
      return Relation.YES;
    }
    Strongest found = new Strongest();
    compiled().places.concerned(path, isRecursive, surroundings, found);
    return found.relation != Relation.NO && isException(path, surroundings)
        ? Relation.NO
        : found.relation;
  }

  /**
   * Returns true if the patterns certainly match an operation. Faster than {@link #concerns}, above
   * all for paths with unknown parts.
   */
  public boolean isConcerned(CanonicalPath path, boolean isRecursive, Surroundings surroundings) {
    return path.isOpaque()
        || compiled().places.isConcerned(path, isRecursive, false, surroundings)
            && !isException(path, surroundings);
  }

  /**
   * Returns true if the patterns certainly match the path itself. Files below the path, for which
   * an operation such as {@code find} searches, may not exist, so they do not count.
   */
  public boolean isNamed(CanonicalPath path, Surroundings surroundings) {
    return path.isOpaque()
        || compiled().places.isConcerned(path, false, true, surroundings)
            && !isException(path, surroundings);
  }

  /** The strongest of several relations. */
  private static final class Strongest implements Found {
    private Relation relation = Relation.NO;

    @Override
    public void found(int pattern, Relation other) {
      relation = other.compareTo(relation) > 0 ? other : relation;
    }
  }

  boolean isException(CanonicalPath path, Surroundings surroundings) {
    @Nullable PathTrie exceptions = compiled().exceptions;
    return exceptions != null && exceptions.includes(path, surroundings);
  }
}
