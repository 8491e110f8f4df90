// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Compares the parser with {@code shfmt --to-json}, an independent parser of the same language. In
 * a text that both accept they find the same commands, words, redirections, pipelines and compound
 * commands, except for the differences that {@link #EXPLAINED} lists.
 */
@Timeout(900)
class ShfmtOracleTest {
  private static final JsonMapper JSON = new JsonMapper();

  /** Texts that the two parsers read differently, with the reason. */
  private static final Map<Pattern, String> EXPLAINED =
      Map.of(
          Pattern.compile("\\| *time\\b"),
          "after a pipe, bash reads time as a program, shfmt as the keyword",
          Pattern.compile("(?m)(^|;)\\s*time\\s*(--|time|;|$)"),
          "shfmt supports neither time without a command nor time --",
          Pattern.compile("`[^`]*\\\\[$`\\\\]"),
          "shfmt keeps the backslashes that bash removes first in backquotes",
          Pattern.compile("\\w\\[[^]\n]*\\[[^]\n]*\\]=|\\w\\[\\]\\]="),
          "bash handles an unpaired bracket in a subscript at run time",
          Pattern.compile(":-<\\("),
          "shfmt reads a process substitution in the argument of an expansion as text",
          Pattern.compile("alias \\w+=\"[^\"]*'[^'\"]*\"\n"),
          "after an alias that opens a quote, the parsers continue at different positions");

  /** Redirection operators, in the order of their numbers in shfmt's JSON. */
  private static final List<String> REDIRECTIONS =
      List.of(">", ">>", "<", "<>", "<&", ">&", ">|", "<<", "<<-", "<<<", "&>", "&>>");

  private static final int FIRST_REDIRECTION = 54;

  /** Commands whose arguments shfmt reads as assignments. */
  private static final Set<String> DECLARING =
      Set.of("declare", "export", "local", "nameref", "readonly", "typeset");

  @TempDir static Path temp;

  private int compared;

  @BeforeAll
  static void requireShfmt() throws Exception {
    boolean isHere;
    try {
      isHere = new ProcessBuilder("shfmt", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      isHere = false;
    }
    assumeTrue(isHere, "skipped: no shfmt here");
  }

  @Test
  void tableAgrees() throws Exception {
    String table = "src/test/resources/dev/indelible/shell/table.txt";
    assertThat(differences(List.of(Files.readString(Path.of(table)).split("\n%\n")))).isEmpty();
    assertThat(compared).isGreaterThan(100);
  }

  @Test
  void casesAgree() throws Exception {
    List<String> texts = new ArrayList<>();
    for (JsonNode line : lines("decide/cases.jsonl")) {
      JsonNode action = line.get("action");
      if (action.path("kind").asString("").equals("bash")) {
        texts.add(action.get("command").asString());
      }
    }
    assertThat(differences(texts)).isEmpty();
    assertThat(compared).isGreaterThan(100);
  }

  @Test
  void corpusAgrees() throws Exception {
    List<String> texts = new ArrayList<>();
    for (JsonNode line : lines("corpus/claude-pretooluse.jsonl")) {
      if (line.path("tool_name").asString("").equals("Bash")) {
        texts.add(line.get("tool_input").get("command").asString());
      }
    }
    assertThat(differences(texts)).isEmpty();
    assertThat(compared).isGreaterThan(2_800);
  }

  /**
   * Scripts of bash's own tests, if INDELIBLE_BASH_SOURCE names a directory with bash's sources.
   */
  @Test
  void testsOfBashAgree() throws Exception {
    String source = System.getenv("INDELIBLE_BASH_SOURCE");
    assumeTrue(source != null, "skipped: INDELIBLE_BASH_SOURCE is not set");
    List<String> texts = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of(source))) {
      for (Path file : files.filter(each -> each.toString().matches(".*\\.(tests|sub)")).toList()) {
        try {
          texts.add(Files.readString(file));
        } catch (MalformedInputException e) {
          // Skipped: shfmt replaces bytes that are not UTF-8.
        }
      }
    }
    assertThat(differences(texts)).isEmpty();
    assertThat(compared).isGreaterThan(100);
  }

  private static List<JsonNode> lines(String name) throws IOException {
    Path file = Path.of(System.getProperty("indelible.root")).resolve("../shared").resolve(name);
    assumeTrue(Files.exists(file), "skipped: no ../shared/" + name);
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  /** Describes the differences in texts that both parsers accept. */
  private List<String> differences(List<String> texts) throws Exception {
    List<String> readable = new ArrayList<>();
    for (String text : texts) {
      boolean isExplained = EXPLAINED.keySet().stream().anyMatch(each -> each.matcher(text).find());
      if (!isExplained && Ours.isRead(text)) {
        readable.add(text);
      }
    }
    List<String> differences = new ArrayList<>();
    compare(readable, differences);
    System.out.printf("%s of %s texts compared%n", compared, texts.size());
    return differences;
  }

  /**
   * Compares the texts as one script, which saves processes. If the script differs or cannot be
   * parsed, compares each half.
   */
  private void compare(List<String> texts, List<String> differences) throws Exception {
    String joined = String.join("\n:\n", texts);
    if (Ours.isRead(joined)) {
      List<String> ours = Ours.outline(joined);
      JsonNode tree = shfmt(joined);
      if (tree == null && texts.size() == 1) {
        return; // BashOracleTest checks which texts must be accepted.
      }
      List<String> theirs = tree == null ? List.of() : Theirs.outline(tree);
      if (tree != null && ours.equals(theirs)) {
        compared += texts.size();
        return;
      }
      if (texts.size() == 1) {
        compared++;
        differences.add(
            "%s%n  ours   %s%n  theirs %s%n"
                .formatted(joined, without(ours, theirs), without(theirs, ours)));
        return;
      }
    }
    if (texts.size() > 1) {
      compare(texts.subList(0, texts.size() / 2), differences);
      compare(texts.subList(texts.size() / 2, texts.size()), differences);
    }
  }

  private static List<String> without(List<String> all, List<String> others) {
    List<String> rest = new ArrayList<>(all);
    others.forEach(rest::remove);
    return rest;
  }

  /** Returns the tree of shfmt; null if it does not accept the text. */
  private static JsonNode shfmt(String text) throws Exception {
    Path in = temp.resolve("in");
    Path out = temp.resolve("out");
    Files.writeString(in, text, StandardCharsets.UTF_8);
    Process process =
        new ProcessBuilder("shfmt", "-ln", "bash", "--to-json")
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor() == 0 ? JSON.readTree(Files.readString(out)) : null;
  }

  /** Describes a simple command. */
  private static String command(
      List<String> words, List<String> assigned, List<String> redirections) {
    boolean isLet = !words.isEmpty() && words.get(0).equals("let");
    return "command %s, sets %s, redirects %s"
        .formatted(isLet ? List.of("let") : words, assigned, redirections);
  }

  /** The contents of a script, as this parser reads it, sorted. */
  private static final class Ours {
    private final List<String> found = new ArrayList<>();

    /** Returns true if this parser accepts a text. */
    static boolean isRead(String text) {
      try {
        ShellParser.parse(text);
        return true;
      } catch (ShellSyntaxException e) {
        return false;
      }
    }

    static List<String> outline(String text) throws ShellSyntaxException {
      Ours ours = new Ours();
      ours.walk(ShellParser.parse(text));
      Collections.sort(ours.found);
      return ours.found;
    }

    private void walk(Object node) {
      if (node instanceof List<?> list) {
        list.forEach(this::walk);
      } else if (node instanceof HereDocument document) {
        walk(document.body());
      } else if (node instanceof Record part) {
        describe(part);
        for (RecordComponent component : part.getClass().getRecordComponents()) {
          try {
            walk(component.getAccessor().invoke(part));
          } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
          }
        }
      }
    }

    private void describe(Record node) {
      if (node instanceof Command.Simple simple) {
        found.add(
            command(
                declared(simple.words().stream().map(Ours::text).toList()),
                simple.assignments().stream().map(Assignment::name).toList(),
                simple.redirections().stream().map(Ours::text).toList()));
      } else if (node instanceof Command.Pipeline pipeline) {
        for (int i = 1; i < pipeline.commands().size(); i++) {
          found.add("pipe");
        }
        if (pipeline.isNegated()) {
          found.add("not");
        }
        if (pipeline.isTimed()) {
          found.add("time");
        }
      } else if (node instanceof Command.AndOr both) {
        found.add(both.isAnd() ? "and" : "or");
      } else if (node instanceof Command.Redirected redirected) {
        found.add("redirects " + redirected.redirections().stream().map(Ours::text).toList());
      } else if (node instanceof Command.While loop) {
        found.add(loop.isUntil() ? "until" : "while");
      } else if (node instanceof Command.For loop) {
        found.add((loop.isSelect() ? "select " : "for ") + loop.name() + words(loop.words()));
      } else if (node instanceof Command.Case choice) {
        choice.branches().forEach(branch -> found.add("branch " + words(branch.patterns())));
      } else if (node instanceof Command.Function function) {
        found.add("function " + function.name());
      } else if (node instanceof Script.Statement statement && statement.isBackground()) {
        found.add("background");
      } else if (node instanceof Command.Group
          || node instanceof Command.Subshell
          || node instanceof Command.If
          || node instanceof Command.ArithmeticFor
          || node instanceof Command.ArithmeticCommand
          || node instanceof Command.Conditional
          || node instanceof Command.Coprocess) {
        found.add(node.getClass().getSimpleName());
      }
    }

    /** Removes array elements and computed words from a declaration. */
    private static List<String> declared(List<String> words) {
      return words.isEmpty() || !DECLARING.contains(words.get(0))
          ? words
          : words.stream()
              .filter(word -> !word.equals(Commands.DYNAMIC) && !word.matches("(?s)\\w+\\[.*"))
              .toList();
    }

    private static String words(List<Word> words) {
      return words.stream().map(Ours::text).toList().toString();
    }

    private static String text(Word word) {
      return word.literal().orElse(Commands.DYNAMIC);
    }

    private static String text(Redirection redirection) {
      return redirection.descriptor()
          + redirection.operator()
          + (redirection.isHereDocument() ? "" : text(redirection.target()));
    }
  }

  /** The contents of a script, as shfmt reads it, sorted. */
  private static final class Theirs {
    private final List<String> found = new ArrayList<>();

    static List<String> outline(JsonNode file) {
      Theirs theirs = new Theirs();
      theirs.walk(file);
      Collections.sort(theirs.found);
      return theirs.found;
    }

    private void walk(JsonNode node) {
      if (node.isObject()) {
        describe(node);
      }
      node.forEach(this::walk);
    }

    private static String type(JsonNode node) {
      return node.path("Type").asString("");
    }

    private void describe(JsonNode node) {
      switch (type(node)) {
        case "" -> statement(node);
        case "BinaryCmd" -> {
          int operator = node.get("Op").intValue();
          found.add(operator == 10 ? "and" : operator == 11 ? "or" : "pipe");
        }
        case "WhileClause" -> found.add(node.path("Until").asBoolean(false) ? "until" : "while");
        case "ForClause" -> loop(node);
        case "CaseClause" ->
            node.path("Items").forEach(item -> found.add("branch " + words(item.path("Patterns"))));
        case "FuncDecl" -> found.add("function " + node.at("/Name/Value").asString());
        case "TimeClause" -> found.add("time");
        case "Block" -> found.add("Group");
        case "Subshell" -> found.add("Subshell");
        case "IfClause" -> found.add("If");
        case "ArithmCmd" -> found.add("ArithmeticCommand");
        case "TestClause" -> found.add("Conditional");
        case "CoprocClause" -> found.add("Coprocess");
        default -> {}
      }
    }

    private void loop(JsonNode node) {
      JsonNode loop = node.get("Loop");
      if (type(loop).equals("CStyleLoop")) {
        found.add("ArithmeticFor");
      } else {
        found.add(
            (node.path("Select").asBoolean(false) ? "select " : "for ")
                + loop.at("/Name/Value").asString()
                + words(loop.path("Items")));
      }
    }

    private void statement(JsonNode node) {
      if (node.has("Cond") && node.has("Then")) {
        found.add("If"); // An elif.
      }
      if (!node.has("Cmd") && !node.has("Redirs")) {
        return;
      }
      if (node.path("Negated").asBoolean(false)) {
        found.add("not");
      }
      if (node.path("Background").asBoolean(false)) {
        found.add("background");
      }
      List<String> redirections = new ArrayList<>();
      node.path("Redirs").forEach(each -> redirections.add(redirection(each)));
      JsonNode command = node.path("Cmd");
      switch (type(command)) {
        case "CallExpr", "DeclClause", "LetClause", "" -> simple(command, redirections);
        default -> {
          if (!redirections.isEmpty()) {
            found.add("redirects " + redirections);
          }
        }
      }
    }

    private void simple(JsonNode command, List<String> redirections) {
      List<String> words = new ArrayList<>();
      List<String> assigned = new ArrayList<>();
      if (type(command).equals("LetClause")) {
        words.add("let");
      } else if (type(command).equals("DeclClause")) {
        words.add(command.at("/Variant/Value").asString());
        command.path("Args").forEach(argument -> declared(argument, words));
      } else {
        command.path("Args").forEach(word -> words.add(text(word)));
        command.path("Assigns").forEach(each -> assigned.add(each.at("/Name/Value").asString()));
      }
      found.add(command(words, assigned, redirections));
    }

    private static void declared(JsonNode argument, List<String> words) {
      String name = argument.at("/Name/Value").asString("");
      String value = argument.has("Value") ? text(argument.get("Value")) : "";
      if (argument.has("Index") || value.equals(Commands.DYNAMIC)) {
        return;
      }
      if (argument.path("Naked").asBoolean(false)) {
        words.add(name.isEmpty() ? value : name);
      } else if (!argument.has("Array")) {
        words.add(name + (argument.path("Append").asBoolean(false) ? "+=" : "=") + value);
      }
    }

    private static String redirection(JsonNode node) {
      String operator = REDIRECTIONS.get(node.get("Op").intValue() - FIRST_REDIRECTION);
      boolean isHereDocument = operator.equals("<<") || operator.equals("<<-");
      return node.at("/N/Value").asString("")
          + operator
          + (isHereDocument ? "" : text(node.path("Word")));
    }

    private static String words(JsonNode words) {
      List<String> texts = new ArrayList<>();
      words.forEach(word -> texts.add(text(word)));
      return texts.toString();
    }

    private static String text(JsonNode word) {
      StringBuilder text = new StringBuilder();
      for (JsonNode part : word.path("Parts")) {
        switch (type(part)) {
          case "Lit" -> text.append(unescaped(part.get("Value").asString(), ""));
          case "SglQuoted" -> {
            String quoted = part.path("Value").asString("");
            text.append(part.path("Dollar").asBoolean(false) ? ansi(quoted) : quoted);
          }
          case "DblQuoted" -> {
            for (JsonNode inner : part.path("Parts")) {
              if (!type(inner).equals("Lit")) {
                return Commands.DYNAMIC;
              }
              text.append(unescaped(inner.get("Value").asString(), "$`\"\\\n"));
            }
          }
          case "ExtGlob" -> text.append(glob(part));
          default -> {
            return Commands.DYNAMIC;
          }
        }
      }
      return text.toString();
    }

    /**
     * Removes the backslashes before the escapable characters; before all characters if none is
     * given.
     */
    private static String unescaped(String text, String escapable) {
      StringBuilder out = new StringBuilder();
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        boolean hasNext = i + 1 < text.length();
        if (c == '\\'
            && hasNext
            && (escapable.isEmpty() || escapable.indexOf(text.charAt(i + 1)) >= 0)) {
          i++;
          out.append(text.charAt(i) == '\n' ? "" : text.charAt(i));
        } else {
          out.append(c);
        }
      }
      return out.toString();
    }

    /** Decodes the text with the parser under test, because shfmt keeps the escapes. */
    private static String ansi(String quoted) {
      try {
        return Commands.of("$'" + quoted + "'").get(0).get(0);
      } catch (ShellSyntaxException e) {
        throw new IllegalStateException(quoted, e);
      }
    }

    private static String glob(JsonNode part) {
      List<String> operators = List.of("?(", "*(", "+(", "@(", "!(");
      return operators.get(part.get("Op").intValue() - 122)
          + part.at("/Pattern/Value").asString("")
          + ")";
    }
  }
}
