// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/** Paths as far as the interpretation of a script needs them: joined and shortened lexically. */
final class Paths {
  private Paths() {}

  /**
   * Returns the absolute path. If the whole path is known, {@code .} and {@code ..} are removed.
   */
  static Value resolve(Value path, Value directory) {
    Value absolute = path;
    if (!isAbsolute(path)) {
      boolean isWhole = path.pieces().isEmpty() || path.prefix().equals(".") && path.isKnown();
      absolute = isWhole ? directory : directory.plus(Value.of("/")).plus(path);
    }
    return absolute.isKnown() ? Value.of(shortened(absolute.prefix())) : absolute;
  }

  /** Returns true if a path does not depend on the working directory, as far as it is known. */
  static boolean isAbsolute(Value path) {
    if (path.pieces().isEmpty()) {
      return false;
    }
    if (!(path.pieces().get(0) instanceof Value.Known known)) {
      return path.pieces().get(0) instanceof Value.Unknown;
    }
    String text = known.text();
    return text.charAt(0) == '/'
        || text.charAt(0) == '\\'
        || text.length() > 2 && text.charAt(1) == ':' && "/\\".indexOf(text.charAt(2)) >= 0;
  }

  /** Returns a name under which a path is remembered. */
  static String key(Value path, Value directory) {
    Value resolved = resolve(path, directory);
    return resolved.isKnown() ? resolved.prefix() : resolved.display();
  }

  /** Removes {@code .}, {@code ..} and repeated slashes. */
  static String shortened(String path) {
    if (!path.startsWith("/") || path.indexOf("//") < 0 && path.indexOf("/.") < 0 && isBare(path)) {
      return path;
    }
    List<String> components = new ArrayList<>();
    for (String component : path.split("/")) {
      if (component.equals("..")) {
        if (!components.isEmpty()) {
          components.remove(components.size() - 1);
        }
      } else if (!component.isEmpty() && !component.equals(".")) {
        components.add(component);
      }
    }
    return "/" + String.join("/", components);
  }

  private static boolean isBare(String path) {
    return path.length() == 1 || !path.endsWith("/");
  }

  /**
   * Returns true if a path is the name of the script itself. A script that an agent runs is not a
   * file.
   */
  static boolean isScript(Value path) {
    return path.pieces().size() == 1
        && path.pieces().get(0) instanceof Value.Unknown unknown
        && unknown.origin() == Origin.VARIABLE
        && (unknown.detail().equals("0") || unknown.detail().equals("BASH_SOURCE"));
  }

  /**
   * Returns the parent directory of a path, lexically. For the script itself, which is not a file,
   * returns the working directory.
   */
  static Value parent(Value path) {
    if (isScript(path)) {
      return Value.of(".");
    }
    String text = path.isKnown() ? path.prefix() : "";
    if (path.isKnown()) {
      int end = text.length();
      while (end > 1 && text.charAt(end - 1) == '/') {
        end--;
      }
      int slash = text.lastIndexOf('/', end - 1);
      return Value.of(slash < 0 ? "." : slash == 0 ? "/" : text.substring(0, slash));
    }
    int last = path.pieces().size() - 1;
    if (path.pieces().get(last) instanceof Value.Known known && known.text().indexOf('/') >= 0) {
      List<Value.Piece> pieces = new ArrayList<>(path.pieces());
      pieces.set(last, new Value.Known(known.text().substring(0, known.text().lastIndexOf('/'))));
      return new Value(pieces);
    }
    boolean isHome =
        path.pieces().get(last) instanceof Value.Unknown unknown && unknown.origin() == Origin.HOME;
    return isHome ? path.plus(Value.of("/..")) : Transforms.weakened(path);
  }
}
