// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A JVM that runs one {@link Task}. All child JVMs have equal flags. */
public final class ChildJvm {
  /**
   * The heap size: enough for the rows of the sustained run, which the raw insert creates before
   * its clock starts.
   */
  public static final String HEAP = "4g";

  private static final String COLLECTOR = "-XX:+UseG1GC";

  /**
   * Touches all memory before the clock starts. Otherwise the measurement would include the
   * kernel's work for the first touch of each page, a quarter of all time on a virtual machine.
   */
  private static final String PRETOUCH = "-XX:+AlwaysPreTouch";

  /** The packages that must be opened for Chronicle Queue on Java 17. */
  private static final List<String> OPENED =
      List.of(
          "java.base/java.lang",
          "java.base/java.lang.reflect",
          "java.base/java.io",
          "java.base/java.nio",
          "java.base/java.util",
          "java.base/jdk.internal.misc",
          "java.base/jdk.internal.ref",
          "java.base/sun.nio.ch",
          "jdk.compiler/com.sun.tools.javac",
          "jdk.compiler/com.sun.tools.javac.file");

  private final Process process;
  private final BufferedReader out;
  private final Path errors;

  private ChildJvm(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Returns the flags of every child, for the page. */
  public static String describe() {
    return "-Xms%1$s -Xmx%1$s %2$s %3$s, and with the packages opened that Chronicle Queue needs"
        .formatted(HEAP, COLLECTOR, PRETOUCH);
  }

  /** Returns the flags of every child, without the heap. */
  public static List<String> flags() {
    List<String> flags = new ArrayList<>(List.of(COLLECTOR, PRETOUCH));
    for (String each : OPENED) {
      flags.add("--add-opens=" + each + "=ALL-UNNAMED");
    }
    if (Runtime.version().feature() >= 22) {
      flags.add("--enable-native-access=ALL-UNNAMED");
    }
    if (Runtime.version().feature() >= 23) {
      flags.add("--sun-misc-unsafe-memory-access=allow");
    }
    flags.add("-Dslf4j.provider=org.slf4j.simple.SimpleServiceProvider");
    flags.add("-Dslf4j.internal.verbosity=WARN");
    flags.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
    flags.add("-Dchronicle.announcer.disable=true");
    flags.add("-Dchronicle.analytics.disable=true");
    return flags;
  }

  /**
   * Starts a child.
   *
   * @param work the directory for its error output
   * @param heap the heap size, as for {@code -Xmx}
   * @param withoutJar the beginning of the name of a jar to leave off the class path
   */
  public static ChildJvm start(
      Path work, String heap, Optional<String> withoutJar, Class<? extends Task> task, Facts orders)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xms" + heap);
    command.add("-Xmx" + heap);
    command.addAll(flags());
    command.addAll(List.of("-cp", classPath(withoutJar), Child.class.getName(), task.getName()));
    for (Map.Entry<String, String> fact : orders.values().entrySet()) {
      command.add(fact.getKey() + "=" + fact.getValue());
    }
    Path errors = Files.createTempFile(work, "child-", ".log");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(work.toFile());
    builder.redirectError(errors.toFile());
    return new ChildJvm(builder.start(), errors);
  }

  /** Runs a child until it ends, and returns its results. */
  public static Facts run(
      Path work, String heap, Optional<String> withoutJar, Class<? extends Task> task, Facts orders)
      throws IOException, InterruptedException {
    return start(work, heap, withoutJar, task, orders).awaitEnd();
  }

  /** Waits for a result while the child is running. */
  public void await(String answer) throws IOException, InterruptedException {
    String line = out.readLine();
    while (line != null && !line.startsWith(Child.ANSWER + answer + "=")) {
      line = out.readLine();
    }
    if (line == null) {
      throw failed();
    }
  }

  /** Kills the child with SIGKILL. */
  public void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  private Facts awaitEnd() throws IOException, InterruptedException {
    Facts answers = new Facts();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(Child.ANSWER)) {
        answers.parse(line.substring(Child.ANSWER.length()));
      }
    }
    if (process.waitFor() != 0) {
      throw failed();
    }
    return answers;
  }

  private IllegalStateException failed() throws IOException, InterruptedException {
    return new IllegalStateException(
        "a child ended with " + process.waitFor() + ": " + Files.readString(errors));
  }

  private static String classPath(Optional<String> withoutJar) {
    Stream<String> entries =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator));
    return entries
        .filter(entry -> withoutJar.isEmpty() || !fileName(entry).startsWith(withoutJar.get()))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String fileName(String entry) {
    return String.valueOf(Path.of(entry).getFileName());
  }
}
