// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A witness in a process of its own. */
final class WitnessProcess {
  private final Process process;
  private final String said;

  private WitnessProcess(Process process, String said) {
    this.process = process;
    this.said = said;
  }

  /** One that serves. */
  static WitnessProcess serving(WitnessDirectory directory, String... jvmOptions)
      throws IOException {
    return launch(List.of(jvmOptions), List.of(directory.path().toString()));
  }

  /** One that decides about the request in a file, says the status, and never answers. */
  static WitnessProcess deciding(WitnessDirectory directory, Path request) throws IOException {
    return launch(List.of(), List.of(directory.path().toString(), request.toString()));
  }

  public static void main(String[] args) throws Exception {
    WitnessDirectory.Open open = new WitnessDirectory(Path.of(args[0])).open();
    if (args.length > 1) {
      WitnessAnswer answer = open.witness().addCheckpoint(Files.readAllBytes(Path.of(args[1])));
      System.out.println(answer.status());
    } else {
      InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      System.out.println(WitnessServer.start(open.witness(), any).address().getPort());
    }
    new CountDownLatch(1).await();
  }

  private static WitnessProcess launch(List<String> jvmOptions, List<String> arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"));
    command.addAll(jvmOptions);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), WitnessProcess.class.getName()));
    command.addAll(arguments);
    Path errors = Path.of(arguments.get(0)).resolveSibling("errors");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    String line =
        new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))
            .readLine();
    if (line == null) {
      throw new AssertionError("the witness ended: " + Files.readString(errors));
    }
    return new WitnessProcess(process, line);
  }

  /** The first line it said. */
  String said() {
    return said;
  }

  /** Where it serves. */
  int port() {
    return Integer.parseInt(said);
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }
}
