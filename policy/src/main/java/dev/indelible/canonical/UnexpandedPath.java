// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A path that no shell has expanded, in the form that tools accept: {@code ~} at its beginning is
 * the home, and so are the variables that contain it on POSIX systems, in {@code cmd} and in
 * PowerShell.
 */
public final class UnexpandedPath {
  private static final Value HOME = Value.unknown(Origin.HOME, "");
  private static final Value SCRATCH = Value.unknown(Origin.SCRATCH, "");

  /** The possible beginnings of a path, longer ones first. */
  private static final Map<String, Value> BEGINNINGS = new LinkedHashMap<>();

  static {
    variables("HOMEDRIVE%%HOMEPATH", HOME);
    variables("USERPROFILE", HOME);
    variables("HOME", HOME);
    variables("LOCALAPPDATA", HOME.plus(Value.of("\\AppData\\Local")));
    variables("APPDATA", HOME.plus(Value.of("\\AppData\\Roaming")));
    variables("TEMP", SCRATCH);
    variables("TMP", SCRATCH);
    variables("TMPDIR", SCRATCH);
    variables("SYSTEMROOT", Value.of("C:\\Windows"));
    variables("WINDIR", Value.of("C:\\Windows"));
    variables("SYSTEMDRIVE", Value.of("C:"));
    variables("PROGRAMDATA", Value.of("C:\\ProgramData"));
    variables("PROGRAMFILES", Value.of("C:\\Program Files"));
    BEGINNINGS.put("~", HOME);
  }

  private UnexpandedPath() {}

  private static void variables(String name, Value value) {
    BEGINNINGS.put("%" + name + "%", value);
    BEGINNINGS.put("${env:" + name + "}", value);
    BEGINNINGS.put("$env:" + name, value);
    BEGINNINGS.put("${" + name + "}", value);
    BEGINNINGS.put("$" + name, value);
  }

  /** Returns the path with its beginning expanded, without regard to case. */
  public static Value value(String path) {
    if (path.isEmpty() || "~%$".indexOf(path.charAt(0)) < 0) {
      return Value.of(path);
    }
    for (Map.Entry<String, Value> beginning : BEGINNINGS.entrySet()) {
      String name = beginning.getKey();
      int end = name.length();
      boolean isWhole =
          path.length() == end
              || path.length() > end && (path.charAt(end) == '/' || path.charAt(end) == '\\');
      if (isWhole && path.regionMatches(true, 0, name, 0, end)) {
        return beginning.getValue().plus(Value.of(path.substring(end)));
      }
    }
    return Value.of(path);
  }
}
