// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An idle log uses hardly any CPU time and writes nothing. */
@Timeout(300)
class IdleTest {
  private static final int SECONDS = 5;

  /**
   * The CPU time per second that the threads of the log may use. The goal is one millisecond on an
   * otherwise idle machine. This limit also holds on a busy machine while code is still
   * interpreted; a drainer that polls every 100 ms exceeds it.
   */
  private static final Duration MOST = Duration.ofMillis(5);

  @TempDir Path temp;

  @Test
  void idleLogUsesNoCpuAndWritesNothing() throws Exception {
    Path data = temp.resolve("data");
    Path anchor = temp.resolve("anchor");
    try (Indelible indelible = Indelible.builder(data).anchor(anchor).open()) {
      for (int n = 0; n < 20; n++) {
        indelible.gate().check("agent:a", new Bash("ls"));
      }
      assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
      // Wait until the last checkpoint is anchored and every file is older than the resolution of
      // file times.
      await().atMost(Duration.ofMinutes(1)).until(() -> indelible.rowsNotAnchored().orElse(1) == 0);
      Map<String, String> before = settled();

      Map<String, Long> began = processorNanos();
      await()
          .pollDelay(Duration.ofSeconds(SECONDS))
          .atMost(Duration.ofMinutes(1))
          .until(() -> true);
      Map<String, Long> ended = processorNanos();

      assertThat(files()).isEqualTo(before);
      long nanos = 0;
      for (Map.Entry<String, Long> thread : ended.entrySet()) {
        long used = thread.getValue() - began.getOrDefault(thread.getKey(), 0L);
        System.out.printf("%s: %d us a second%n", thread.getKey(), used / 1_000 / SECONDS);
        nanos += used;
      }
      assertThat(Duration.ofNanos(nanos / SECONDS)).isLessThan(MOST);
    }
  }

  /** Returns the files once none has changed for longer than the resolution of file times. */
  private Map<String, String> settled() throws IOException {
    List<Map<String, String>> looks = new ArrayList<>(List.of(files()));
    await()
        .pollInterval(Duration.ofSeconds(3))
        .pollDelay(Duration.ofSeconds(3))
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              looks.add(files());
              return looks.get(looks.size() - 1).equals(looks.get(looks.size() - 2));
            });
    return looks.get(looks.size() - 1);
  }

  private Map<String, String> files() throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(temp)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        found.put(file.toString(), Files.size(file) + " " + Files.getLastModifiedTime(file));
      }
    }
    return found;
  }

  /** Returns the CPU time of each thread of the log. */
  private static Map<String, Long> processorNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Map<String, Long> nanos = new TreeMap<>();
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null && thread.getThreadName().startsWith("indelible-")) {
        nanos.put(
            thread.getThreadName() + " " + thread.getThreadId(),
            threads.getThreadCpuTime(thread.getThreadId()));
      }
    }
    return nanos;
  }
}
