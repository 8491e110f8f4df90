// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.value.Value;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The table against the help texts of the programs that this machine has: an option that has no
 * value of its own must leave the next argument an operand, else the table hides what is done with
 * it.
 */
class HelpTextTest {
  /** Names of one option, without a value or with one that is attached; then its description. */
  private static final Pattern WITHOUT_VALUE =
      Pattern.compile("^ {1,8}(-\\w)?(?:, +|,? {2,})?(--[a-z0-9-]+)?(?:\\[.*|\\s{2,}.*|)$");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base64",
        "chgrp",
        "chown",
        "chrt",
        "chroot",
        "cmp",
        "comm",
        "cp",
        "csplit",
        "cut",
        "diff",
        "diff3",
        "du",
        "env",
        "expand",
        "fallocate",
        "flock",
        "fmt",
        "fold",
        "grep",
        "head",
        "hexdump",
        "install",
        "ionice",
        "join",
        "jq",
        "ln",
        "mkdir",
        "mv",
        "nice",
        "nl",
        "nohup",
        "nsenter",
        "od",
        "paste",
        "patch",
        "pr",
        "prlimit",
        "rm",
        "script",
        "sdiff",
        "sed",
        "setpriv",
        "setsid",
        "shred",
        "sort",
        "split",
        "stdbuf",
        "strace",
        "strings",
        "tac",
        "tail",
        "tar",
        "taskset",
        "tee",
        "timeout",
        "touch",
        "truncate",
        "uniq",
        "unshare",
        "wc",
        "xargs"
      })
  void optionWithoutValueTakesNoOperand(String name) throws IOException, InterruptedException {
    Program program = Programs.standard().find(name).orElseThrow();
    List<String> options = optionsWithoutValue(help(name));
    assumeTrue(!options.isEmpty(), "skipped: no help text of " + name);
    for (String option : options) {
      List<Value> argv = List.of(Value.of(name), Value.of(option), Value.of("operand"));
      assertThat(program.read(argv).operands())
          .as("%s %s", name, option)
          .contains(Value.of("operand"));
    }
  }

  private static List<String> optionsWithoutValue(String help) {
    List<String> options = new ArrayList<>();
    help.lines()
        .map(WITHOUT_VALUE::matcher)
        .filter(Matcher::matches)
        .forEach(
            line -> {
              for (int group = 1; group <= 2; group++) {
                if (line.group(group) != null) {
                  options.add(line.group(group));
                }
              }
            });
    return options;
  }

  /** Returns the help text of a program; empty if the machine does not have it. */
  private static String help(String name) throws InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(name, "--help").redirectErrorStream(true);
    builder.environment().putAll(Map.of("LC_ALL", "C", "COLUMNS", "200"));
    builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    try {
      Process process = builder.start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      return text;
    } catch (IOException e) {
      return "";
    }
  }
}
