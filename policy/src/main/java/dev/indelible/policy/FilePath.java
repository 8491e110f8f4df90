// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Normalises paths for matching: absolute, with {@code //}, {@code .} and {@code ..} resolved.
 *
 * <p>Lexical: symbolic links are not followed, so a decision needs no file system and has no race
 * with one.
 */
final class FilePath {
  private FilePath() {}

  /**
   * Returns the normal form of {@code path}; a relative path is resolved against the working
   * directory.
   *
   * @throws IllegalArgumentException if it is empty, contains a null byte (at which some systems
   *     end a path), or leaves an unnamed directory by {@code ..}
   */
  static String normalise(String path) {
    if (path.isEmpty()) {
      throw new IllegalArgumentException("the path is empty; it names no file");
    }
    if (path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("path " + Quoted.of(path) + " contains a null byte");
    }
    boolean absolute = path.startsWith("/");
    Deque<String> names = new ArrayDeque<>();
    for (String name : path.split("/")) {
      if (name.equals("..")) {
        if (names.pollLast() == null && !absolute) {
          throw new IllegalArgumentException(
              "path %s leaves an unnamed directory by \"..\"; use an absolute path"
                  .formatted(Quoted.of(path)));
        }
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.addLast(name);
      }
    }
    String below = names.isEmpty() ? "" : "/" + String.join("/", names);
    String normal = absolute ? below : workingDirectory() + below;
    return normal.isEmpty() ? "/" : normal;
  }

  /**
   * Compiles a glob for normal forms.
   *
   * @throws IllegalArgumentException if it is invalid, or could never match a normal form
   */
  static Glob glob(String pattern) {
    Glob glob = Glob.compile(pattern);
    if (!pattern.startsWith("/") && !pattern.startsWith("**")) {
      throw new IllegalArgumentException(
          "path glob %s matches no absolute path; begin it with / or **/"
              .formatted(Quoted.of(pattern)));
    }
    for (String name : pattern.substring(1).split("/", -1)) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        throw new IllegalArgumentException(
            "path glob %s can never match: paths are matched without // . .. or a final /"
                .formatted(Quoted.of(pattern)));
      }
    }
    return glob;
  }

  private static String workingDirectory() {
    String directory = Path.of("").toAbsolutePath().toString();
    return directory.equals("/") ? "" : directory;
  }
}
