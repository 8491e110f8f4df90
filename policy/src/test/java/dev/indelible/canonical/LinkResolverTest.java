// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.value.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class LinkResolverTest {
  private final LinkResolver resolver = new LinkResolver(Duration.ofMinutes(1));
  @TempDir Path temporary;
  private Path root;
  private Surroundings surroundings;

  @BeforeEach
  void makeFiles() throws IOException {
    root = temporary.toRealPath();
    Files.createDirectories(root.resolve("data/policy"));
    surroundings = Surroundings.of(Value.of(root.toString()), Written.value("«HOME»"));
  }

  @AfterEach
  void close() {
    resolver.close();
  }

  private CanonicalPath path(String written) {
    return surroundings.path(Written.value(written));
  }

  private void link(String name, String target) throws IOException {
    Files.createSymbolicLink(root.resolve(name), Path.of(target));
  }

  @Test
  void linksAreFollowed() throws IOException {
    link("relative", "data");
    link("absolute", root + "/data");
    link("chain", "relative/policy");
    link("climbing", "data/policy/../policy");
    assertThat(resolver.resolve(path("relative/policy"), true)).isEqualTo(path("data/policy"));
    assertThat(resolver.resolve(path("absolute/x/y"), true)).isEqualTo(path("data/x/y"));
    assertThat(resolver.resolve(path("chain/x"), true)).isEqualTo(path("data/policy/x"));
    assertThat(resolver.resolve(path("climbing"), true)).isEqualTo(path("data/policy"));
    assertThat(resolver.resolve(path("relative/‹*›"), true)).isEqualTo(path("data/‹*›"));
    assertThat(resolver.resolve(path("relative/«X»/z"), true)).isEqualTo(path("data/«X»/z"));
  }

  @Test
  void lastLinkIsFollowedOnlyOnDemand() throws IOException {
    link("link", "data");
    assertThat(resolver.resolve(path("link"), false)).isEqualTo(path("link"));
    assertThat(resolver.resolve(path("link"), true)).isEqualTo(path("data"));
    assertThat(resolver.resolve(path("link/‹*›"), false)).isEqualTo(path("data/‹*›"));
  }

  @Test
  void pathWithoutLinksIsUnchanged() {
    CanonicalPath plain = path("data/absent/x");
    assertThat(resolver.resolve(plain, true)).isSameAs(plain);
    CanonicalPath windows = path("C:\\x");
    assertThat(resolver.resolve(windows, true)).isSameAs(windows);
  }

  @Test
  void loopOfLinksIsOpaque() throws IOException {
    link("a", "b");
    link("b", "a");
    assertThat(resolver.resolve(path("a/x"), true).problem())
        .contains("it leads through too many links");
  }

  @Test
  void deepPathIsOpaque() {
    assertThat(resolver.resolve(path("/a".repeat(200)), true).isOpaque()).isTrue();
  }

  @Test
  void waitIsLimited() {
    ThreadPoolExecutor stuck =
        new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1)) {
          @Override
          public void execute(Runnable task) {}
        };
    try (LinkResolver impatient = new LinkResolver(Duration.ofMillis(1), stuck)) {
      assertThat(impatient.resolve(path("data/x"), true).problem())
          .contains("its links could not be followed in time");
    }
  }
}
