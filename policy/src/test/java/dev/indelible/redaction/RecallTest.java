// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Allow;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonValue;
import dev.indelible.redaction.ActionRedactor.Result;
import dev.indelible.testkit.Vectors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Measures how many secrets are found, and how many harmless texts are changed.
 *
 * <p>The templates name the forms of secrets that public scanners know, and the places in which an
 * agent writes them. The first column states the half: misses of the {@code kept} half were not
 * looked at while detectors were changed. The {@code measured-*.tsv} files hold the counts. The
 * property {@code redaction.misses} prints what is missed in {@code open}, {@code kept} or {@code
 * all} lines.
 */
@Tag("any-jdk")
class RecallTest {
  private static final ActionRedactor REDACTOR =
      ActionRedactor.of(List.of(), List.of(), new byte[32]);
  private static final ExplainedDecision ALLOWED =
      new ExplainedDecision(new Allow(), Explanation.NONE);
  private static final Pattern MARKER = Pattern.compile("REDACTED-[a-z0-9_]+-[0-9a-f]{32}");

  /** Characters of a secret in a row that count as its disclosure. */
  private static final int DISCLOSED_CHARS = 8;

  private static final String MISSES = System.getProperty("redaction.misses", "");

  /** Counts of one class: secrets, secrets found, texts in which the marker replaces them alone. */
  private static final class Count {
    private int secrets;
    private int found;
    private int texts;
    private int exact;

    @Override
    public String toString() {
      return secrets + "\t" + found + "\t" + texts + "\t" + exact;
    }
  }

  private final Map<String, Count> counts = new TreeMap<>();

  @Test
  void countsOfSecretsFoundAreKept() {
    List<String[]> places = rows("places.tsv");
    for (String[] shape : rows("shapes.tsv")) {
      String secret = shape[2].contains("⟦") ? shape[2] : "⟦" + shape[2] + "⟧";
      for (String[] place : places) {
        count(shape[0], "form_" + shape[1], place[0], place[1].replace("⟦⟧", secret));
      }
    }
    for (String[] row : rows("surroundings.tsv")) {
      count(row[0], row[1], row[2], row[3]);
    }
    assertMeasured("secrets", counts);
  }

  @Test
  void countsOfHarmlessTextsChangedAreKept() {
    for (String[] row : rows("harmless.tsv")) {
      MadeUpText made = MadeUpText.of(row[3]);
      String redacted = redacted(row[2], made.text());
      Count count = counts.computeIfAbsent(row[1] + "\t" + row[0], any -> new Count());
      count.texts++;
      if (redacted.equals(plain(row[2], made.text()))) {
        count.exact++;
      } else {
        report(row[0], row[1], redacted);
      }
    }
    assertMeasured("harmless", counts);
  }

  /** Calls of an agent that were recorded, stored beside the project. Skipped if missing. */
  @Test
  void recordedCallsHaveNoFalseFinds() throws IOException {
    List<String> changed = new ArrayList<>();
    List<String> lines = Files.readAllLines(Vectors.path("../corpus/claude-pretooluse.jsonl"));
    for (String line : lines) {
      JsonNode call = node(line);
      JsonNode input = call.path("tool_input");
      AgentAction action =
          call.path("tool_name").asString("").equals("Bash")
              ? new Bash(input.path("command").asString(""))
              : new ToolCall(call.path("tool_name").asString(""), value(input.toString()));
      REDACTOR.redact(action, ALLOWED).ifPresent(result -> changed.add(result.action().toString()));
    }
    assertThat(changed).isEmpty();
  }

  private void count(String half, String kind, String place, String template) {
    MadeUpText made = MadeUpText.of(template);
    String redacted = redacted(place, made.text());
    String without = MARKER.matcher(redacted).replaceAll("§");
    Count count = counts.computeIfAbsent(kind + "\t" + half, any -> new Count());
    boolean missed = false;
    StringBuilder expected = new StringBuilder(made.text());
    for (int i = made.secrets().size() - 1; i >= 0; i--) {
      MadeUpText.Span span = made.secrets().get(i);
      String secret = made.text().substring(span.start(), span.end());
      expected.replace(span.start(), span.end(), "§");
      boolean found = !disclosed(without, secret);
      count.secrets++;
      count.found += found ? 1 : 0;
      missed |= !found;
    }
    count.texts++;
    boolean exact = without.equals(plain(place, expected.toString()));
    count.exact += exact ? 1 : 0;
    if (missed || !exact) {
      report(half, kind + (missed ? " MISSED" : " wide"), redacted);
    }
  }

  private static boolean disclosed(String text, String secret) {
    int chars = Math.min(DISCLOSED_CHARS, secret.length());
    for (int at = 0; at + chars <= secret.length(); at++) {
      if (text.contains(secret.substring(at, at + chars))) {
        return true;
      }
    }
    return false;
  }

  private static void report(String half, String kind, String text) {
    if (MISSES.equals("all") || MISSES.equals(half)) {
      System.out.println(kind + ": " + text.replace("\n", "\\n"));
    }
  }

  /** Returns the text after redaction, in an action of the kind. */
  private static String redacted(String kind, String text) {
    if (kind.equals("bash")) {
      Bash bash = new Bash(text);
      return ((Bash) redacted(bash)).command();
    }
    if (kind.equals("json")) {
      return ((ToolCall) redacted(new ToolCall("call", value(text)))).arguments().text();
    }
    JsonValue arguments = JsonValue.of(JsonNodeFactory.instance.objectNode().put("content", text));
    return node(((ToolCall) redacted(new ToolCall("Write", arguments))).arguments().text())
        .path("content")
        .asString("");
  }

  private static AgentAction redacted(AgentAction action) {
    Optional<Result> result = REDACTOR.redact(action, ALLOWED);
    return result.isPresent() ? result.get().action() : action;
  }

  /** Returns a text as {@link #redacted} returns it if nothing is found. */
  private static String plain(String kind, String text) {
    return kind.equals("json") ? value(text).text() : text;
  }

  private static JsonValue value(String json) {
    try {
      return JsonValue.parse(json);
    } catch (Exception e) {
      throw new IllegalArgumentException(json, e);
    }
  }

  private static JsonNode node(String json) {
    try {
      return CanonicalJson.read(json);
    } catch (Exception e) {
      throw new IllegalArgumentException(json, e);
    }
  }

  private static void assertMeasured(String table, Map<String, Count> counts) {
    List<String> measured = new ArrayList<>();
    counts.forEach((name, count) -> measured.add(name + "\t" + count));
    System.out.println("class\thalf\tsecrets\tfound\ttexts\texact");
    measured.forEach(System.out::println);
    List<String> held =
        rows("measured-" + table + ".tsv").stream().map(row -> String.join("\t", row)).toList();
    assertThat(measured).isEqualTo(held);
  }

  private static List<String[]> rows(String name) {
    try (InputStream in = RecallTest.class.getResourceAsStream(name)) {
      byte[] bytes = Objects.requireNonNull(in, name).readAllBytes();
      return new String(bytes, StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("# "))
          .map(line -> line.split("\t"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
