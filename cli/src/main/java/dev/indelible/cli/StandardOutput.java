// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.ThrowingConsumer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;

/**
 * Standard output, buffered. A failed write ends the verb with an {@link OutputFailure}, which a
 * {@link java.io.PrintStream} does not hide, unlike an {@link IOException}. If the reader closes
 * the pipe, as {@code head} does, that is no failure: {@link java.io.PrintStream#checkError}
 * returns true.
 */
final class StandardOutput extends OutputStream {
  private final OutputStream out;

  /** True after the first failure; later output is dropped. */
  private boolean failed;

  StandardOutput(OutputStream out) {
    this.out = new BufferedOutputStream(out);
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b});
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    run(to -> to.write(bytes, from, length));
  }

  @Override
  public void flush() throws IOException {
    run(OutputStream::flush);
  }

  private void run(ThrowingConsumer<OutputStream, IOException> writing) throws IOException {
    if (failed) {
      return;
    }
    try {
      writing.accept(out);
    } catch (IOException e) {
      if (isClosedByReader(e)) {
        throw e;
      }
      failed = true;
      throw new OutputFailure(e);
    }
  }

  private static boolean isClosedByReader(IOException e) {
    return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("broken pipe");
  }

  /** Standard output could not be written to. */
  static final class OutputFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    OutputFailure(IOException cause) {
      super("standard output: " + cause.getMessage(), cause);
    }
  }
}
