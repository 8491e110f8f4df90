// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Steers {@code faults/faulty.c} in the process into which it is preloaded: which call on a
 * database's files fails there, and how far its wall clock is off. Either side of that process may
 * hold one.
 */
final class FaultyDisk {
  /** Kinds of calls. */
  static final int WRITE = 1;

  static final int SYNC = 2;
  static final int SIZE = 4;
  static final int READ = 8;

  /** Errors, as Linux numbers them. */
  static final int EIO = 5;

  static final int ENOSPC = 28;

  private static final String CONTROL = "INDELIBLE_FAULTS";
  private static final int WORDS = 8;

  private final MappedByteBuffer control;

  private FaultyDisk(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      control = channel.map(FileChannel.MapMode.READ_WRITE, 0, WORDS * Long.BYTES);
      control.order(ByteOrder.nativeOrder());
    }
  }

  /**
   * Compiles the library into a directory; a machine without a C compiler skips the test.
   *
   * @return what a child's environment needs
   */
  static Map<String, String> compile(Path directory) throws Exception {
    Path source = directory.resolve("faulty.c");
    Path library = directory.resolve("faulty.so");
    Path control = directory.resolve("faults");
    try (InputStream text = FaultyDisk.class.getResourceAsStream("/faults/faulty.c")) {
      Files.copy(text, source);
    }
    Files.write(control, new byte[WORDS * Long.BYTES]);
    String[] command = {
      "cc", "-shared", "-fPIC", "-O2", "-o", library.toString(), source.toString(), "-ldl"
    };
    Process compiler;
    try {
      compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      assumeTrue(false, "no C compiler here (cc), so no call can be made to fail: " + e);
      throw e;
    }
    String complaints = new String(compiler.getInputStream().readAllBytes());
    if (compiler.waitFor() != 0) {
      throw new AssertionError("faulty.c does not compile: " + complaints);
    }
    return Map.of("LD_PRELOAD", library.toString(), CONTROL, control.toString());
  }

  /** The one of this process. */
  static FaultyDisk own() throws IOException {
    return new FaultyDisk(Path.of(System.getenv(CONTROL)));
  }

  /**
   * Counts calls from here on.
   *
   * @param failing which fails, from 1 on; 0: none
   * @param forever whether all after it do, too
   * @param kinds which are counted, and fail
   */
  void arm(long failing, boolean forever, int error, int kinds) {
    calm();
    word(0, 0);
    word(5, 0);
    word(1, failing);
    word(2, forever ? 1 : 0);
    word(3, error);
    word(4, kinds);
  }

  /** No call fails any more. */
  void calm() {
    word(4, 0);
  }

  /** Calls since {@link #arm}. */
  long calls() {
    return control.getLong(0);
  }

  /** How many of them failed. */
  long injected() {
    return control.getLong(5 * Long.BYTES);
  }

  /** Sets the wall clock so many seconds off. */
  void shiftClock(long seconds) {
    word(6, seconds);
  }

  private void word(int at, long value) {
    control.putLong(at * Long.BYTES, value);
  }
}
