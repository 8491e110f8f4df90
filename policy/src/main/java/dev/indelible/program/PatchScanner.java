// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;

/**
 * Finds the files that a patch changes. The patch has the format of coding agents, which begins
 * with {@code *** Begin Patch}, or the format of {@code diff -u}. Agents read their own format
 * leniently: in a here-document, and with white space around its markers.
 */
public final class PatchScanner {
  /** The language of patches. They are no code: they only change files. */
  public static final String LANGUAGE = "patch";

  private static final String BEGIN = "*** Begin Patch";

  /** Beginnings of a line with a written path. */
  private static final List<String> WRITTEN =
      List.of("*** Add File: ", "*** Update File: ", "*** Move to: ", "+++ ", "rename to ");

  /** Beginnings of a line with a deleted path. */
  private static final List<String> DELETED = List.of("*** Delete File: ", "rename from ");

  private PatchScanner() {}

  /** Returns true if a text has the form of a patch. */
  public static boolean isPatch(String text) {
    return text.startsWith("--- ")
        || text.startsWith("diff --git ")
        || text.contains(BEGIN) && text.lines().anyMatch(line -> line.strip().equals(BEGIN));
  }

  /** Adds the uses of a patch. */
  static void scan(Value patch, Uses uses) {
    Encoded encoded = new Encoded(patch);
    String before = "";
    for (String raw : encoded.text().split("\n")) {
      String marker = raw.strip();
      String line = marker.startsWith("*** ") ? marker : raw;
      String written = path(line, WRITTEN);
      String deleted = path(line, DELETED);
      if (written.equals("/dev/null") && line.startsWith("+++ ")) {
        uses.add(Role.DELETES, Values.path(before));
      } else if (!written.isEmpty()) {
        uses.add(Role.WRITES, Values.path(written));
      } else if (!deleted.isEmpty()) {
        uses.add(Role.DELETES, Values.path(deleted));
      }
      before = line.startsWith("--- ") ? path(line, List.of("--- ")) : before;
    }
  }

  /** Returns the path after one of the heads; empty if the line has none. */
  private static String path(String line, List<String> heads) {
    for (String head : heads) {
      if (line.startsWith(head)) {
        String rest = line.substring(head.length());
        int tab = rest.indexOf('\t');
        String path = (tab < 0 ? rest : rest.substring(0, tab)).strip();
        boolean isPrefixed = head.length() == 4 && (path.startsWith("a/") || path.startsWith("b/"));
        return isPrefixed ? path.substring(2) : path;
      }
    }
    return "";
  }
}
