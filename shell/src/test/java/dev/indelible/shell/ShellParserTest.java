// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import static dev.indelible.shell.Commands.DYNAMIC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hand-written cases; {@link BashOracleTest} compares the parser with bash itself. */
@Timeout(60)
class ShellParserTest {
  @Test
  void everyCommandOfAListIsFound() throws Exception {
    assertThat(Commands.of("a 1; b 2 & c && d || e | f |& g\nh"))
        .containsExactly(
            List.of("a", "1"),
            List.of("b", "2"),
            List.of("c"),
            List.of("d"),
            List.of("e"),
            List.of("f"),
            List.of("g"),
            List.of("h"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rm -rf /",
        "r\\\nm -rf /",
        "'rm' \"-rf\" /",
        "r\"\"m -r''f /",
        "\\rm -rf /",
        "r\\m -rf $'\\x2f'",
        "$'\\162\\155' -rf $'\\57'",
        "  rm\t-rf   / # and a comment",
        "rm -rf / >/dev/null 2>&1",
        "2>&1 rm -rf /",
        "X=1 rm -rf /",
        "! rm -rf /",
        "time -p rm -rf /",
        "coproc rm -rf /",
        "{ rm -rf /; }",
        "(rm -rf /)",
        "if rm -rf /; then :; fi #",
        "f() { rm -rf /; }",
        "function f { rm -rf /; }",
        "case x in x) rm -rf /;; esac",
        "while rm -rf /; do :; done",
        "for i in 1; do rm -rf /; done",
        "for ((;;)); do rm -rf /; done",
        "select i in 1; do rm -rf /; done",
        "echo $(rm -rf /)",
        "echo \"$(rm -rf /)\"",
        "echo `rm -rf /`",
        "echo \"`rm -rf /`\"",
        "echo ${x:-$(rm -rf /)}",
        "echo \"${x:-'$(rm -rf /)'}\"",
        "echo $((1 + $(rm -rf /)))",
        "((x = $(rm -rf /)))",
        "[[ -n $(rm -rf /) ]]",
        "cat <(rm -rf /)",
        "tee >(rm -rf /)",
        "x=$(rm -rf /)",
        "x=([1]=$(rm -rf /))",
        "declare -a x=(a $(rm -rf /))",
        "echo <<E\n$(rm -rf /)\nE\n",
        "echo <<<\"$(rm -rf /)\"",
        "echo > $(rm -rf /)",
        "echo $((rm -rf /) )",
        "a=1 b[2]=3 rm -rf /"
      })
  void commandIsFoundInEverySpelling(String text) throws Exception {
    assertThat(Commands.of(text)).contains(List.of("rm", "-rf", "/"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "echo 'rm -rf /'",
        "echo \"; rm -rf /\"",
        "echo rm -rf / # rm -rf /",
        "# rm -rf /",
        "git commit -m 'x\nrm -rf /'",
        "cat <<'E'\n$(rm -rf /)\nE\n",
        "cat <<\\E\nrm -rf /\nE\n",
        "cat <<E\nrm -rf /\nE\n",
        "echo \\$\\(rm -rf /\\)",
        "rm -rf\\ /",
        "ls\rrm -rf /"
      })
  void quotedOrCommentedTextIsNoCommand(String text) throws Exception {
    assertThat(Commands.of(text)).doesNotContain(List.of("rm", "-rf", "/"));
  }

  @Test
  void wordWithAnExpansionIsDynamic() throws Exception {
    assertThat(Commands.of("rm $x \"a$y\" ${z}b $'a'"))
        .containsExactly(List.of("rm", DYNAMIC, DYNAMIC, DYNAMIC, "a"));
  }

  @Test
  void hereDocumentsAreReadInOrder() throws Exception {
    Script script = ShellParser.parse("a <<X | b <<-'Y'\n1 $v\nX\n\t2 $v\n\tY\nc <<Z\nopen");
    Command.Pipeline pipeline = (Command.Pipeline) script.statements().get(0).command();
    HereDocument first = document(pipeline.commands().get(0));
    HereDocument second = document(pipeline.commands().get(1));
    HereDocument third = document(script.statements().get(1).command());

    assertThat(first.body().literal()).isEmpty();
    assertThat(first.isTerminated()).isTrue();
    assertThat(second.body().literal()).contains("2 $v\n");
    assertThat(third.body().literal()).contains("open\n");
    assertThat(third.isTerminated()).isFalse();
  }

  private static HereDocument document(Command command) {
    return ((Command.Simple) command).redirections().get(0).document();
  }

  @Test
  void quotedAndUnquotedGlobsAreDistinguished() throws Exception {
    Command.Simple simple =
        (Command.Simple)
            ShellParser.parse("a b* 'b*' {c,d} \"\" ~/e").statements().get(0).command();
    assertThat(simple.words().stream().map(Word::hasGlob))
        .containsExactly(false, true, false, false, false, false);
    assertThat(simple.words().get(2).hasQuotes()).isTrue();
    assertThat(simple.words().get(3).hasUnquoted("{")).isTrue();
    assertThat(simple.words().get(4).literal()).contains("");
    assertThat(simple.words().get(5).hasUnquoted("~")).isTrue();
  }

  @Test
  void parameterExpansionsKeepTheirParts() throws Exception {
    Command.Simple simple =
        (Command.Simple)
            ShellParser.parse("a ${b[1]:-c} ${#d} ${!e} ${f@P} $1 ${10}")
                .statements()
                .get(0)
                .command();
    List<Word.Parameter> parameters =
        simple.words().stream().skip(1).map(word -> (Word.Parameter) word.parts().get(0)).toList();
    assertThat(parameters.stream().map(Word.Parameter::name))
        .containsExactly("b", "d", "e", "f", "1", "10");
    assertThat(parameters.stream().map(Word.Parameter::prefix))
        .containsExactly("", "#", "!", "", "", "");
    assertThat(parameters.stream().map(Word.Parameter::operator))
        .containsExactly(":-", "", "", "@", "", "");
    assertThat(parameters.get(0).subscript().literal()).contains("1");
    assertThat(parameters.get(0).argument().literal()).contains("c");
    assertThat(parameters.get(3).argument().literal()).contains("P");
  }

  @Test
  void nulIsNoPartOfAScript() {
    assertThatThrownBy(() -> ShellParser.parse("echo \0 x"))
        .isInstanceOf(ShellSyntaxException.class)
        .hasMessage("a NUL character");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a \\", "a >\\", "a <<\\", "a=\\"})
  void backslashAtTheEndIsText(String text) throws ShellSyntaxException {
    Script.Statement only = ShellParser.parse(text).statements().get(0);
    assertThat(((Command.Simple) only.command()).end()).isEqualTo(text.length());
  }

  @Test
  void errorNamesLineAndPosition() {
    ShellSyntaxException error =
        catchThrowableOfType(ShellSyntaxException.class, () -> ShellParser.parse("a\nb )"));
    assertThat(error).hasMessage("line 2: ')' found where a command is expected");
    assertThat(error.offset()).isEqualTo(4);
    assertThat(error.isLimit()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "$(",
        "\"$(",
        "(",
        "((",
        "{ ",
        "${x:-",
        "$((",
        "<(",
        "if a; then ",
        "`",
        "[[ (",
        "x=$(",
        "! ",
        "a | ",
        "a && ",
        "case x in a) ",
        "while a; do ",
        "f() { ",
        "\"",
        "'",
        "$'",
        "<<a ",
        "a;",
        "a&",
        "{a,",
        "\\\n",
        "$[",
        "coproc ",
        "time ",
        "elif ",
        "if a; then b; el",
        "((a) "
      })
  void deepOrLongTextEndsWithinLimits(String drop) {
    for (String text : List.of(drop.repeat(100_000), drop.repeat(300_000))) {
      try {
        ShellParser.parse(text);
      } catch (ShellSyntaxException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }

  @Test
  void textBeyondALimitIsRefused() {
    for (String text :
        List.of(
            "a ".repeat(1 << 20), "$(".repeat(201) + "a" + ")".repeat(201), "a;".repeat(50_001))) {
      ShellSyntaxException error =
          catchThrowableOfType(ShellSyntaxException.class, () -> ShellParser.parse(text));
      assertThat(error.isLimit()).isTrue();
    }
  }
}
