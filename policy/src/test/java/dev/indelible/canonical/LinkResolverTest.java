// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import dev.indelible.canonical.LinkResolver.Request;
import dev.indelible.value.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
@Timeout(120)
class LinkResolverTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofMillis(20);

  private static final String NOT_IN_TIME = "its links could not be followed in time";

  private final LinkResolver resolver = new LinkResolver(LONG);
  @TempDir Path temporary;
  private Path root;
  private Surroundings surroundings;

  /** The resolver's clock, which a test advances instead of waiting. */
  private final AtomicLong nanoTime = new AtomicLong();

  @BeforeEach
  void makeFiles() throws IOException {
    root = temporary.toRealPath();
    Files.createDirectories(root.resolve("data/policy"));
    surroundings = Surroundings.of(Value.of(root.toString()), Written.value("«HOME»"));
  }

  private CanonicalPath path(String written) {
    return surroundings.path(Written.value(written));
  }

  private Request request(String written, boolean followsLast) {
    Value value = Written.value(written);
    CanonicalPath asked = surroundings.pathWithParents(value, surroundings.workingDirectory());
    return new Request(path(written), asked, followsLast);
  }

  private CanonicalPath followed(String written) {
    return resolver.follow(surroundings, List.of(request(written, true))).paths().get(0);
  }

  private CanonicalPath itself(String written) {
    return resolver.follow(surroundings, List.of(request(written, false))).paths().get(0);
  }

  private void link(String name, String target) throws IOException {
    Files.createSymbolicLink(root.resolve(name), Path.of(target));
  }

  @Test
  void followsLinks() throws IOException {
    link("relative", "data");
    link("absolute", root + "/data");
    link("chain", "relative/policy");
    link("climbing", "data/policy/../policy");
    assertThat(followed("relative/policy")).isEqualTo(path("data/policy"));
    assertThat(followed("absolute/x/y")).isEqualTo(path("data/x/y"));
    assertThat(followed("chain/x")).isEqualTo(path("data/policy/x"));
    assertThat(followed("climbing")).isEqualTo(path("data/policy"));
    assertThat(followed("relative/‹*›")).isEqualTo(path("data/‹*›"));
    assertThat(followed("relative/«X»/z")).isEqualTo(path("data/«X»/z"));
  }

  @Test
  void lastLinkIsFollowedOnlyOnDemand() throws IOException {
    link("link", "data");
    assertThat(itself("link")).isEqualTo(path("link"));
    assertThat(followed("link")).isEqualTo(path("data"));
    assertThat(itself("link/‹*›")).isEqualTo(path("data/‹*›"));
  }

  @Test
  void danglingLinkIsReplacedByItsTarget() throws IOException {
    link("dangling", "absent/x");
    assertThat(followed("dangling")).isEqualTo(path("absent/x"));
  }

  @Test
  void parentOfLinkIsParentOfItsTarget() throws IOException {
    link("deep", "data/policy");
    assertThat(followed("deep/../x")).isEqualTo(path("data/x"));
    assertThat(followed("deep/../../deep/..")).isEqualTo(path("data"));
    assertThat(followed("data/../x")).isEqualTo(path("x"));
  }

  @Test
  void linkBeforeParentOfUnknownNameIsFollowed() throws IOException {
    link("link", "data");
    assertThat(followed("link/‹x*›/../x")).isEqualTo(path("data/x"));
    assertThat(followed("link/policy/‹*›/../x")).isEqualTo(path("data/policy/x"));
    assertThat(followed("link/«X»/../x")).isEqualTo(path("data/x"));
    assertThat(followed("link/«X»/y/../../x")).isEqualTo(path("data/x"));
    assertThat(followed("link/«X»/../../x")).isEqualTo(path("x"));
    assertThat(followed("link/«X»/../«Y»/x")).isEqualTo(path("data/«Y»/x"));
    assertThat(followed("data/‹x*›/../x")).isEqualTo(path("data/x"));
  }

  @Test
  void pathWithoutLinksIsUnchanged() {
    for (String written : List.of("data/absent/x", "C:\\x", "«X»/x", "~/x", "data/../x")) {
      Request request = request(written, true);
      assertThat(resolver.follow(surroundings, List.of(request)).paths().get(0))
          .isSameAs(request.path());
    }
  }

  @Test
  void linksBelowProcAreNotFollowed() throws IOException {
    link("environment", "/proc/self/environ");
    assertThat(followed("environment")).isEqualTo(path("/proc/self/environ"));
    assertThat(followed("/dev/stdin")).isEqualTo(path("/dev/stdin"));
    assertThat(followed("/proc/self/exe")).isEqualTo(path("/proc/self/exe"));
  }

  @Test
  void nameIsLookedUpAsWritten() throws IOException {
    String decomposed = "u\u0308\u200b";
    link(decomposed, "data");
    assertThat(followed(decomposed + "/x")).isEqualTo(path("data/x"));
  }

  @Test
  void workingDirectoryAndHomeAreFollowed() throws IOException {
    link("home", "data");
    Surroundings other = Surroundings.of(Value.of(root + "/home/policy"), Value.of(root + "/home"));
    Surroundings followed = resolver.follow(other, List.of()).surroundings();
    assertThat(followed.workingDirectory()).isEqualTo(path("data/policy"));
    assertThat(followed.home()).contains(path("data"));
    assertThat(resolver.follow(surroundings, List.of()).surroundings()).isSameAs(surroundings);
  }

  @Test
  void loopOfLinksIsOpaque() throws IOException {
    link("a", "b");
    link("b", "a");
    assertThat(followed("a/x").problem().orElse("")).contains("too many links");
  }

  @Test
  void deepPathIsOpaque() {
    assertThat(followed("/a".repeat(200)).isOpaque()).isTrue();
  }

  @Test
  void tooLongNameIsNotALink() {
    assertThat(followed("x".repeat(1_000)).display()).isEqualTo(path("x".repeat(1_000)).display());
  }

  @Test
  void callsPerActionAreLimited() {
    AtomicInteger calls = new AtomicInteger();
    LinkResolver counting =
        new LinkResolver(
            LONG,
            place -> {
              calls.incrementAndGet();
              return Optional.empty();
            });
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < LinkResolver.MAX_CALLS + 100; i++) {
      requests.add(request("/x/y/z/" + i, true));
    }
    List<CanonicalPath> paths = counting.follow(surroundings, requests).paths();
    assertThat(calls.get()).isEqualTo(LinkResolver.MAX_CALLS);
    assertThat(paths.get(100).isOpaque()).isFalse();
    assertThat(paths.get(LinkResolver.MAX_CALLS).isOpaque()).isTrue();
  }

  @Test
  void hangingDirectoryCostsOneWait() {
    CountDownLatch mended = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    LinkResolver impatient = resolver(hanging("/mnt/", mended, calls));
    waitInVain(impatient, "/mnt/store/x", calls);
    assertThat(problem(impatient, "/mnt/store/y")).contains("/mnt/store does not answer");
    assertThat(problem(impatient, "/home/x")).isEmpty();
    assertThat(calls.get()).isEqualTo(1);
    mended.countDown();
  }

  @Test
  void everyPathIsOpaqueWhenAllThreadsHang() {
    CountDownLatch mended = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    LinkResolver impatient = new LinkResolver(SHORT, hanging("/mnt/", mended, calls));
    for (int i = 0; calls.get() < LinkResolver.MAX_THREADS; i++) {
      assertThat(problem(impatient, "/mnt/" + i + "/x")).contains(NOT_IN_TIME);
    }
    assertThat(problem(impatient, "/home/x")).contains(NOT_IN_TIME);
    assertThat(calls.get()).isEqualTo(LinkResolver.MAX_THREADS);
    mended.countDown();
  }

  @Test
  void slowDirectoryReleasesItsThreads() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    LinkResolver impatient =
        new LinkResolver(
            Duration.ofMillis(200),
            place -> {
              calls.incrementAndGet();
              return place.startsWith("/slow") ? slowly() : Optional.empty();
            });
    List<Request> many = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      many.add(request("/slow/" + i, true));
    }
    for (int i = 0; i < LinkResolver.MAX_THREADS; i++) {
      assertThat(impatient.follow(Surroundings.unknown(), many).paths())
          .anyMatch(CanonicalPath::isOpaque);
    }
    // The calls in progress end, and no further call begins.
    Thread.sleep(500);
    int then = calls.get();
    Thread.sleep(200);
    assertThat(calls.get()).isEqualTo(then).isLessThan(1_000);
    assertThat(problem(impatient, "/home/x")).isEmpty();
  }

  private static Optional<Path> slowly() throws IOException {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return Optional.empty();
  }

  @Test
  void directoryThatHangsInIsFileIsRemembered() {
    CountDownLatch mended = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    LinkResolver impatient =
        resolver(
            new LinkResolver.Disk() {
              @Override
              public Optional<Path> target(Path place) {
                return place.equals(Path.of("/link"))
                    ? Optional.of(Path.of("/mnt/store"))
                    : Optional.empty();
              }

              @Override
              public boolean isFile(Path place) {
                calls.incrementAndGet();
                try {
                  mended.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                return false;
              }
            });
    waitInVain(impatient, "/link/x", calls);
    assertThat(problem(impatient, "/mnt/store/y")).contains("/mnt/store does not answer");
    assertThat(calls.get()).isEqualTo(1);
    mended.countDown();
  }

  @Test
  void pathIsOpaqueIfNoThreadCanStart() {
    LinkResolver poor =
        new LinkResolver(
            LONG,
            place -> Optional.empty(),
            task -> {
              throw new OutOfMemoryError("unable to create native thread");
            },
            System::nanoTime);
    assertThat(problem(poor, "/home/x")).contains(NOT_IN_TIME);
  }

  private LinkResolver resolver(LinkResolver.Disk disk) {
    return new LinkResolver(LONG, disk, Thread::new, nanoTime::get);
  }

  /** Follows a path that hangs, and then advances the clock beyond the caller's time limit. */
  private void waitInVain(LinkResolver resolver, String written, AtomicInteger calls) {
    Thread caller = new Thread(() -> problem(resolver, written));
    caller.setDaemon(true);
    caller.start();
    await().untilAtomic(calls, equalTo(1));
    nanoTime.addAndGet(LONG.toNanos() + 1);
  }

  private static LinkResolver.Disk hanging(
      String below, CountDownLatch mended, AtomicInteger calls) {
    return place -> {
      if (place.toString().startsWith(below)) {
        calls.incrementAndGet();
        try {
          mended.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
      return Optional.empty();
    };
  }

  private String problem(LinkResolver impatient, String written) {
    return Stream.of(request(written, true))
        .map(request -> impatient.follow(Surroundings.unknown(), List.of(request)))
        .map(followed -> followed.paths().get(0).problem().orElse(""))
        .findFirst()
        .orElseThrow();
  }
}
