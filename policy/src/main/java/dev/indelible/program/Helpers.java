// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.Set;

/**
 * Programs that command lines often name in an option or variable of another program: pagers,
 * editors, transports, compressors, filters. Running one of these in this way does not count as a
 * detour.
 */
final class Helpers {
  private static final Set<String> NAMES =
      Set.of(
          // Nothing.
          "true",
          "false",
          ":",
          // Pagers and editors.
          "cat",
          "less",
          "more",
          "most",
          "delta",
          "bat",
          "vi",
          "vim",
          "nano",
          // Transports.
          "ssh",
          "rsh",
          "git-upload-pack",
          "git-receive-pack",
          // Compressors.
          "brotli",
          "bunzip2",
          "bzip2",
          "compress",
          "gunzip",
          "gzip",
          "lbzip2",
          "lz4",
          "lzip",
          "lzma",
          "lzop",
          "pbzip2",
          "pigz",
          "pixz",
          "plzip",
          "pxz",
          "pzstd",
          "unxz",
          "unzstd",
          "xz",
          "zstd",
          "zstdmt",
          // Filters.
          "column",
          "cut",
          "date",
          "head",
          "sort",
          "tail",
          "tr",
          "uniq",
          "wc");

  private static final String PLAIN = "-_. /:@=,~+%";

  private Helpers() {}

  /** Returns whether a command is one of these programs with arguments, without shell syntax. */
  static boolean isUsual(Value command) {
    if (!Values.isKnown(command)) {
      return false;
    }
    String text = command.prefix().strip();
    for (int i = 0; i < text.length(); i++) {
      if (!Character.isLetterOrDigit(text.charAt(i)) && PLAIN.indexOf(text.charAt(i)) < 0) {
        // The usual way of awk to write to the standard error.
        return text.equals("cat 1>&2") || text.equals("cat >&2");
      }
    }
    int end = text.indexOf(' ');
    String program = end < 0 ? text : text.substring(0, end);
    return NAMES.contains(program.startsWith("/usr/bin/") ? program.substring(9) : program);
  }
}
