// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Another JVM on the same class path, spoken to by lines. What it has to complain of is kept. */
final class ChildJvm {
  /** SQLite is native code, and newer JDKs want that said; older ones would complain of it. */
  private static final String NATIVE_ACCESS =
      Runtime.version().feature() < 22 ? "-Dolder=true" : "--enable-native-access=ALL-UNNAMED";

  private static final long PATIENCE_SECONDS = 240;

  private final Process process;
  private final BufferedReader out;
  private final Writer in;
  private final Path errors;

  private ChildJvm(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
  }

  /**
   * Starts {@code main}.
   *
   * @param errors where its complaints go
   * @param heap for example {@code -Xmx64m}
   */
  static ChildJvm start(Path errors, String heap, Class<?> main, Object... arguments)
      throws IOException {
    return start(errors, List.of(heap), main, arguments);
  }

  /** The same, with more to say to the virtual machine than the heap. */
  static ChildJvm start(Path errors, List<String> options, Class<?> main, Object... arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                NATIVE_ACCESS,
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(1, options);
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    // Where a crash would leave its report.
    builder.directory(errors.toAbsolutePath().getParent().toFile());
    builder.redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()));
    return new ChildJvm(builder.start(), errors);
  }

  /** The next line it says; null at its end. */
  @Nullable String readLineOrEnd() throws IOException {
    return out.readLine();
  }

  /** The next line it says; fails at its end. */
  String readLine() throws IOException {
    String line = readLineOrEnd();
    if (line == null) {
      throw new AssertionError("the child process ended: " + Files.readString(errors));
    }
    return line;
  }

  void writeLine(String line) throws IOException {
    in.write(line + "\n");
    in.flush();
  }

  /** SIGKILL: no handler of it runs. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  /** Whether it has not ended within that time. */
  boolean runsFor(Duration time) throws InterruptedException {
    return !process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What it had to complain of. */
  String errors() {
    try {
      return Files.readString(errors);
    } catch (IOException e) {
      return "(" + e + ")";
    }
  }

  /** How it ended. */
  int exitCode() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the child process did not end");
    }
    return process.exitValue();
  }

  /** Waits for its end; fails if it does not end well. */
  void requireEndsWell() throws IOException, InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      kill();
      throw new AssertionError("the child process did not end: " + Files.readString(errors));
    }
    if (process.exitValue() != 0) {
      throw new AssertionError(
          "the child process ended with " + process.exitValue() + ": " + Files.readString(errors));
    }
  }
}
