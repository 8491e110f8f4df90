// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Arithmetic gives the values that bash gives. */
class ArithmeticTest {
  @TempDir Path folder;

  /** The variables of a script. */
  private static final class Memory implements Arithmetic.Variables {
    final Map<String, @Nullable String> values = new HashMap<>();

    @Override
    public @Nullable String get(String name) {
      return values.getOrDefault(name, "");
    }

    @Override
    public void set(String name, @Nullable String value) {
      values.put(name, value);
    }
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "2**3**2, 512",
        "3**64, 8733086111712066817",
        "2**64, 0",
        "0 && (x=1), 0",
        "1 || (x=1), 1",
        "1 ? 2 : (x=1), 2",
        "0 ? (x=1) : 3, 3",
        "0 && 1/0, 0",
        "0 || 0 && (x=1) || 4, 1",
        "-2**2, 4"
      })
  void valueMatchesBash(String expression, long value) {
    Memory memory = new Memory();

    assertThat(Arithmetic.evaluate(expression, memory)).isEqualTo(value);
    assertThat(memory.values).doesNotContainKey("x");
  }

  @ParameterizedTest
  @CsvSource({"1/0", "1%0", "2**-1", "1 || 2**-1", "1 ? 2", "1 +", "08"})
  void expressionThatBashRejectsHasNoValue(String expression) {
    assertThat(Arithmetic.evaluate(expression, new Memory())).isNull();
  }

  @Test
  void randomExpressionsMatchBash() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no bash here: not compared");
    SplittableRandom random = new SplittableRandom(20261130);
    List<String> expressions = new ArrayList<>();
    StringBuilder script = new StringBuilder();
    for (int i = 0; i < 3_000; i++) {
      String expression = expression(random, 3);
      expressions.add(expression);
      script.append(
          "x=5; y=0; let 'r = (%s), 1' && echo $r $x $y || echo -\n".formatted(expression));
    }
    Path file = Files.writeString(folder.resolve("script"), script);
    Process bash =
        new ProcessBuilder("/bin/bash", file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    List<String> expected =
        new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();

    assertThat(expected).hasSameSizeAs(expressions);
    for (int i = 0; i < expected.size(); i++) {
      Memory memory = new Memory();
      memory.set("x", "5");
      memory.set("y", "0");
      Long value = Arithmetic.evaluate(expressions.get(i), memory);
      String actual = value == null ? "-" : value + " " + memory.get("x") + " " + memory.get("y");
      assertThat(actual).as(expressions.get(i)).isEqualTo(expected.get(i));
    }
  }

  private static String expression(SplittableRandom random, int depth) {
    if (depth == 0) {
      return List.of("x", "y", "x++", "--y", "3", "0", "0x1f", "017", "2#101", "9")
          .get(random.nextInt(10));
    }
    List<String> operators =
        List.of(
            "||", "&&", "|", "^", "&", "==", "!=", "<=", ">=", "<", ">", "<<", ">>", "+", "-", "*",
            "/", "%", "**");
    String left = expression(random, depth - 1);
    String right = expression(random, depth - 1);
    return switch (random.nextInt(10)) {
      case 0 -> "(" + left + ")";
      case 1 -> left + " ? " + right + " : " + expression(random, depth - 1);
      case 2 -> "(x = " + left + ")";
      case 3 -> "(y += " + left + ")";
      case 4 -> "!" + "(" + left + ")";
      default -> left + " " + operators.get(random.nextInt(operators.size())) + " " + right;
    };
  }
}
