// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

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
 * Controls {@code faults/faulty.c} in the process that preloads it: the call on a file of the
 * database that fails, and the offset of the wall clock. Used in that process or in the test that
 * started it.
 */
public final class FaultyDisk {
  /** The kinds of calls, as bits. */
  public static final int WRITE = 1;

  public static final int SYNC = 2;
  public static final int SIZE = 4;
  public static final int READ = 8;

  /** Linux error numbers. */
  public static final int EIO = 5;

  public static final int ENOSPC = 28;

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
   * Compiles the library into a directory. Skips the test on a machine without a C compiler.
   *
   * @return the environment for the child process
   */
  public static Map<String, String> compile(Path directory) throws Exception {
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
      assumeTrue(false, "skipped: no C compiler (cc): " + e);
      throw e;
    }
    String complaints = new String(compiler.getInputStream().readAllBytes());
    if (compiler.waitFor() != 0) {
      throw new AssertionError("faulty.c does not compile: " + complaints);
    }
    return Map.of("LD_PRELOAD", library.toString(), CONTROL, control.toString());
  }

  /** Returns the control of every process that uses a library compiled into a directory. */
  public static FaultyDisk in(Path directory) throws IOException {
    return new FaultyDisk(directory.resolve("faults"));
  }

  /** Returns the control of this process. */
  public static FaultyDisk own() throws IOException {
    return new FaultyDisk(Path.of(System.getenv(CONTROL)));
  }

  /**
   * Counts calls from now on.
   *
   * @param failing the number of the call that fails, from 1; 0 for none
   * @param forever true if all later calls fail too
   * @param kinds the kinds of calls that count and fail
   */
  public void arm(long failing, boolean forever, int error, int kinds) {
    disarm();
    word(0, 0);
    word(5, 0);
    word(1, failing);
    word(2, forever ? 1 : 0);
    word(3, error);
    word(4, kinds);
  }

  /** Makes no further call fail. */
  public void disarm() {
    word(4, 0);
  }

  /** Returns the number of calls since {@link #arm}. */
  public long calls() {
    return control.getLong(0);
  }

  /** Returns how many of the calls failed. */
  public long injected() {
    return control.getLong(5 * Long.BYTES);
  }

  /** Sets the offset of the wall clock in seconds. */
  public void shiftClock(long seconds) {
    word(6, seconds);
  }

  private void word(int at, long value) {
    control.putLong(at * Long.BYTES, value);
  }
}
