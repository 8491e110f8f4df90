// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class NamedSetsTest {
  private static final Surroundings PROJECT =
      Surroundings.of(Value.of("/home/dev/project"), Value.unknown(Origin.HOME, ""));

  static Stream<Arguments> cases() throws IOException {
    try (InputStream in = NamedSetsTest.class.getResourceAsStream("path-sets-cases.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .map(line -> line.split(" \\| "))
              .map(part -> Arguments.of(part[0], Relation.valueOf(part[1]), part[2]))
              .toList()
              .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void setHasItsRelationToEachPath(String set, Relation relation, String paths) {
    PathPatterns patterns = PathPatterns.of(List.of("@" + set));
    for (String path : paths.split(" ")) {
      assertThat(patterns.concerns(PROJECT.path(Written.value(path)), false, PROJECT))
          .as(path)
          .isEqualTo(relation);
    }
  }

  @Test
  void everySetHasCases() throws IOException {
    Set<String> tested = new HashSet<>();
    cases().forEach(row -> tested.add((String) row.get()[0]));
    assertThat(tested).isEqualTo(NamedSets.PATHS.all().keySet());
  }

  /** A pattern that no path can match is a mistake. */
  @ParameterizedTest
  @MethodSource("sets")
  void everyLineMatchesAPath(String set) {
    for (String line : NamedSets.PATHS.all().get(set)) {
      String text = line.startsWith("!") ? line.substring(1) : line;
      PathPatterns pattern = PathPatterns.of(List.of(text));
      for (List<PathPattern.Name> names : PathPattern.parse(text).alternatives()) {
        CanonicalPath path = PROJECT.path(example(names));
        assertThat(pattern.concerns(path, false, PROJECT))
            .as("%s: %s", line, path)
            .isEqualTo(Relation.YES);
      }
    }
  }

  static Stream<String> sets() {
    return NamedSets.PATHS.all().keySet().stream();
  }

  /** Returns a path that the names of a pattern match. */
  private static Value example(List<PathPattern.Name> names) {
    Value path = Value.EMPTY;
    for (PathPattern.Name name : names) {
      path =
          switch (name.kind()) {
            case ROOT -> root(name.text());
            case ANY_DEPTH -> path.plus(Value.of("/a/b"));
            case GLOB -> path.plus(Value.of("/" + chosen(name.text())));
            case NAME -> path.plus(Value.of("/" + name.text()));
          };
    }
    return path;
  }

  private static Value root(String root) {
    return switch (root) {
      case "/" -> Value.of("/");
      case "~" -> Value.unknown(Origin.HOME, "");
      case "<scratch>" -> Value.unknown(Origin.SCRATCH, "");
      case "?:" -> Value.of("C:");
      case "${cwd}" -> Value.of("/home/dev/project");
      case "//." -> Value.of("\\\\.");
      default -> Value.of(root);
    };
  }

  private static String chosen(String glob) {
    return glob.replaceAll("\\[(.)[^]]*\\]", "$1").replace('?', 'x').replace("*", "x");
  }
}
