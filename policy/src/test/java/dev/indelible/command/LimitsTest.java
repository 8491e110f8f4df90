// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A script that expands without end stops at a limit. That counts as hidden content, and nothing
 * throws.
 */
@Timeout(120)
class LimitsTest {
  private static final Context CONTEXT = Context.of("/home/dev/project", "/home/dev");

  static Stream<String> endlessScriptStopsAtALimit() {
    return Stream.of(
        "a=xxxxxxxxxx; " + "a=$a$a; ".repeat(60),
        "a=$X; " + "a=\"$a$a\"; ".repeat(60),
        "a=(x y z); " + "a+=(\"${a[@]}\"); ".repeat(60),
        "x='eval \"$x\"'; eval \"$x\"",
        "export x='bash -c \"$x\"'; bash -c \"$x\"",
        functions(40),
        "a && ".repeat(10_001) + "a",
        "a | ".repeat(10_001) + "a",
        "echo " + "{a,b}".repeat(30),
        "x=" + "a".repeat(20_000) + "; echo ${x//a*b/c}",
        variables(3_000),
        "while read x; do rm $x; done <<EOF\n" + "x\n".repeat(5_000) + "EOF",
        "a;".repeat(60_000),
        "( ".repeat(300) + "a" + " )".repeat(300),
        "echo " + "x".repeat(1 << 20));
  }

  private static String functions(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append("f%s() { f%s; f%s; }; ".formatted(i, i + 1, i + 1));
    }
    return text + "f0";
  }

  private static String variables(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append("test x && v%s=1; ".formatted(i));
    }
    return text.toString();
  }

  @ParameterizedTest
  @MethodSource
  void endlessScriptStopsAtALimit(String script) {
    List<EffectiveCommand> commands = Commands.of(script, CONTEXT);
    assertThat(commands.get(commands.size() - 1).isOpaque()).isTrue();
  }

  static Stream<String> deepScriptEndsInTime() {
    return Stream.of(
        "echo $(".repeat(190) + "a" + ")".repeat(190),
        "echo \"${x:-".repeat(1) + "${x:-".repeat(180) + "a" + "}".repeat(181) + "\"",
        "while a; do x=$x$x; ".repeat(60) + "b" + "; done".repeat(60),
        "echo " + "{".repeat(100_000),
        "echo {1..1000000000}",
        "x=" + "a".repeat(200_000) + "; echo ${x%%b*}",
        "f() { f; f; }; f",
        "alias a='a a'; a",
        "ln -s a b; ln -s b a; rm a/b/a/b",
        "echo 'sh x.sh; sh x.sh' > x.sh; sh x.sh",
        "trap 'trap \"echo x\" EXIT' EXIT",
        "echo $((" + "(".repeat(150) + "1" + ")".repeat(150) + "))",
        "echo $((1 / 0)) $((2 ** 99999)) ${x:99999999999} ${!x} ${@:1:2} ${#} ${!#}",
        "cd -; popd; dirs; shift 9; set; unset; read; printf; echo -; trap; exec; eval; . ; command",
        "\ue000 \ue001; sh -c \"rm $X \ue000\"");
  }

  /** Interpreting a deep script ends in time with an answer, whether or not it reaches a limit. */
  @ParameterizedTest
  @MethodSource
  void deepScriptEndsInTime(String script) {
    assertThat(Commands.of(script, CONTEXT)).isNotNull();
  }

  /** Interprets fragments of scripts in any order. Most are not valid scripts, and none throws. */
  @Test
  void fragmentsInAnyOrderAreRead() {
    String[] fragments = {
      "rm",
      " -rf",
      " /",
      " $x",
      " \"$x\"",
      " ${x:-/}",
      " ${x%/*}",
      " ${x//a/b}",
      " ${x:1:2}",
      " ${!x}",
      " ${#x}",
      " ${x[@]}",
      " \"$@\"",
      " $1",
      " $((x++))",
      " $(echo a)",
      " <(ls)",
      " >(sh)",
      ";",
      "\n",
      " | ",
      " && ",
      " || ",
      " & ",
      "if a; then ",
      "fi",
      "for i in a b; do ",
      "done",
      "while read l; do ",
      "case $x in a) ",
      "*) ",
      ";;",
      " esac",
      "{ ",
      "}",
      "( ",
      ")",
      "f() { ",
      " f",
      "x=1 ",
      "x+=2 ",
      "x=(a b) ",
      "x[1]=c ",
      "export x=1",
      "local x=2{a,b}",
      " > f",
      " < f",
      " <<< a",
      " <<E\n$x\nE\n",
      " >& /dev/tcp/a/1",
      "eval ",
      "sh -c ",
      "'rm -rf /'",
      "xargs",
      "cd /etc",
      "popd",
      "set -- a b",
      "shift",
      "unset x",
      "read x y",
      "trap 'rm y' EXIT",
      "return",
      "exit",
      "break",
      "exec ",
      ". ./f",
      "./f",
      "mv f g",
      "ln -s a b",
      "mkfifo p",
      "tee f",
      "*",
      "[a-z]",
      "~",
      "{a,b}",
      "\\",
      "'",
      "\"",
      "\ue000",
      "sudo ",
      "docker run -v /:/h a rm /h",
      "ssh h 'rm x'",
      "env A=b ",
      "coproc a",
      "((x=1))",
      "make -f -"
    };
    Random random = new Random(20261130);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder script = new StringBuilder();
      for (int j = random.nextInt(14); j >= 0; j--) {
        script.append(fragments[random.nextInt(fragments.length)]);
        script.append(random.nextInt(3) == 0 ? ";" : " ");
      }
      Commands.of(script.toString(), CONTEXT).forEach(EffectiveCommand::display);
    }
  }

  @Test
  void corpusIsRead() throws Exception {
    Path shared = Path.of(System.getProperty("indelible.root")).resolve("../shared");
    int commands = 0;
    int opaque = 0;
    for (String name : List.of("corpus/claude-pretooluse.jsonl", "decide/cases.jsonl")) {
      Path file = shared.resolve(name);
      assumeTrue(Files.exists(file), "skipped: no ../shared/" + name);
      for (String line : Files.readAllLines(file)) {
        JsonNode node = JsonMapper.shared().readTree(line);
        JsonNode input = node.has("action") ? node.get("action") : node.get("tool_input");
        String script = input.path("command").asString("");
        commands++;
        opaque +=
            Commands.of(script, CONTEXT).stream().anyMatch(EffectiveCommand::isOpaque) ? 1 : 0;
      }
    }
    assertThat(commands).isGreaterThan(3_000);
    assertThat(opaque).isLessThan(commands / 50);
  }
}
