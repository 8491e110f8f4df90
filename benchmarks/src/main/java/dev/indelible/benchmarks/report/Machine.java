// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.report;

import dev.indelible.benchmarks.load.Latencies;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Describes the machine, the JDK and the commit of the measurements, without host names and paths.
 */
final class Machine {
  private static final int SYNCS = 50;
  private static final int SYNCED_BYTES = 4_096;
  private static final String UNKNOWN = "unknown";

  private Machine() {}

  /**
   * Returns the facts as a list.
   *
   * @param work the directory for the files of the measurements
   * @param home the directory of the source
   * @param command the command of the run
   * @param flags the flags of every measured JVM
   */
  static String describe(Path work, Path home, String command, String flags) throws IOException {
    return String.join(
            "\n",
            "- command: `" + command + "`",
            "- date: " + LocalDate.now(ZoneOffset.UTC) + "; commit: " + commit(home),
            "- processor: "
                + Runtime.getRuntime().availableProcessors()
                + " cores, "
                + field(Path.of("/proc/cpuinfo"), "model name"),
            "- memory: " + field(Path.of("/proc/meminfo"), "MemTotal"),
            "- kernel: " + System.getProperty("os.name") + " " + System.getProperty("os.version"),
            "- file system: "
                + Files.getFileStore(work).type()
                + "; a 4 KiB append synced in "
                + Units.time(syncNanos(work))
                + " (median of "
                + SYNCS
                + ")",
            "- JDK: " + System.getProperty("java.vm.name") + " " + Runtime.version(),
            "- each measurement in a separate JVM, with " + flags)
        + "\n";
  }

  private static String field(Path file, String name) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(UNKNOWN);
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  private static String commit(Path home) {
    String commit = git(home, "rev-parse", "--short=12", "HEAD");
    return git(home, "status", "--porcelain").isEmpty() ? commit : commit + ", with changes";
  }

  private static String git(Path home, String... arguments) {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(arguments));
    try {
      Process git =
          new ProcessBuilder(command)
              .directory(home.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return new String(git.getInputStream().readAllBytes()).strip();
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  private static long syncNanos(Path work) throws IOException {
    Path file = Files.createTempFile(work, "sync-", ".tmp");
    List<Long> times = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int i = 0; i < SYNCS; i++) {
        long start = System.nanoTime();
        channel.write(ByteBuffer.allocate(SYNCED_BYTES));
        channel.force(false);
        times.add(System.nanoTime() - start);
      }
    } finally {
      Files.delete(file);
    }
    return Latencies.median(times);
  }
}
