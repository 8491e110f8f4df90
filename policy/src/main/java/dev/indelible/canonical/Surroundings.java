// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where an action takes place: its working directory and its user's home.
 *
 * <p>Immutable.
 */
public final class Surroundings {
  private static final Value UNKNOWN_DIRECTORY = Value.unknown(Origin.VARIABLE, "PWD");
  private static final CanonicalPath NOWHERE =
      CanonicalPath.opaque("", "there is no working directory");
  private static final Surroundings UNKNOWN = of(UNKNOWN_DIRECTORY, Value.unknown(Origin.HOME, ""));

  private final CanonicalPath workingDirectory;
  private final @Nullable CanonicalPath home;

  private Surroundings(CanonicalPath workingDirectory, @Nullable CanonicalPath home) {
    this.workingDirectory = workingDirectory;
    this.home = home;
  }

  /**
   * Returns the surroundings of an action.
   *
   * @param workingDirectory the directory in which it starts; a relative path counts as unknown
   * @param home its user's home; {@code Value.unknown(Origin.HOME, "")} if that is unknown
   */
  public static Surroundings of(Value workingDirectory, Value home) {
    CanonicalPath homePath = PathReader.read(home, NOWHERE, null);
    CanonicalPath known =
        homePath.isKnown() && !isRoot(homePath, CanonicalPath.HOME_ROOT) ? homePath : null;
    CanonicalPath directory = PathReader.read(workingDirectory, NOWHERE, known);
    return new Surroundings(
        directory.isOpaque() ? PathReader.read(UNKNOWN_DIRECTORY, NOWHERE, null) : directory,
        known);
  }

  /** Returns surroundings without a known directory or home. */
  public static Surroundings unknown() {
    return UNKNOWN;
  }

  private static boolean isRoot(CanonicalPath path, String root) {
    return path.components().size() == 1 && path.root().text().equals(root);
  }

  /** Returns the working directory in which the action starts. */
  public CanonicalPath workingDirectory() {
    return workingDirectory;
  }

  /** Returns the home, if it is known. */
  public Optional<CanonicalPath> home() {
    return Optional.ofNullable(home);
  }

  /**
   * Returns these surroundings with another directory and home, for example the targets of links.
   * If the other directory or home has no canonical form, keeps the present one.
   */
  Surroundings at(CanonicalPath otherDirectory, @Nullable CanonicalPath otherHome) {
    boolean isSameDirectory = otherDirectory == workingDirectory || otherDirectory.isOpaque();
    boolean isSameHome = otherHome == null || otherHome == home || otherHome.isOpaque();
    return isSameDirectory && isSameHome
        ? this
        : new Surroundings(
            isSameDirectory ? workingDirectory : otherDirectory, isSameHome ? home : otherHome);
  }

  /**
   * Returns a path with the names that the file system must look up. It keeps {@code ..}, because
   * after a link {@code ..} leads to another directory than in the canonical form.
   */
  public CanonicalPath pathWithParents(Value path, CanonicalPath directory) {
    return PathReader.readWithParents(path, directory, home);
  }

  /** Returns the canonical form of a path that is relative to the action's working directory. */
  public CanonicalPath path(Value path) {
    return PathReader.read(path, workingDirectory, home);
  }

  /** Returns the canonical form of a path that is relative to another directory. */
  public CanonicalPath path(Value path, CanonicalPath directory) {
    return PathReader.read(path, directory, home);
  }
}
