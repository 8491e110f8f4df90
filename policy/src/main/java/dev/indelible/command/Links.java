// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Links that a script creates, symbolic or hard. */
final class Links {
  /** Maximum number of links that are followed in one path, as on Linux. */
  private static final int MAX_LINKS = 40;

  /** Maximum number of names in a canonical path; a longer path is opaque. */
  private static final int MAX_NAMES = 1_024;

  /** The target of each link, by the path of the link. */
  private Map<String, Value> targets = Map.of();

  boolean isEmpty() {
    return targets.isEmpty();
  }

  /**
   * Records the links that the uses create. Returns the uses. For each use of a path through a link
   * of the script, also returns a use of the resolved path.
   */
  List<Use> followed(List<Use> uses, Value directory) {
    List<Use> all = uses;
    for (Use use : uses) {
      if (use.role() == Role.LINKS && use.arguments().size() == 2) {
        add(use, directory);
      } else if (!targets.isEmpty() && !use.arguments().isEmpty()) {
        @Nullable Use resolved = followed(use, directory);
        if (resolved != null) {
          all = all == uses ? new ArrayList<>(uses) : all;
          all.add(resolved);
        }
      }
    }
    return all;
  }

  private @Nullable Use followed(Use use, Value directory) {
    switch (use.role()) {
      case DELETES, WRITES, READS, SENDS_FILE, RUNS_FILE -> {
        boolean followsLast = use.role() != Role.DELETES;
        @Nullable Value path = through(use.arguments().get(0), directory, followsLast);
        if (path == null) {
          return null;
        }
        List<Value> arguments = new ArrayList<>(use.arguments());
        arguments.set(0, path);
        return new Use(use.role(), arguments, use.detail(), use.isRecursive(), use.isDetour());
      }
      default -> {
        return null;
      }
    }
  }

  private void add(Use use, Value directory) {
    Value target = use.arguments().get(1);
    List<Value> place = names(use.arguments().get(0), directory);
    Value base = directory;
    if (!use.detail().endsWith("from here") && !Paths.isAbsolute(target)) {
      base = joined(place.subList(0, place.size() - 1));
    }
    put(key(place), joined(names(target, base)));
  }

  private void put(String key, Value target) {
    targets = targets.isEmpty() ? new HashMap<>() : targets;
    targets.put(key, target);
  }

  /** Records that a link may also have another path from now on. */
  void move(Value from, Value to, Value directory) {
    Value target = targets.get(key(names(from, directory)));
    if (target != null) {
      put(key(names(to, directory)), target);
    }
  }

  /**
   * Resolves a path by the links of the script. As in the file system, {@code ..} after a link is
   * the parent of the link's target.
   *
   * @return null if the path contains no link
   */
  @Nullable Value through(Value path, Value directory, boolean followsLast) {
    if (targets.isEmpty()) {
      return null;
    }
    int last = path.pieces().size() - 1;
    boolean endsWithSlash =
        last >= 0
            && path.pieces().get(last) instanceof Value.Known known
            && (known.text().endsWith("/") || known.text().endsWith("\\"));
    Deque<Value> ahead = new ArrayDeque<>(rawNames(path, directory));
    List<Value> at = new ArrayList<>();
    int links = 0;
    while (!ahead.isEmpty() && at.size() <= MAX_NAMES) {
      Value name = ahead.removeFirst();
      if (name.isKnown() && name.prefix().equals("..")) {
        up(at);
        continue;
      }
      at.add(name);
      boolean isFollowed = followsLast || endsWithSlash || !ahead.isEmpty();
      @Nullable Value target = isFollowed ? targets.get(key(at)) : null;
      if (target != null && links < MAX_LINKS) {
        links++;
        at.clear();
        List<Value> names = rawNames(target, Value.EMPTY);
        for (int i = names.size() - 1; i >= 0; i--) {
          ahead.addFirst(names.get(i));
        }
      }
    }
    if (links == 0 || !ahead.isEmpty()) {
      return null;
    }
    Value reached = joined(at);
    return endsWithSlash && at.size() > 1 ? reached.plus(Value.of("/")) : reached;
  }

  private static void up(List<Value> names) {
    // The first name is the root, which has no parent.
    if (names.size() > 1) {
      names.remove(names.size() - 1);
    }
  }

  /** Returns the names of a path from its root on, {@code ..} resolved lexically. */
  private static List<Value> names(Value path, Value directory) {
    List<Value> names = new ArrayList<>();
    for (Value name : rawNames(path, directory)) {
      if (name.isKnown() && name.prefix().equals("..")) {
        up(names);
      } else {
        names.add(name);
      }
    }
    return names;
  }

  /**
   * Returns the names of a path from its root on. The first name is empty for {@code /}; otherwise
   * it is the beginning of the path.
   */
  private static List<Value> rawNames(Value path, Value directory) {
    boolean isAbsolute = Paths.isAbsolute(path) || directory.pieces().isEmpty();
    boolean isWindows = isWindows(path) || isWindows(directory);
    List<Value> names = new ArrayList<>();
    if (!isAbsolute) {
      split(directory, isWindows, names);
    }
    split(path, isWindows, names);
    return names;
  }

  /** Returns true if a path begins like a Windows path. There a backslash also separates names. */
  private static boolean isWindows(Value path) {
    String text = path.prefix();
    return text.startsWith("\\") || text.length() > 1 && text.charAt(1) == ':';
  }

  private static void split(Value path, boolean isWindows, List<Value> names) {
    Value.Builder name = new Value.Builder();
    for (Value.Piece piece : path.pieces()) {
      if (!(piece instanceof Value.Known known)) {
        name.add(piece);
        continue;
      }
      for (char c : known.text().toCharArray()) {
        if (c == '/' || isWindows && c == '\\') {
          add(name.build(), names);
          name = new Value.Builder();
        } else {
          name.add(c);
        }
      }
    }
    add(name.build(), names);
  }

  private static void add(Value name, List<Value> names) {
    boolean isNothing = name.pieces().isEmpty() || name.isKnown() && name.prefix().equals(".");
    if (names.isEmpty() || !isNothing) {
      names.add(name);
    }
  }

  private static Value joined(List<Value> names) {
    if (names.size() == 1 && names.get(0).pieces().isEmpty()) {
      return Value.of("/");
    }
    Value.Builder path = new Value.Builder();
    for (int i = 0; i < names.size(); i++) {
      if (i > 0) {
        path.add('/');
      }
      path.add(names.get(i));
    }
    return path.build();
  }

  private static String key(List<Value> names) {
    return joined(names).display();
  }
}
