// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A child JVM on the test's class path. The test and the child exchange lines of text. Small and
 * quick to start.
 */
public final class ChildJvm {
  /**
   * JDK 22 and later print a warning without the option for native code; older JDKs reject the
   * option.
   */
  private static final String NATIVE_ACCESS =
      Runtime.version().feature() < 22 ? "-Dolder=true" : "--enable-native-access=ALL-UNNAMED";

  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private static final Set<Process> STARTED = ConcurrentHashMap.newKeySet();

  static {
    // A failed test must not leave its child behind.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> STARTED.forEach(Process::destroyForcibly)));
  }

  private final Process process;
  private final BufferedReader out;
  private final Writer in;
  private final @Nullable Path errors;

  private ChildJvm(Process process, @Nullable Path errors) {
    this.process = process;
    this.errors = errors;
    STARTED.add(process);
    process.onExit().thenAccept(STARTED::remove);
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.in = process.outputWriter(StandardCharsets.UTF_8);
  }

  /** Returns a launcher that runs {@code main}. */
  public static Launcher running(Class<?> main) {
    return new Launcher("-cp", System.getProperty("java.class.path"), main.getName());
  }

  /** Returns a launcher of a class in a directory, which uses the class path of the test. */
  public static Launcher running(String main, Path directory) {
    String classPath = directory + File.pathSeparator + System.getProperty("java.class.path");
    return new Launcher("-cp", classPath, main);
  }

  /** Returns a launcher of a jar. */
  public static Launcher runningJar(Path jar) {
    return new Launcher("-jar", jar.toString());
  }

  /** The settings for a child. */
  public static final class Launcher {
    private final List<String> program;
    private final List<String> options =
        new ArrayList<>(
            List.of(
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                NATIVE_ACCESS,
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"));
    private final ProcessBuilder builder =
        new ProcessBuilder().redirectError(ProcessBuilder.Redirect.INHERIT);
    private @Nullable Path errors;

    private Launcher(String... program) {
      this.program = List.of(program);
    }

    /** Adds JVM options, which override the defaults. */
    public Launcher with(String... more) {
      options.addAll(List.of(more));
      return this;
    }

    /** Adds variables to the environment. */
    public Launcher environment(Map<String, String> variables) {
      builder.environment().putAll(variables);
      return this;
    }

    /** Reads standard input from a file. */
    public Launcher input(Path file) {
      builder.redirectInput(file.toFile());
      return this;
    }

    /** Writes standard error to standard output. */
    public Launcher mergeErrors() {
      builder.redirectErrorStream(true);
      return this;
    }

    /** Starts the JVM through another command, to which its command line is appended. */
    public Launcher under(String... words) {
      builder.command().addAll(0, List.of(words));
      return this;
    }

    /**
     * Appends standard error to a file. The child's working directory is the directory of the file.
     */
    public Launcher errorsTo(Path file) {
      errors = file;
      builder.directory(file.toAbsolutePath().getParent().toFile());
      builder.redirectError(ProcessBuilder.Redirect.appendTo(file.toFile()));
      return this;
    }

    /** Starts the child. */
    public ChildJvm start(Object... arguments) throws IOException {
      List<String> command = builder.command();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(options);
      command.addAll(program);
      for (Object argument : arguments) {
        command.add(argument.toString());
      }
      return new ChildJvm(builder.start(), errors);
    }
  }

  /** Returns the next line of standard output, or null at its end. */
  public @Nullable String readLineOrEnd() throws IOException {
    return out.readLine();
  }

  /** Returns the next line of standard output. Fails at the end of the output. */
  public String readLine() throws IOException {
    String line = readLineOrEnd();
    if (line == null) {
      throw new AssertionError("the child process ended: " + errors());
    }
    return line;
  }

  /** Returns the remaining lines of standard output, without an incomplete last line. */
  public List<String> remainingLines() throws IOException {
    String text = remainingText();
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
  }

  private String remainingText() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int c = out.read(); c >= 0; c = out.read()) {
      text.append((char) c);
    }
    return text.toString();
  }

  /** Writes a line to standard input. */
  public void writeLine(String line) {
    try {
      in.write(line + "\n");
      in.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Closes standard input. */
  public void closeInput() throws IOException {
    in.close();
  }

  /** Closes standard output, like a reader that exits. */
  public void closeOutput() throws IOException {
    out.close();
  }

  /** Sends SIGTERM. The output of the child can still be read. */
  public void terminate() {
    // Process.destroy would close the streams.
    process.toHandle().destroy();
  }

  /**
   * Kills the child with SIGKILL, so no shutdown hook runs. The rest of its output can still be
   * read.
   */
  public void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  /** Returns true if the child is still running after {@code time}. */
  public boolean runsFor(Duration time) throws InterruptedException {
    return !process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Returns standard error, if it goes to a file. */
  public String errors() {
    try {
      return errors == null ? "" : Files.readString(errors);
    } catch (IOException e) {
      return "(" + e + ")";
    }
  }

  /** Waits until the child ends, and returns its exit code. */
  public int exitCode() throws InterruptedException {
    if (runsFor(PATIENCE)) {
      kill();
      throw new AssertionError("the child process did not end: " + errors());
    }
    return process.exitValue();
  }

  /** Waits until the child ends, requires exit code 0, and returns its remaining output. */
  public String output() throws IOException, InterruptedException {
    String text = remainingText();
    requireSuccess();
    return text.strip();
  }

  /** Waits until the child ends, and requires exit code 0. */
  public void requireSuccess() throws InterruptedException {
    int code = exitCode();
    if (code != 0) {
      throw new AssertionError("the child process ended with " + code + ": " + errors());
    }
  }
}
