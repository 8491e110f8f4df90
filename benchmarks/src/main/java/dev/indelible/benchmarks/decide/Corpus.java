// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.decide;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import tools.jackson.databind.JsonNode;

/**
 * Actions to decide about, in a random order that is the same in every run.
 *
 * @param cases at least one
 */
public record Corpus(List<Case> cases) {
  private static final List<String> FILES = List.of("starter-cases.jsonl", "benign-cases.jsonl");
  private static final long SEED = 1;

  /** An action, and whether it is meant to be blocked. */
  public record Case(AgentAction action, boolean isDangerous) {}

  /** Takes a copy of the list. */
  public Corpus {
    cases = List.copyOf(cases);
  }

  /**
   * Returns the cases of the policy module's tests: dangerous actions in many spellings, and
   * ordinary scripts.
   */
  private static Corpus ofTests() throws IOException, JsonFormatException {
    List<String> lines = new ArrayList<>();
    for (String file : FILES) {
      try (InputStream in = Corpus.class.getResourceAsStream(file)) {
        byte[] bytes = Objects.requireNonNull(in, file).readAllBytes();
        new String(bytes, StandardCharsets.UTF_8).lines().forEach(lines::add);
      }
    }
    return of(lines);
  }

  /** Returns the cases of a file; if its name is empty, the cases of the tests. */
  public static Corpus named(String file) throws IOException, JsonFormatException {
    return file.isEmpty() ? ofTests() : of(Path.of(file));
  }

  /** Returns the cases of a file in the format of a policy's tests: one JSON object per line. */
  private static Corpus of(Path file) throws IOException, JsonFormatException {
    return of(Files.readAllLines(file));
  }

  private static Corpus of(List<String> lines) throws JsonFormatException {
    List<Case> cases = new ArrayList<>();
    for (String line : lines) {
      JsonNode node = CanonicalJson.read(line);
      AgentAction action = ActionParser.parse(node.get("action"), "action");
      cases.add(new Case(action, node.path("expect").asString("").equals("block")));
    }
    Collections.shuffle(cases, new Random(SEED));
    return new Corpus(cases);
  }
}
