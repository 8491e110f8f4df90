// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Numbers in the library's messages are ASCII in every locale. {@code %s} always writes ASCII
 * digits; {@code %d} does so only with {@code Locale.ROOT}. The command line sets the locale of its
 * process, so it is not checked.
 */
class AsciiDigitsTest {
  private static final Pattern LOCAL_DIGITS = Pattern.compile("%[-,+(0-9.]*[dfeg]\\b");

  /** Maximum number of lines between {@code Locale.ROOT} and its format. */
  private static final int LINES_BEFORE = 6;

  @ParameterizedTest
  @ValueSource(strings = {"transparency", "core", "policy", "sqlite", "jdbc", "library"})
  void libraryFormatsNoNumberByTheLocale(String module) throws Exception {
    List<String> found = new ArrayList<>();
    Path sources = Path.of(System.getProperty("indelible.root"), module, "src", "main", "java");
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
          String around = String.join("\n", lines.subList(Math.max(0, i - LINES_BEFORE), i + 1));
          boolean isOurs = around.contains("Locale.ROOT") || around.contains(" text(");
          if (LOCAL_DIGITS.matcher(lines.get(i)).find() && !isOurs) {
            found.add(file + ":" + (i + 1) + ": " + lines.get(i).strip());
          }
        }
      }
    }
    assertThat(found).isEmpty();
  }
}
