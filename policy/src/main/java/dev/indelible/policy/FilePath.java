// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The one spelling under which a path is matched: absolute, with {@code //}, {@code .} and {@code
 * ..} worked out.
 *
 * <p>Lexical: symbolic links are not followed, so a decision needs no file system and cannot race
 * with one.
 */
final class FilePath {
  private FilePath() {}

  /**
   * The normal form of {@code path}; a relative one is taken from this process's directory.
   *
   * @throws IllegalArgumentException if it is empty, holds a null byte (which some systems end a
   *     path at), or climbs with {@code ..} out of a directory it does not name
   */
  static String normalise(String path) {
    if (path.isEmpty()) {
      throw new IllegalArgumentException("the path is empty; it names no file");
    }
    if (path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("path " + Quoted.of(path) + " holds a null byte");
    }
    boolean absolute = path.startsWith("/");
    Deque<String> names = new ArrayDeque<>();
    for (String name : path.split("/")) {
      if (name.equals("..")) {
        if (names.pollLast() == null && !absolute) {
          throw new IllegalArgumentException(
              "path %s climbs out of a directory it does not name; send an absolute path"
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
   * @throws IllegalArgumentException if it is bad, or could never match a normal form
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
            "path glob %s can never match, for paths are matched without // . .. or a last /"
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
