// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Another JVM on the same class path, spoken to by lines. */
final class ChildProcess {
  /** SQLite is native code, and newer JDKs want that said; older ones would complain of it. */
  private static final String NATIVE_ACCESS =
      Runtime.version().feature() < 22 ? "-Dolder=true" : "--enable-native-access=ALL-UNNAMED";

  private final Process process;
  private final BufferedReader out;
  private final Writer in;

  private ChildProcess(Process process) {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
  }

  /** Starts {@code main} with these arguments; small and quick to start. */
  static ChildProcess start(Class<?> main, Object... arguments) throws IOException {
    return start(Map.of(), main, arguments);
  }

  /** The same with these variables in its environment. */
  static ChildProcess start(Map<String, String> environment, Class<?> main, Object... arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                NATIVE_ACCESS,
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return new ChildProcess(builder.redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** The next line it says; null at its end. */
  String readLine() throws IOException {
    return out.readLine();
  }

  /** Everything it said that has not been read; a last line cut short is left out. */
  List<String> remainingLines() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int c = out.read(); c >= 0; c = out.read()) {
      text.append((char) c);
    }
    String whole = text.substring(0, text.lastIndexOf("\n") + 1);
    return whole.lines().toList();
  }

  void writeLine(String line) {
    try {
      in.write(line + "\n");
      in.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SIGKILL: no handler of it runs. What it has said can still be read. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  int exitCode() throws InterruptedException {
    if (!process.waitFor(TestLog.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the child process did not end");
    }
    return process.exitValue();
  }
}
