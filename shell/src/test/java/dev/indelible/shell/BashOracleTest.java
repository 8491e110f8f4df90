// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.testkit.Sample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Compares the parser with {@code bash -n}: both accept or reject each text, except for the
 * differences that {@link #EXPLAINED} and {@link #EXPLAINED_SCRIPTS} list.
 */
@Timeout(300)
class BashOracleTest {
  private static final JsonMapper JSON = new JsonMapper();

  /** Texts on which the parser and bash differ, with the reason. */
  private static final Map<String, String> EXPLAINED =
      Map.of(
          "cd `which <file> | xargs dirname`",
          "bash parses a text in backquotes only when it runs it");

  /** Scripts on which the parser and bash differ, with the reason. */
  private static final Map<Pattern, String> EXPLAINED_SCRIPTS =
      Map.of(
          Pattern.compile("extglob"),
          "bash -n does not run the line that enables extended globs",
          Pattern.compile("posix"),
          "in POSIX mode single quotes in double quotes do not pair",
          Pattern.compile("(?m)^EOF ?\\)|^\\)\\)|read foo <<EOF"),
          "bash accepts a delimiter that is followed by a parenthesis, and warns",
          Pattern.compile("(<<EOF ){17}"),
          "bash accepts at most 16 here-documents per command",
          Pattern.compile("(?m)^(done\\n){200}"),
          "a limit of this parser");

  @TempDir static Path temp;

  @BeforeAll
  static void requireBash() throws Exception {
    assumeTrue(
        isAccepted(List.of("bash", "-c", "((BASH_VERSINFO >= 5))")), "skipped: no bash 5 here");
  }

  @Test
  void tableAgrees() throws Exception {
    List<String> texts = new ArrayList<>();
    for (String text :
        Files.readString(Path.of("src/test/resources/dev/indelible/shell/table.txt"))
            .split("\n%\n")) {
      texts.add(text);
    }
    assertThat(texts).hasSizeGreaterThan(150);
    assertThat(differences(texts)).isEmpty();
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
  }

  @Test
  void corpusAgrees() throws Exception {
    List<String> texts = new ArrayList<>();
    for (JsonNode line : lines("corpus/claude-pretooluse.jsonl")) {
      if (line.path("tool_name").asString("").equals("Bash")) {
        texts.add(line.get("tool_input").get("command").asString());
      }
    }
    assertThat(texts).hasSizeGreaterThan(2_900);
    int step = Sample.step(5);
    assertThat(
            differences(
                IntStream.range(0, texts.size())
                    .filter(i -> i % step == 0)
                    .mapToObj(texts::get)
                    .toList()))
        .isEmpty();
  }

  /**
   * Tries the scripts installed on this machine and, if INDELIBLE_BASH_SOURCE is set, bash's own
   * tests.
   */
  @Test
  void scriptsOfThisMachineAgree() throws Exception {
    List<Path> scripts = new ArrayList<>();
    for (String directory : List.of("/usr/bin", "/usr/sbin", "/etc/init.d", "/usr/lib/git-core")) {
      scripts.addAll(scripts(Path.of(directory), false));
    }
    String source = System.getenv("INDELIBLE_BASH_SOURCE");
    if (source != null) {
      scripts.addAll(scripts(Path.of(source), true));
    }
    List<String> differences = new ArrayList<>();
    for (Path script : scripts) {
      String text;
      try {
        text = Files.readString(script);
      } catch (MalformedInputException e) {
        text = Files.readString(script, StandardCharsets.ISO_8859_1);
      }
      String read = text;
      boolean isExplained =
          EXPLAINED_SCRIPTS.keySet().stream().anyMatch(reason -> reason.matcher(read).find());
      if (!isExplained && isAccepted(List.of("bash", "-n", script.toString())) != isParsed(text)) {
        differences.add(script + ": " + outcome(text));
      }
    }
    System.out.printf("%s scripts%n", scripts.size());
    assertThat(differences).isEmpty();
  }

  private static List<Path> scripts(Path directory, boolean all) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .filter(file -> all ? file.toString().matches(".*\\.(tests|sub)") : isScript(file))
          .sorted()
          .toList();
    }
  }

  private static boolean isScript(Path file) {
    try (var in = Files.newInputStream(file)) {
      String start = new String(in.readNBytes(64), StandardCharsets.ISO_8859_1);
      return start.matches("(?s)#! ?\\S*/(env )?(ba|da)?sh\\b.*");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  private static Map<String, String> differences(List<String> texts) throws Exception {
    Map<String, String> differences = new TreeMap<>();
    for (String text : texts) {
      boolean isKnown = EXPLAINED.containsKey(text) || text.indexOf('\0') >= 0;
      if (!isKnown && isAccepted(List.of("bash", "-n", "-c", text)) != isParsed(text)) {
        differences.put(text, outcome(text));
      }
    }
    return differences;
  }

  private static boolean isParsed(String text) {
    return outcome(text).isEmpty();
  }

  private static String outcome(String text) {
    try {
      ShellParser.parse(text);
      return "";
    } catch (ShellSyntaxException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static boolean isAccepted(List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).directory(temp.toFile());
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("LC_ALL", "C");
    return builder.start().waitFor() == 0;
  }
}
