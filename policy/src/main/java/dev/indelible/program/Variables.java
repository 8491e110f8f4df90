// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.Map;

/** Variables of the environment whose values are run as programs or code. */
final class Variables {
  /**
   * A variable.
   *
   * @param uses the uses of its value
   * @param harmless values that run nothing, and words of which such a value may consist; {@code
   *     x*} matches all words that begin with {@code x}
   */
  record Entry(List<Template> uses, List<String> harmless) {
    boolean isHarmless(Value value) {
      if (!Values.isKnown(value)) {
        return false;
      }
      String text = value.prefix();
      if (harmless.contains(text)) {
        return true;
      }
      for (String word : text.strip().split(" +")) {
        if (!isHarmlessWord(word)) {
          return false;
        }
      }
      return true;
    }

    private boolean isHarmlessWord(String word) {
      for (int i = 0; i < word.length(); i++) {
        if ("`$;|&<>()\n\t'\"\\".indexOf(word.charAt(i)) >= 0) {
          return false;
        }
      }
      for (String pattern : harmless) {
        boolean matches =
            pattern.endsWith("*")
                ? word.startsWith(pattern.substring(0, pattern.length() - 1))
                : word.equals(pattern);
        if (matches) {
          return true;
        }
      }
      return false;
    }
  }

  private final Map<String, Entry> entries;

  Variables(Map<String, Entry> entries) {
    this.entries = entries;
  }

  /** Returns the uses of a variable's value. */
  List<Use> uses(String name, Value value) {
    String key =
        name.startsWith("GIT_CONFIG_KEY_")
            ? "GIT_CONFIG_KEY_0"
            : name.startsWith("BASH_FUNC_") ? "BASH_FUNC_x" : name;
    Entry entry = entries.get(key);
    if (entry == null || value.pieces().isEmpty() || entry.isHarmless(value)) {
      return List.of();
    }
    Scan scan = new Scan(name, Grammar.NONE, List.of());
    scan.use(entry.uses(), List.of(value));
    return List.copyOf(scan.uses().list());
  }
}
