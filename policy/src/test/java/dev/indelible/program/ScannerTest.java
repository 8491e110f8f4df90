// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The uses that the scanners of code and SQL find. The scanners end on any text. */
class ScannerTest {
  private static final List<String> LANGUAGES =
      List.of(
          "python",
          "node",
          "perl",
          "ruby",
          "php",
          "powershell",
          "cmd",
          "applescript",
          "lua",
          "make",
          "crontab",
          "sql");

  /** Fragments that the test repeats very often. */
  private static final List<String> STORMS =
      List.of(
          "(",
          "[",
          "{",
          "'",
          "\n",
          " ",
          "a(",
          "a.b(",
          "x=",
          "/*",
          "$(",
          "eval('",
          "#{",
          "a([",
          "a({b:",
          "new ",
          "import ",
          "do shell script ",
          "DELETE FROM ",
          "UPDATE ",
          "iex ",
          "system(",
          "$a$",
          "for x in [",
          "require('a')",
          "a|",
          "%",
          ";");

  @TestFactory
  Stream<DynamicTest> codeHasTheListedUses() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String block : Programs.resource("code.txt").split("(?m)^=== ")) {
      if (!block.startsWith("#")) {
        String language = block.substring(0, block.indexOf('\n'));
        int line = block.indexOf("\n---\n");
        String code = block.substring(language.length() + 1, line + 1);
        List<String> uses = block.substring(line + 5).lines().toList();
        tests.add(
            DynamicTest.dynamicTest(
                code.lines().findFirst().orElseThrow(),
                () -> assertThat(scan(language, Value.of(code))).isEqualTo(uses)));
      }
    }
    assertThat(tests).hasSizeGreaterThan(20);
    return tests.stream();
  }

  @Test
  void unknownTextBecomesPartOfTheArgument() {
    Value name = Value.unknown(Origin.VARIABLE, "NAME");
    Value code = Value.of("import os; os.remove('/x/").plus(name).plus(Value.of("')"));
    assertThat(scan("python", code)).containsExactly("deletes /x/$NAME");
    Value sql = Value.of("DROP TABLE ").plus(name);
    assertThat(scan("sql", sql)).containsExactly("destroys (DROP TABLE $NAME)");
  }

  @Test
  void scannersEndOnAnyText() {
    String alphabet = "\"'`(){}[]$#/*\\.,;:=+-%&|<>@! \n\tabxqrfu01DROPdel";
    Random random = new Random(42);
    for (int run = 0; run < 3000; run++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(60); i >= 0; i--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      for (String language : LANGUAGES) {
        assertThatCode(() -> scan(language, Value.of(text.toString())))
            .as("%s: %s", language, text)
            .doesNotThrowAnyException();
      }
    }
    for (String part : STORMS) {
      for (String language : LANGUAGES) {
        assertThatCode(() -> scan(language, Value.of(part.repeat(5_000))))
            .as("%s: many of %s", language, part)
            .doesNotThrowAnyException();
      }
    }
  }

  private static List<String> scan(String language, Value code) {
    List<Use> uses =
        language.equals("sql") ? SqlScanner.scan(code) : CodeScanner.scan(language, code);
    return uses.stream().map(Lines::display).toList();
  }
}
