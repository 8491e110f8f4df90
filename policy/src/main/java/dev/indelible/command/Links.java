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

  /** Maximum number of names in a path; a longer path is not resolved. */
  private static final int MAX_NAMES = 1_024;

  /** Maximum number of targets of one link: the first one and the latest ones. */
  private static final int MAX_TARGETS = 4;

  /**
   * The targets of each link, keyed by the path of the link; the latest target is last. A script
   * may create a link again in a branch that does not run, so any of these may be the actual
   * target.
   */
  private Map<String, List<Value>> targets = Map.of();

  /** The largest number of targets of one link. */
  private int alternatives = 1;

  boolean isEmpty() {
    return targets.isEmpty();
  }

  /**
   * Records the links that the uses create. Returns the uses, and a copy with the resolved path of
   * each use whose path goes through a link.
   */
  List<Use> followed(List<Use> uses, Value directory) {
    List<Use> all = uses;
    for (Use use : uses) {
      if (use.role() == Role.LINKS && use.arguments().size() == 2) {
        add(use, directory);
      } else if (!targets.isEmpty() && !use.arguments().isEmpty()) {
        for (int age = 0; age < alternatives; age++) {
          @Nullable Use resolved = followed(use, directory, age);
          if (resolved != null && (age == 0 || !all.contains(resolved))) {
            all = all == uses ? new ArrayList<>(uses) : all;
            all.add(resolved);
          }
        }
      }
    }
    return all;
  }

  private @Nullable Use followed(Use use, Value directory, int age) {
    switch (use.role()) {
      case DELETES, WRITES, READS, SENDS_FILE, RUNS_FILE -> {
        boolean followsLast = use.role() != Role.DELETES;
        @Nullable Value path = through(use.arguments().get(0), directory, followsLast, age);
        if (path == null) {
          return null;
        }
        List<Value> arguments = new ArrayList<>(use.arguments());
        arguments.set(0, path);
        // A link in a home may lead out of it.
        String detail = use.detail().equals(Use.OWN_OWNER) ? Use.OWNER : use.detail();
        return new Use(use.role(), arguments, detail, use.isRecursive(), use.isDetour());
      }
      default -> {
        return null;
      }
    }
  }

  private void add(Use use, Value directory) {
    Value target = use.arguments().get(1);
    boolean isFromPlace = !use.detail().endsWith("from here") && !Paths.isAbsolute(target);
    for (List<Value> place : places(use.arguments().get(0), directory)) {
      Value base = isFromPlace ? joined(place.subList(0, place.size() - 1)) : directory;
      put(place, joined(names(target, base)));
    }
  }

  /** Returns the names of the path as written, and of the resolved path if links are involved. */
  private List<List<Value>> places(Value path, Value directory) {
    List<Value> written = names(path, directory);
    @Nullable Value reached = through(path, directory, false);
    return reached == null ? List.of(written) : List.of(written, names(reached, Value.EMPTY));
  }

  private void put(List<Value> place, Value target) {
    targets = targets.isEmpty() ? new HashMap<>() : targets;
    String directory = key(place.subList(0, place.size() - 1));
    if (directory.equals(target.display())) {
      // A second reading of "ln -s /a/b x" is the link x/b, here /a/b/b; no known link is replaced.
      targets.putIfAbsent(key(place), List.of(target));
    } else {
      List<Value> all = new ArrayList<>(targets.getOrDefault(key(place), List.of()));
      all.remove(target);
      all.add(target);
      if (all.size() > MAX_TARGETS) {
        // Without -f, ln leaves the first target.
        all.remove(1);
      }
      targets.put(key(place), all);
      alternatives = Math.max(alternatives, all.size());
    }
  }

  /** Records a move: the link may now be at either path. */
  void move(Value from, Value to, Value directory) {
    List<Value> moved = List.of();
    for (List<Value> place : places(from, directory)) {
      moved = targets.getOrDefault(key(place), moved);
    }
    for (Value target : List.copyOf(moved)) {
      for (List<Value> place : places(to, directory)) {
        put(place, target);
      }
    }
  }

  /**
   * Resolves a path by the links of the script. As in the file system, {@code ..} after a link is
   * the parent of the link's target.
   *
   * @return null if the path contains no link, or is too long to resolve
   */
  @Nullable Value through(Value path, Value directory, boolean followsLast) {
    return through(path, directory, followsLast, 0);
  }

  /** Resolves a path. The age selects among several targets of a link; 0 is the latest. */
  private @Nullable Value through(Value path, Value directory, boolean followsLast, int age) {
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
      List<Value> all = isFollowed ? targets.getOrDefault(key(at), List.of()) : List.of();
      if (!all.isEmpty() && links < MAX_LINKS) {
        Value target = all.get(Math.max(0, all.size() - 1 - age));
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

  /** Returns the names of a path from its root on, with {@code ..} resolved lexically. */
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
   * Returns the names of a path from its root on. The first name is the text before the first
   * separator, so it is empty for {@code /a}.
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
