// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.action.Bash;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** A child process that opens a data directory on request. */
final class Opener {
  /** The line that the process prints when it is ready. */
  static final String READY = "ready";

  /** The number of actions that the process checks. */
  static final int CHECKS = 100;

  private Opener() {}

  /** Starts a process whose standard error goes to {@code log}. */
  static ChildJvm launch(Path data, Path start, Path log) throws IOException {
    return ChildJvm.running(Opener.class).errorsTo(log).start(data, start);
  }

  public static void main(String[] args) throws Exception {
    Class.forName(Indelible.class.getName());
    System.out.println(READY);
    while (!Files.exists(Path.of(args[1]))) {
      LockSupport.parkNanos(100_000);
    }
    try (Indelible indelible = Indelible.open(Path.of(args[0]))) {
      for (int i = 0; i < CHECKS; i++) {
        indelible.gate().check("agent:" + ProcessHandle.current().pid(), new Bash("ls " + i));
      }
    }
  }
}
