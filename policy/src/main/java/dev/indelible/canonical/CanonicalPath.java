// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.canonical.Component.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A path in the one form in which rules compare it: absolute, without {@code .}, {@code ..} and
 * {@code //}, in one spelling for Windows, WSL, Cygwin, macOS and {@code /proc}.
 *
 * <p>The form is lexical: the file system is not used. Parts of it may be unknown. Two paths are
 * equal if they differ only in case or Unicode form.
 *
 * <p>Immutable.
 */
public final class CanonicalPath {
  static final String POSIX_ROOT = "/";
  static final String HOME_ROOT = "~";

  /** The directory that contains the home: {@code ~/..}. */
  static final String HOMES_ROOT = "~/..";

  static final String SCRATCH_ROOT = "<scratch>";
  static final String UNC_ROOT = "//";
  static final String DEVICE_ROOT = "//.";

  private final List<Component> components;
  private final boolean endsWithSeparator;
  private final @Nullable String problem;

  CanonicalPath(List<Component> components, boolean endsWithSeparator) {
    this.components = components;
    this.endsWithSeparator = endsWithSeparator;
    problem = null;
  }

  private CanonicalPath(String text, String problem) {
    components = List.of(Component.unknown(text));
    endsWithSeparator = false;
    this.problem = problem;
  }

  /**
   * Returns a path that has no canonical form. Every pattern counts as possibly matching.
   *
   * @param text the path in words
   * @param problem why, for example {@code the path is empty}
   */
  static CanonicalPath opaque(String text, String problem) {
    return new CanonicalPath(text, problem);
  }

  static boolean isDriveRoot(String root) {
    return root.length() == 2 && root.charAt(1) == ':';
  }

  List<Component> components() {
    return components;
  }

  Component root() {
    return components.get(0);
  }

  boolean isWindows() {
    String root = root().text();
    return root().is(Kind.ROOT)
        && (isDriveRoot(root) || root.equals(UNC_ROOT) || root.equals(DEVICE_ROOT));
  }

  /** Returns true if the path has no canonical form. */
  public boolean isOpaque() {
    return problem != null;
  }

  /** Returns why the path has no canonical form; empty if it has one. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  /** Returns true if every component is known; the home may be unknown. */
  public boolean isKnown() {
    for (Component component : components) {
      if (!component.is(Kind.ROOT) && !component.is(Kind.NAME)) {
        return false;
      }
    }
    return true;
  }

  /** Returns true if a part is unknown. A glob counts as known. */
  public boolean hasUnknown() {
    for (Component component : components) {
      if (component.is(Kind.UNKNOWN) || component.is(Kind.PARTLY_KNOWN)) {
        return true;
      }
    }
    return false;
  }

  /** Returns true if the beginning of the path is unknown. */
  public boolean hasUnknownRoot() {
    return root().is(Kind.UNKNOWN);
  }

  /** Returns true if the path is a temporary directory that the action creates, or is in one. */
  public boolean isScratch() {
    return root().is(Kind.ROOT) && root().text().equals(SCRATCH_ROOT);
  }

  /**
   * Returns true if the path was written with a separator at its end. Then a link at the end is
   * followed.
   */
  public boolean endsWithSeparator() {
    return endsWithSeparator;
  }

  /** Returns the known components at the beginning as a path; empty if there are none. */
  public Optional<CanonicalPath> knownPrefix() {
    int known = 0;
    while (known < components.size()
        && (components.get(known).is(Kind.ROOT) || components.get(known).is(Kind.NAME))) {
      known++;
    }
    return known == 0
        ? Optional.empty()
        : Optional.of(new CanonicalPath(List.copyOf(components.subList(0, known)), false));
  }

  /** Returns true if the path is known to be equal to another path, or to be below it. */
  public boolean startsWith(CanonicalPath other) {
    if (isOpaque() || other.isOpaque() || other.components.size() > components.size()) {
      return false;
    }
    for (int i = 0; i < other.components.size(); i++) {
      if (!components.get(i).isSame(other.components.get(i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns true if the path lies below a directory, and the beginning of its first name there is
   * known.
   */
  public boolean hasConstantBelow(CanonicalPath directory) {
    int size = directory.components.size();
    return startsWith(directory)
        && components.size() > size
        && components.get(size).beginsWithConstant();
  }

  /**
   * Returns true if the path lies below an unknown working directory, for example of a command in a
   * container, and the beginning of its first name there is known.
   */
  public boolean hasConstantBelowUnknown() {
    return root().is(Kind.UNKNOWN)
        && root().text().equals("$PWD")
        && components.size() > 1
        && components.get(1).beginsWithConstant();
  }

  /** Returns this path with its beginning replaced, for example a link by its target. */
  public CanonicalPath moved(CanonicalPath from, CanonicalPath to) {
    if (!startsWith(from) || to.isOpaque()) {
      return this;
    }
    List<Component> moved = new ArrayList<>(to.components);
    moved.addAll(components.subList(from.components.size(), components.size()));
    return new CanonicalPath(List.copyOf(moved), endsWithSeparator);
  }

  /**
   * Returns the path as text. If the path is known, {@link Surroundings#path} can read this text.
   */
  public String display() {
    String root = root().text();
    if (components.size() == 1) {
      return isDriveRoot(root) ? root.toUpperCase(Locale.ROOT) + "\\" : windowsRoot(root);
    }
    boolean isWindows = isWindows();
    StringBuilder out = new StringBuilder();
    if (isDriveRoot(root)) {
      out.append(root.toUpperCase(Locale.ROOT)).append('\\');
    } else if (isWindows) {
      out.append(windowsRoot(root)).append(root.equals(UNC_ROOT) ? "" : "\\");
    } else {
      out.append(root).append(root.equals(POSIX_ROOT) ? "" : "/");
    }
    for (int i = 1; i < components.size(); i++) {
      out.append(i == 1 ? "" : isWindows ? "\\" : "/").append(components.get(i).text());
    }
    return out.toString();
  }

  private static String windowsRoot(String root) {
    return root.startsWith("//") ? root.replace('/', '\\') : root;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CanonicalPath path
        && isOpaque() == path.isOpaque()
        && components.size() == path.components.size()
        && startsWithAll(path);
  }

  private boolean startsWithAll(CanonicalPath path) {
    for (int i = 0; i < components.size(); i++) {
      if (!components.get(i).isSame(path.components.get(i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (Component component : components) {
      hash = 31 * hash + component.folded().hashCode();
    }
    return hash;
  }

  @Override
  public String toString() {
    return display();
  }
}
