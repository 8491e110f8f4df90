// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A witness in another process. */
final class WitnessProcess {
  private final ChildJvm child;
  private final String firstLine;

  private WitnessProcess(ChildJvm child) throws IOException {
    this.child = child;
    this.firstLine = child.readLine();
  }

  /** Starts a witness that serves. */
  static WitnessProcess serving(WitnessDirectory directory, String... jvmOptions)
      throws IOException {
    return new WitnessProcess(launcher(directory).with(jvmOptions).start(directory.path()));
  }

  /** Starts a witness that reads a request from a file, decides, prints the status, and waits. */
  static WitnessProcess deciding(WitnessDirectory directory, Path request) throws IOException {
    return new WitnessProcess(launcher(directory).start(directory.path(), request));
  }

  private static ChildJvm.Launcher launcher(WitnessDirectory directory) {
    return ChildJvm.running(WitnessProcess.class)
        .errorsTo(directory.path().resolveSibling("errors"));
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

  /** Returns the first line that the process printed. */
  String firstLine() {
    return firstLine;
  }

  /** Returns the port of the witness. */
  int port() {
    return Integer.parseInt(firstLine);
  }

  /** Kills the process with SIGKILL. */
  void kill() throws InterruptedException {
    child.kill();
  }
}
