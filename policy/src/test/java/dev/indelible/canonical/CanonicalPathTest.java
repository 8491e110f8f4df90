// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalPathTest {
  private static final Surroundings PROJECT =
      Surroundings.of(Value.of("/home/dev/project"), Value.unknown(Origin.HOME, ""));
  private static final Surroundings WINDOWS =
      Surroundings.of(Value.of("C:\\Users\\dev\\project"), Value.of("C:\\Users\\dev"));

  static Stream<Arguments> table() throws IOException {
    try (InputStream in = CanonicalPathTest.class.getResourceAsStream("paths.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .map(line -> line.split(" \\| ", -1))
              .map(columns -> Arguments.of(columns[0], columns[1]))
              .toList()
              .stream();
    }
  }

  private static CanonicalPath path(String written) {
    return PROJECT.path(Written.value(written));
  }

  @ParameterizedTest
  @MethodSource("table")
  void pathHasOneCanonicalSpelling(String written, String canonical) {
    assertThat(path(written).display()).isEqualTo(canonical);
  }

  @ParameterizedTest
  @MethodSource("table")
  void canonicalFormIsStable(String written, String canonical) {
    CanonicalPath path = path(written);
    if (path.isKnown() && !canonical.startsWith("<") && !canonical.startsWith("~")) {
      assertThat(PROJECT.path(Value.of(canonical))).isEqualTo(path);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/a\0b", "/a\nb", "/a\u007f", "file:///a%00b"})
  void pathWithoutCanonicalFormIsOpaque(String written) {
    assertThat(path(written).isOpaque()).isTrue();
  }

  @Test
  void limitsMakeAPathOpaque() {
    assertThat(path("/a".repeat(PathReader.MAX_COMPONENTS - 1)).isOpaque()).isFalse();
    assertThat(path("/a".repeat(PathReader.MAX_COMPONENTS)).problem())
        .contains("the path has more than 1024 names");
    assertThat(path("/" + "a".repeat(PathReader.MAX_NAME_CHARS + 1)).isOpaque()).isTrue();
    assertThat(path("/a".repeat(PathReader.MAX_CHARS)).isOpaque()).isTrue();
  }

  @Test
  void knownHomeReplacesTheVariable() {
    Surroundings known = Surroundings.of(Value.of("/srv/app"), Value.of("/opt/agent"));
    assertThat(known.path(Written.value("«HOME»/x")).display()).isEqualTo("/opt/agent/x");
    assertThat(known.path(Written.value("«HOME»2")).display()).isEqualTo("/opt/agent2");
    assertThat(known.path(Written.value("/b«HOME»/x")).display()).isEqualTo("/b/opt/agent/x");
  }

  @Test
  void windowsPathsMayUseEitherSlash() {
    assertThat(WINDOWS.path(Value.of("..\\x/y")).display()).isEqualTo("C:\\Users\\dev\\x\\y");
    assertThat(WINDOWS.path(Value.of("\\Windows")).display()).isEqualTo("C:\\Windows");
    assertThat(WINDOWS.path(Value.of("/d/x")).display()).isEqualTo("D:\\x");
    assertThat(WINDOWS.path(Written.value("«HOME»\\.ssh")).display())
        .isEqualTo("C:\\Users\\dev\\.ssh");
  }

  @Test
  void unicodeFormsAndCasesOfANameAreEqual() {
    assertThat(path("/e\u0301")).isEqualTo(path("/\u00c9"));
    assertThat(path("/.g\u200cit")).isEqualTo(path("/.GIT"));
    assertThat(path("/.\u017fsh")).isEqualTo(path("/.ssh"));
  }

  @Test
  void respellingsOfAPathAreEqual() {
    Random random = new Random(13);
    List<String> names = List.of("home", "dev", ".ssh", "id_rsa", "a b", "é", "etc", "x.txt");
    for (int i = 0; i < 5_000; i++) {
      StringBuilder plain = new StringBuilder();
      StringBuilder respelled = new StringBuilder();
      int length = 1 + random.nextInt(6);
      for (int k = 0; k < length; k++) {
        String name = names.get(random.nextInt(names.size()));
        plain.append('/').append(name);
        respelled
            .append(List.of("/", "//", "/./", "/x/../", "/x/y/./../../").get(random.nextInt(5)))
            .append(random.nextInt(3) == 0 ? name.toUpperCase(Locale.ROOT) : name);
      }
      respelled.append(List.of("", "/", "/.", "/x/..").get(random.nextInt(4)));
      CanonicalPath path = path(respelled.toString());
      assertThat(path).as("%s", respelled).isEqualTo(path(plain.toString()));
      assertThat(path(path.display())).isEqualTo(path);
    }
  }

  @Test
  void linkIsReplacedByItsTarget() {
    CanonicalPath moved = path("/tmp/d/x").moved(path("/tmp/d"), path("indelible-data"));
    assertThat(moved.display()).isEqualTo("/home/dev/project/indelible-data/x");
    assertThat(path("/tmp/e").moved(path("/tmp/d"), path("/etc")).display()).isEqualTo("/tmp/e");
  }
}
