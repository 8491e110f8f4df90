// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Actions that are designed to cost much time and memory. The test limits the bytes that a decision
 * allocates, whatever the decision is. Unlike the time, the bytes do not depend on the machine.
 */
@Timeout(300)
class StormTest {
  private static final long MAX_ALLOCATED = 1L << 30;

  private static String repeat(String text, int count) {
    return text.repeat(count);
  }

  static Stream<String> storms() {
    return Stream.of(
        // The grammar.
        repeat("cat | ", 9_000) + "sh",
        repeat("cat <<A\nx\nA\n", 9_000),
        repeat("<<E", 50_000),
        repeat("((", 100_000),
        repeat("((1+1));", 20_000),
        "echo " + repeat("'a'\"b\"", 100_000),
        "echo " + repeat("'\"", 100_001),
        "echo " + repeat("$(echo ", 190) + "a" + repeat(")", 190),
        "rm " + repeat("$(x) ", 9_000),
        "echo " + repeat("`", 100_000),
        repeat("case $x in a|b) ", 190) + "rm x" + repeat(";; esac", 190),
        "case x in " + repeat("a) y=$y1;& ", 10_000) + "*) rm $y;; esac",
        repeat("a", (1 << 20) + 1),
        "rm -rf /" + repeat("../a/", 200_000),
        // Expansions.
        "echo {1..999999} {1..9999}{1..9999}",
        "echo " + repeat("{a,", 5_000) + repeat("}", 5_000),
        "echo " + repeat("{a,b}", 5_000),
        "a=x; " + repeat("a=$a$a; ", 60) + "rm $a",
        "a=x; " + repeat("a=${a//x/xx}; ", 60) + "rm $a",
        "a=x; " + repeat("a=$(echo $a$a); ", 60) + "rm $a",
        "a=(x); " + repeat("a=(\"${a[@]}\" \"${a[@]}\"); ", 60) + "rm ${a[@]}",
        "a=(" + repeat("x ", 40_000) + "); rm ${a[@]} ${a[@]} ${a[@]}",
        repeat("a[$i]=b; i=$((i+1)); ", 9_000) + "echo ${a[@]}",
        "rm $(printf '%99999999d' 1) $(printf '%*d' 99999999 1) $(printf '%.99999999f' 1)",
        "echo $((9**9**9**9)) $((1<<99999)) $((-9223372036854775808/-1)) $((1/0))",
        "echo $((" + repeat("1?", 20_000) + "1" + repeat(":1", 20_000) + "))",
        "echo $((" + repeat("(", 50_000) + "1" + repeat(")", 50_000) + "))",
        "x=" + repeat("a", 20_000) + "; echo ${x##*" + repeat("a*", 2_000) + "b}",
        "x=" + repeat("ab", 50_000) + "; " + repeat("x=${x#a}; x=${x%b}; ", 3_000),
        "IFS=, read -ra a <<< '" + repeat("x,", 90_000) + "'; rm ${a[@]}",
        // Code that runs repeatedly.
        functions("f%s() { f%s; f%s; }; "),
        functions("f%s() { if x; then f%s a; else f%s b; fi; }; "),
        repeat("for i in 1 2 3 4 5 6 7 8 9 0; do ", 60) + "echo $i" + repeat("; done", 60),
        repeat("for i in 1 2; do if x; then a=$a$i; fi; ", 60) + "rm $a" + repeat("; done", 60),
        repeat("case $x in a) y=1;; b) y=2;; *) y=$y$y;; esac; ", 2_000) + "rm $y",
        "for ((i=0;i<999999999;i++)); do rm x$i; done",
        "for i in $(seq 1 99999999); do rm $i; done",
        "x='echo a'; " + repeat("x=\"eval '$x'\"; ", 30) + "eval \"$x\"",
        "echo 'echo \"sh f.sh\" >> f.sh; sh f.sh' > f.sh; sh f.sh",
        repeat("cd a; ", 9_000) + "rm -rf .",
        repeat("x && cd a || cd b; ", 3_000) + "rm -rf .",
        repeat("pushd a; ", 9_000) + "rm -rf .",
        "for i in {1..1500}; do ln -s / $i; done; rm -rf {1..1500}/",
        "ln -s / x; rm -rf " + repeat("x/", 400_000),
        // Paths with many globs, and many arguments.
        "curl -X DELETE https://h/" + repeat("*", 100_000),
        "m4 <<< '" + repeat("syscmd(", 20_000) + "'",
        "git push -d o " + repeat("release-", 20_000) + "+",
        "rm -rf " + repeat("/**", 900),
        "rm -rf " + repeat("/**/*", 450),
        "rm -rf " + repeat("/**/*/**/*", 225),
        "rm -rf " + repeat("/*", 900),
        "rm -rf " + repeat("/$a", 900),
        "rm -rf " + repeat("/$a/*", 450),
        "rm -rf " + repeat("/x$a", 900),
        repeat("ln -s a b; ln -s b a; ", 2_000) + "rm -rf a/b/a/b/",
        repeat("sudo ", 5_000) + "rm -rf /",
        "find / " + repeat("-exec rm {} \\; ", 5_000),
        "echo " + repeat("YWFh", 50_000) + repeat(" | base64 -d | base64", 500) + " | sh",
        // Code of other languages.
        "python3 -c 'x=\"a\"\n" + repeat("x=x+x\n", 60) + "os.remove(x)'",
        "python3 -c 'x=\"a\"\n" + repeat("x=f\"{x}{x}\"\n", 60) + "os.remove(x)'",
        "python3 -c 'x=\"a\"\n" + repeat("x=os.path.join(x,x)\n", 60) + "os.remove(x)'",
        "node -e 'x=\"a\";" + repeat("x=x+x;", 60) + "fs.rmSync(x)'",
        "perl -e 'unlink " + repeat("\"a\".", 40_000) + "\"a\"'",
        "awk 'BEGIN { a=\"x\"; " + repeat("a=a a a; ", 60) + "system(a) }'",
        "pwsh -c '$a=\"x\"; " + repeat("$a=\"$a$a\"; ", 60) + "rm $a'",
        "psql -c 'select " + repeat("(", 100_000) + "'");
  }

  private static String functions(String template) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      text.append(template.formatted(i, i + 1, i + 1));
    }
    return text + "f0";
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource
  void storms(String script) {
    // The first decision also loads tables and classes, which must not be counted.
    StarterCases.decide(StarterCases.bash(script.substring(0, Math.min(100, script.length()))));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    StarterCases.decide(StarterCases.bash(script));
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MAX_ALLOCATED);
  }
}
