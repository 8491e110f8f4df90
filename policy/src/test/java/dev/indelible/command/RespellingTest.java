// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.program.Role;
import dev.indelible.program.Use;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Random respellings of one command have the effect of the plain command. */
class RespellingTest {
  private static final Context CONTEXT = Context.of("/home/dev/project", "/home/dev");
  private static final int SCRIPTS = 3_000;

  private final Random random = new Random(20261130);

  @Test
  void everySpellingDeletesTheRoot() {
    for (int i = 0; i < SCRIPTS; i++) {
      String script = command();
      int wrappers = random.nextInt(4);
      for (int j = 0; j < wrappers; j++) {
        script = wrapped(script);
      }
      assertThat(deletesRoot(script)).as(script).isTrue();
    }
  }

  private static boolean deletesRoot(String script) {
    for (EffectiveCommand command : Commands.of(script, CONTEXT)) {
      for (Use use : command.uses()) {
        if (use.role() == Role.DELETES
            && use.isRecursive()
            && use.arguments().get(0).display().equals("/")) {
          return true;
        }
      }
    }
    return false;
  }

  /** Returns {@code rm -rf /} with its words spelled in other ways. */
  private String command() {
    String options = pick("-rf", "-fr", "-r -f", "-R --force", "--recursive -f", "-vrf");
    StringBuilder words = new StringBuilder(word("rm"));
    for (String option : options.split(" ")) {
      words.append(pick(" ", "  ", "\t", " \\\n ")).append(word(option));
    }
    return words
        .append(' ')
        .append(random.nextInt(4) == 0 ? "-- " : "")
        .append(word("/"))
        .toString();
  }

  private String word(String text) {
    return switch (random.nextInt(9)) {
      case 0 -> "'" + text + "'";
      case 1 -> '"' + text + '"';
      case 2 -> "$'" + hex(text) + "'";
      case 3 -> split(text);
      case 4 -> "\\" + text;
      case 5 -> "$(echo '" + text + "')";
      case 6 -> "$(printf '" + octal(text) + "')";
      case 7 -> "${UNSET_" + random.nextInt(9) + ":-" + text + "}";
      default -> text;
    };
  }

  private String split(String text) {
    int at = random.nextInt(text.length() + 1);
    String middle = pick("''", "\"\"", "\\\n", "$(true)", "${EMPTY+}");
    return text.substring(0, at) + middle + text.substring(at);
  }

  private static String hex(String text) {
    StringBuilder out = new StringBuilder();
    text.chars().forEach(c -> out.append("\\x").append(Integer.toHexString(c)));
    return out.toString();
  }

  private static String octal(String text) {
    StringBuilder out = new StringBuilder();
    text.chars().forEach(c -> out.append('\\').append(Integer.toOctalString(c)));
    return out.toString();
  }

  /** Returns a script that runs the given script. */
  private String wrapped(String script) {
    List<UnaryOperator<String>> wrappers =
        List.of(
            text -> "bash -c " + quoted(text),
            text -> "sh -ec " + quoted(text) + " name arg",
            text -> "eval " + quoted(text),
            text -> "sudo -u root sh -c " + quoted(text),
            text -> "env A=1 timeout 5 bash -lc " + quoted(text),
            text -> "x=" + quoted(text) + "; eval \"$x\"",
            text -> "x=" + quoted(text) + "; bash -c \"$x\"",
            text -> "f() { " + text + "\n}; f",
            text -> "if test -e x; then " + text + "\nfi",
            text -> "for i in 1; do " + text + "\ndone",
            text -> "while true; do " + text + "\ndone",
            text -> "case x in x) " + text + "\n;; esac",
            text -> "( " + text + "\n)",
            text -> "{ " + text + "\n} > /dev/null 2>&1",
            text -> "true && { " + text + "\n}",
            text -> "cd /tmp || { " + text + "\n}",
            text -> "echo " + quoted(text) + " | sh",
            text -> "printf '%s\\n' " + quoted(text) + " | cat | bash -s",
            text -> "bash <<< " + quoted(text),
            text ->
                "bash <<'DELIMITER" + text.length() + "'\n" + text + "\nDELIMITER" + text.length(),
            text -> "cat <(" + text + "\n)",
            text -> ". <(echo " + quoted(text) + ")",
            text -> "trap " + quoted(text) + " EXIT",
            text -> "echo " + quoted(text) + " > x.sh; sh x.sh",
            text -> "echo " + quoted(text) + " > x.sh; chmod +x x.sh; ./x.sh",
            text -> "echo \"$(" + text + "\n)\"",
            text -> "find . -exec sh -c " + quoted(text) + " \\;",
            text -> "echo a | xargs -I{} sh -c " + quoted(text),
            text -> "nohup sh -c " + quoted(text) + " &");
    return wrappers.get(random.nextInt(wrappers.size())).apply(script);
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }

  private String pick(String... all) {
    return all[random.nextInt(all.length)];
  }
}
