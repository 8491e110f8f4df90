// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.canonical.Component.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A tree of path patterns, which compares a path with all of them at once.
 *
 * <p>The time depends on the length of the path and on the globs along it, not on the number of
 * patterns. Filled by one thread, then read by any number. Long because the tree and the walks for
 * certain and for possible matches are one algorithm.
 */
final class PathTrie {
  /** The root of a pattern for every Windows drive. */
  static final String ANY_DRIVE = "?:";

  /** The root of a pattern below the working directory of the action. */
  static final String WORKING_DIRECTORY = "${cwd}";

  /** A node of the tree, to which the first names of some patterns lead. */
  private static final class Node {
    /** Its number in the tree, from 0. */
    final int id;

    final Map<String, Node> names = new HashMap<>();

    /**
     * Globs, keyed by their endings, so that a name is compared only with globs that may match it.
     */
    final Map<String, List<GlobEdge>> globs = new HashMap<>();

    /** The node for {@code **} in patterns that continue after it; null if there is none. */
    @Nullable Node deep;

    /** The node for {@code **} at the end of patterns; null if there is none. */
    @Nullable Node below;

    /** True if any name leads back to this node. */
    boolean isLoop;

    /** True for a loop after which patterns continue. */
    boolean isFloating;

    /** True for a home directory: a walk that enters it also enters the node of {@code ~}. */
    boolean isHome;

    /** True if homes lie below. */
    boolean isAboveHomes;

    /** The names in order; null until they are first needed. */
    private volatile String @Nullable [] sorted;

    /** Returns the names in order. */
    private String[] sorted() {
      String[] made = sorted;
      if (made == null) {
        made = names.keySet().toArray(new String[0]);
        Arrays.sort(made);
        sorted = made;
      }
      return made;
    }

    /** Calls an action with each name that begins with a text, and with the name's node. */
    void forEach(String beginning, BiConsumer<String, Node> action) {
      if (beginning.isEmpty()) {
        names.forEach(action);
        return;
      }
      String[] all = sorted();
      int from = Arrays.binarySearch(all, beginning);
      for (int i = from < 0 ? -from - 1 : from; i < all.length; i++) {
        if (!all[i].startsWith(beginning)) {
          return;
        }
        action.accept(all[i], names.get(all[i]));
      }
    }

    /** Returns true if the names in this directory are homes, as in {@code /home}. */
    boolean holdsHomes() {
      return isAboveHomes
          && globs.values().stream().flatMap(List::stream).anyMatch(edge -> edge.node.isHome);
    }

    /** Returns true if patterns end here and none continues. */
    boolean isLeaf() {
      return names.isEmpty() && globs.isEmpty() && deep == null && below == null && !isHome;
    }

    /** The patterns that end here. */
    final Numbers ends = new Numbers();

    /** The patterns that lead through here to a fixed place below. */
    final Numbers through = new Numbers();

    Node(int id) {
      this.id = id;
    }
  }

  /** Numbers of patterns, in the order in which they are added, each once. */
  private static final class Numbers {
    private static final int[] NONE = {};

    int[] numbers = NONE;
    int size;

    /** Adds a number, which is at least as large as the last one. */
    void add(int number) {
      if (size > 0 && numbers[size - 1] == number) {
        return;
      }
      if (size == numbers.length) {
        numbers = Arrays.copyOf(numbers, Math.max(1, 2 * size));
      }
      numbers[size++] = number;
    }
  }

  /** Maximum number of nodes that are searched one by one. */
  private static final int FEW_NODES = 16;

  private record GlobEdge(NameGlob glob, Node node) {}

  private int size;
  private final Node start = node();
  private final Node home;
  private final Node workingDirectory;
  private final boolean isFolded;

  /**
   * Creates an empty tree.
   *
   * @param isFolded true if names are compared without regard to case
   */
  PathTrie(boolean isFolded) {
    this.isFolded = isFolded;
    home = child(start, CanonicalPath.HOME_ROOT);
    workingDirectory = child(start, WORKING_DIRECTORY);
    homes(CanonicalPath.HOMES_ROOT, "*");
    homes(CanonicalPath.POSIX_ROOT, "home", "*");
    homes(CanonicalPath.POSIX_ROOT, "Users", "*");
    homes(CanonicalPath.POSIX_ROOT, "root");
    homes(CanonicalPath.POSIX_ROOT, "var", "root");
    homes(CanonicalPath.POSIX_ROOT, "export", "home", "*");
    homes(ANY_DRIVE, "Users", "*");
  }

  private void homes(String... names) {
    Node node = start;
    for (String name : names) {
      node.isAboveHomes = true;
      node = name.equals("*") ? globChild(node, name) : child(node, key(name));
    }
    node.isHome = true;
  }

  private String key(String name) {
    return isFolded ? Folding.fold(name) : name;
  }

  private Node node() {
    return new Node(size++);
  }

  private Node child(Node node, String name) {
    return node.names.computeIfAbsent(name, key -> node());
  }

  private Node globChild(Node node, String glob) {
    NameGlob compiled = new NameGlob.Builder(isFolded).glob(glob).build(false);
    List<GlobEdge> edges = node.globs.computeIfAbsent(compiled.ending(), k -> new ArrayList<>(2));
    for (GlobEdge edge : edges) {
      if (edge.glob.isSame(compiled)) {
        return edge.node;
      }
    }
    Node added = node();
    edges.add(new GlobEdge(compiled, added));
    return added;
  }

  /**
   * Adds a pattern.
   *
   * @param names its root and the names below; {@code **} for any number of names
   * @param pattern its number, at least as large as that of the pattern added before
   */
  void add(List<PathPattern.Name> names, int pattern) {
    List<Node> way = new ArrayList<>();
    Node node = start;
    for (int i = 0; i < names.size(); i++) {
      PathPattern.Name name = names.get(i);
      boolean isLast = i == names.size() - 1;
      if (name.kind() == PathPattern.Kind.ANY_DEPTH && !isLast) {
        // Names at any depth, which a recursive operation may or may not find, do not count.
        way.clear();
        node = deep(node);
        continue;
      }
      way.add(node);
      node =
          switch (name.kind()) {
            case ANY_DEPTH -> below(node);
            case GLOB -> globChild(node, name.text());
            case NAME -> child(node, key(name.text()));
            case ROOT -> child(node, name.text());
          };
    }
    for (Node passed : way) {
      if (passed != start && !passed.isFloating) {
        passed.through.add(pattern);
      }
    }
    node.ends.add(pattern);
  }

  private Node deep(Node node) {
    Node deep = node.deep;
    if (deep == null) {
      deep = node();
      deep.isLoop = true;
      deep.isFloating = true;
      node.deep = deep;
    }
    return deep;
  }

  private Node below(Node node) {
    Node below = node.below;
    if (below == null) {
      below = node();
      below.isLoop = true;
      node.below = below;
    }
    return below;
  }

  /**
   * Reports the patterns that match an operation on a path.
   *
   * @param isRecursive true if it reaches everything below the path
   */
  void concerned(CanonicalPath path, boolean isRecursive, Surroundings surroundings, Found found) {
    new Walk(path, isRecursive, false, surroundings, found).run();
  }

  /**
   * Reports the patterns that certainly match an operation on a path.
   *
   * @param isItself true if only the path itself counts, not what lies below it
   */
  void certain(
      CanonicalPath path,
      boolean isRecursive,
      boolean isItself,
      Surroundings surroundings,
      IntConsumer found) {
    Found certain =
        (pattern, relation) -> {
          if (relation == Relation.YES) {
            found.accept(pattern);
          }
        };
    Walk walk = new Walk(path, isRecursive, false, surroundings, certain);
    walk.isItself = isItself;
    walk.isSureOnly = true;
    walk.run();
  }

  /** Returns true if {@link #certain} reports any pattern. */
  boolean isConcerned(
      CanonicalPath path, boolean isRecursive, boolean isItself, Surroundings surroundings) {
    boolean[] isFound = {false};
    certain(path, isRecursive, isItself, surroundings, pattern -> isFound[0] = true);
    return isFound[0];
  }

  /** Returns true if a pattern matches every path that this path may be. */
  boolean includes(CanonicalPath path, Surroundings surroundings) {
    boolean[] isFound = {false};
    if (!path.isOpaque() && !path.hasUnknown()) {
      new Walk(path, false, true, surroundings, (pattern, relation) -> isFound[0] = true).run();
    }
    return isFound[0];
  }

  /** The names that lead to the node of the working directory, or of a home in an unusual place. */
  private static final class Way {
    final List<Component> names;
    final Node target;
    int at;
    Relation relation = Relation.YES;

    Way(CanonicalPath path, Node target) {
      names = path.components();
      this.target = target;
    }

    boolean isOpen() {
      return relation != Relation.NO && at < names.size();
    }
  }

  /** One comparison. */
  private final class Walk {
    private final List<Component> components;
    private final boolean isRecursive;

    /** True if a component must match with every name that it may be. */
    private final boolean isCertain;

    /** True if only the path itself counts, because what a search finds below it may not exist. */
    private boolean isItself;

    /** True if only certain matches are reported, which saves most of the walk. */
    private boolean isSureOnly;

    /** True if a later component selects only some of the names. */
    private boolean filters;

    /** The relation of a name directly after {@code **} in the path; null elsewhere. */
    private @Nullable Relation named;

    private final Found found;
    private final List<Way> ways = new ArrayList<>(2);
    private boolean skipsEnds;
    private List<Node> nodes = new ArrayList<>();
    private List<Relation> relations = new ArrayList<>();
    private List<Node> nextNodes = new ArrayList<>();
    private List<Relation> nextRelations = new ArrayList<>();

    /** By relation, the nodes below which the current step has already entered everything. */
    private @Nullable BitSet surelyReached;

    private @Nullable BitSet maybeReached;

    /**
     * The index in {@link #nextNodes} by node number; valid only if there are more than a few
     * nodes.
     */
    private int[] places = {};

    Walk(
        CanonicalPath path,
        boolean isRecursive,
        boolean isCertain,
        Surroundings surroundings,
        Found found) {
      components = path.components();
      this.isRecursive = isRecursive;
      this.isCertain = isCertain;
      this.found = found;
      if (!workingDirectory.names.isEmpty()
          || workingDirectory.ends.size + workingDirectory.through.size > 0
          || workingDirectory.deep != null) {
        ways.add(new Way(surroundings.workingDirectory(), workingDirectory));
      }
      surroundings.home().ifPresent(place -> ways.add(new Way(place, home)));
    }

    void run() {
      int wideFrom = components.size();
      while (isRecursive && wideFrom > 1 && components.get(wideFrom - 1).isWide()) {
        wideFrom--;
      }
      int lastNarrow = components.size();
      while (lastNarrow > 0 && components.get(lastNarrow - 1).isWide()) {
        lastNarrow--;
      }
      enterNext(start, Relation.YES);
      turn();
      for (int i = 0; i < components.size() && isOpen(); i++) {
        if (i >= wideFrom) {
          // A recursive operation on dir/* is one on all content of dir, so patterns that end at
          // dir match.
          for (int k = 0; k < nodes.size(); k++) {
            report(nodes.get(k).ends, relations.get(k));
          }
        }
        // Before the end of the path, a node at which patterns only end has no effect.
        skipsEnds = i + 1 < wideFrom;
        filters = isItself || i + 1 < lastNarrow;
        step(components.get(i));
      }
      finish();
    }

    private boolean isOpen() {
      boolean isOpen = !nodes.isEmpty();
      for (Way way : ways) {
        isOpen |= way.isOpen();
      }
      return isOpen;
    }

    private void finish() {
      for (int i = 0; i < nodes.size(); i++) {
        Node node = nodes.get(i);
        Relation relation = relations.get(i);
        report(node.ends, relation);
        if (isRecursive) {
          report(node.through, relation);
          if (node.isAboveHomes) {
            reportAll(home, relation);
          }
        }
      }
      for (Way way : ways) {
        if (isRecursive && way.isOpen()) {
          reportAll(way.target, way.relation);
        }
      }
    }

    private void reportAll(Node node, Relation relation) {
      report(node.ends, relation);
      report(node.through, relation);
    }

    private void report(Numbers patterns, Relation relation) {
      for (int i = 0; i < patterns.size; i++) {
        found.found(patterns.numbers[i], relation);
      }
    }

    private void step(Component component) {
      surelyReached = null;
      maybeReached = null;
      for (Way way : ways) {
        if (way.isOpen()) {
          step(way, component);
        }
      }
      for (int i = 0; i < nodes.size(); i++) {
        Node node = nodes.get(i);
        Relation relation = relations.get(i);
        switch (component.kind()) {
          case ROOT -> root(node, component, relation);
          case NAME -> name(node, component, relation);
          case GLOB, SHORT -> choice(node, component, relation, relation);
          case PARTLY_KNOWN -> choice(node, component, relation, Relation.MAYBE);
          case UNKNOWN -> any(node, relation, Relation.MAYBE);
          case ANY_DEPTH -> any(node, relation, relation);
        }
      }
      named = component.is(Kind.ANY_DEPTH) && filters ? strongest() : null;
      turn();
    }

    private Relation strongest() {
      Relation strongest = Relation.NO;
      for (Relation relation : relations) {
        strongest = relation.compareTo(strongest) > 0 ? relation : strongest;
      }
      return strongest;
    }

    private void step(Way way, Component component) {
      Component name = way.names.get(way.at);
      if (component.is(Kind.UNKNOWN) && !component.isSame(name)) {
        // The unknown part may end anywhere along these names, or at their end.
        way.relation = Relation.MAYBE;
        enterNext(way.target, Relation.MAYBE);
        return;
      }
      if (component.is(Kind.ANY_DEPTH)) {
        enterNext(way.target, way.relation);
        return;
      }
      boolean matches =
          component.isSame(name)
              || !isCertain && name.is(Kind.NAME) && component.matches(name.folded());
      if (!matches) {
        way.relation = Relation.NO;
        return;
      }
      if (component.is(Kind.PARTLY_KNOWN) && !component.isSame(name)) {
        way.relation = Relation.MAYBE;
      }
      way.at++;
      if (way.at == way.names.size()) {
        enterNext(way.target, way.relation);
      }
    }

    private void root(Node node, Component component, Relation relation) {
      toName(node, component.text(), relation);
      if (CanonicalPath.isDriveRoot(component.text())) {
        toName(node, ANY_DRIVE, relation);
      }
      pass(node, relation);
    }

    private void name(Node node, Component component, Relation relation) {
      String name = isFolded ? component.folded() : component.text();
      toName(node, name, relation);
      if (!node.globs.isEmpty()) {
        matching(node, "", name, relation);
        String ending = NameGlob.ending(name);
        if (!ending.isEmpty()) {
          matching(node, ending, name, relation);
        }
      }
      pass(node, relation);
    }

    private void matching(Node node, String ending, String name, Relation relation) {
      for (GlobEdge edge : node.globs.getOrDefault(ending, List.of())) {
        if (!(skipsEnds && edge.node.isLeaf()) && edge.glob.matches(name)) {
          enterNext(edge.node, relation);
        }
      }
    }

    private void toName(Node node, String name, Relation relation) {
      Node next = node.names.get(name);
      if (next != null) {
        enterNext(next, named == null ? relation : named);
      }
    }

    /** Follows a component that stands for one of several names. */
    private void choice(Node node, Component component, Relation relation, Relation matched) {
      // Among files at any depth, "*" may be any file; in a fixed directory, it is every file.
      boolean isAnything = node.isFloating && component.glob().isBroad();
      Relation found = isAnything ? Relation.MAYBE : matched;
      Relation ofName = named == null || isAnything ? found : named;
      Relation ofGlob = node.isFloating ? Relation.MAYBE : found;
      if (!isCertain && counts(ofName)) {
        // A short name begins like the name without its dots and blanks.
        String beginning = component.is(Kind.SHORT) ? "" : component.glob().beginning();
        node.forEach(
            beginning,
            (name, next) -> {
              if (component.matches(name)) {
                enterNext(next, ofName);
              }
            });
      }
      if (!isCertain && counts(ofGlob)) {
        for (List<GlobEdge> edges : node.globs.values()) {
          choices(edges, component.glob(), relation, ofGlob);
        }
      } else if (!node.globs.isEmpty()) {
        // Only globs with the component's ending can cover it.
        String ending = component.glob().ending();
        choices(node.globs.get(""), component.glob(), relation, null);
        if (!ending.isEmpty()) {
          choices(node.globs.get(ending), component.glob(), relation, null);
        }
      }
      pass(node, relation);
    }

    /**
     * Follows globs.
     *
     * @param ofOverlap the relation for a glob that only shares some names with the other; null if
     *     such globs do not match
     */
    private void choices(
        @Nullable List<GlobEdge> edges,
        NameGlob glob,
        Relation relation,
        @Nullable Relation ofOverlap) {
      if (edges == null) {
        return;
      }
      for (GlobEdge edge : edges) {
        if (edge.glob.covers(glob)) {
          enterNext(edge.node, relation);
        } else if (ofOverlap != null && edge.glob.intersects(glob)) {
          enterNext(edge.node, ofOverlap);
        }
      }
    }

    /** Follows a component that stands for any number of names. */
    private void any(Node node, Relation relation, Relation reached) {
      pass(node, relation);
      if (!isCertain && counts(reached)) {
        reach(node, reached);
      }
    }

    /**
     * Enters a node and all nodes below it. If only some names are meant, or a pattern has {@code
     * **} before them, the nodes below match only possibly.
     */
    private void reach(Node node, Relation relation) {
      if (!counts(relation) || !isFirst(node, relation)) {
        return;
      }
      // A search for a name below /home may find a home itself, which only a recursive operation
      // harms.
      boolean isOfHomes = filters && !isRecursive && node.holdsHomes();
      if (node != start && !isOfHomes) {
        enterNext(node, relation);
      }
      Relation further = node.isFloating || filters ? Relation.MAYBE : relation;
      node.names.values().forEach(next -> reach(next, further));
      for (List<GlobEdge> edges : node.globs.values()) {
        edges.forEach(edge -> reach(edge.node, further));
      }
      if (node.deep != null) {
        reach(node.deep, node.isFloating ? further : relation);
      }
      if (node.below != null) {
        reach(node.below, further);
      }
      if (node.isHome) {
        reach(home, further);
      }
    }

    /**
     * Returns true if this step has not yet reached a node with this relation or a stronger one.
     * The nodes reached from a node depend only on the relation, and a stronger one reaches more,
     * so each step needs to visit a node only once.
     */
    private boolean isFirst(Node node, Relation relation) {
      BitSet surely = surelyReached;
      BitSet maybe = maybeReached;
      if (surely == null || maybe == null) {
        surely = new BitSet(size);
        maybe = new BitSet(size);
        surelyReached = surely;
        maybeReached = maybe;
      }
      if (surely.get(node.id) || relation != Relation.YES && maybe.get(node.id)) {
        return false;
      }
      (relation == Relation.YES ? surely : maybe).set(node.id);
      return true;
    }

    private boolean counts(Relation relation) {
      return !isSureOnly || relation == Relation.YES;
    }

    /** Enters the nodes to which any name leads. */
    private void pass(Node node, Relation relation) {
      if (node.isLoop) {
        enterNext(node, relation);
      }
      if (node.below != null) {
        enterNext(node.below, relation);
      }
    }

    /**
     * Enters a node, and the nodes that belong to it, for the next step; returns whether this is
     * new.
     */
    private boolean enterNext(Node node, Relation relation) {
      if (!counts(relation)) {
        return false;
      }
      int at = at(node);
      if (at >= 0) {
        if (nextRelations.get(at).compareTo(relation) >= 0) {
          return false;
        }
        nextRelations.set(at, relation);
        enterOthers(node, relation);
        return true;
      }
      nextNodes.add(node);
      nextRelations.add(relation);
      notePlace();
      enterOthers(node, relation);
      return true;
    }

    /** Returns the index of a node among those entered; -1 if it was not entered. */
    private int at(Node node) {
      if (nextNodes.size() <= FEW_NODES) {
        return nextNodes.indexOf(node);
      }
      int at = places[node.id];
      return at < nextNodes.size() && nextNodes.get(at) == node ? at : -1;
    }

    /** Records the index of the last node entered. */
    private void notePlace() {
      int count = nextNodes.size();
      if (count <= FEW_NODES) {
        return;
      }
      if (places.length == 0) {
        places = new int[size];
      }
      // The indices of the first few nodes are recorded when there is one more.
      for (int i = count == FEW_NODES + 1 ? 0 : count - 1; i < count; i++) {
        places[nextNodes.get(i).id] = i;
      }
    }

    private void enterOthers(Node node, Relation relation) {
      if (node.deep != null) {
        enterNext(node.deep, relation);
      }
      if (node.isHome) {
        enterNext(home, relation);
      }
    }

    private void turn() {
      List<Node> passedNodes = nodes;
      List<Relation> passedRelations = relations;
      nodes = nextNodes;
      relations = nextRelations;
      nextNodes = passedNodes;
      nextRelations = passedRelations;
      nextNodes.clear();
      nextRelations.clear();
    }
  }
}
