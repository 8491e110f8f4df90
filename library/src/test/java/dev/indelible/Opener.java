// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.action.Bash;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** A process of its own that opens a data directory as soon as it is told to. */
final class Opener {
  /** What it prints when it is ready to be told. */
  static final int READY = '!';

  /** How many actions it asks about. */
  static final int CHECKS = 100;

  /** SQLite is native code, and newer JDKs want that said; older ones would complain of it. */
  private static final String NATIVE_ACCESS =
      Runtime.version().feature() < 22 ? "-Dolder=true" : "--enable-native-access=ALL-UNNAMED";

  private Opener() {}

  /** Starts one; what it has to complain of goes to {@code log}. */
  static Process launch(Path data, Path start, Path log) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            NATIVE_ACCESS,
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "-cp",
            System.getProperty("java.class.path"),
            Opener.class.getName(),
            data.toString(),
            start.toString())
        .redirectError(new File(log.toString()))
        .start();
  }

  public static void main(String[] args) throws Exception {
    Class.forName(Indelible.class.getName());
    System.out.write(READY);
    System.out.flush();
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
