// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads the lines of a stream as bytes, with a limit on the memory that a line takes. */
final class Lines {
  private static final int CHUNK_BYTES = 1 << 16;

  /** Bytes kept from the end of a line that is too long. */
  private static final int TAIL_BYTES = 512;

  private final InputStream in;
  private final int maxBytes;
  private final byte[] chunk = new byte[CHUNK_BYTES];
  private int at;
  private int end;

  /**
   * Creates a reader.
   *
   * @param maxBytes the longest line that is kept whole
   */
  Lines(InputStream in, int maxBytes) {
    this.in = in;
    this.maxBytes = maxBytes;
  }

  /**
   * A line without its line break.
   *
   * @param bytes the line, or its beginning if it is too long
   * @param tail the end of a line that is too long; else empty
   */
  record Line(byte[] bytes, byte[] tail) {
    boolean isCut() {
      return tail.length > 0;
    }

    boolean isBlank() {
      return bytes.length == 0 || bytes.length == 1 && bytes[0] == '\r';
    }
  }

  /** Returns the next line that is not blank; null at the end of the stream. */
  @Nullable Line next() throws IOException {
    Line line = nextOrBlank();
    while (line != null && line.isBlank()) {
      line = nextOrBlank();
    }
    return line;
  }

  /** Returns the next line; null at the end of the stream. */
  @Nullable Line nextOrBlank() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    byte[] tail = new byte[0];
    boolean isEnded = false;
    while (!isEnded && fill()) {
      int from = at;
      while (at < end && chunk[at] != '\n') {
        at++;
      }
      int kept = Math.min(at - from, maxBytes - line.size());
      line.write(chunk, from, kept);
      if (kept < at - from) {
        tail = tail(tail, from + kept);
      }
      isEnded = at < end;
      at += isEnded ? 1 : 0;
    }
    return isEnded || line.size() > 0 ? new Line(line.toByteArray(), tail) : null;
  }

  /** Reads more bytes if all are used; returns false at the end of the stream. */
  private boolean fill() throws IOException {
    if (at == end) {
      at = 0;
      end = Math.max(0, in.read(chunk));
    }
    return at < end;
  }

  private byte[] tail(byte[] before, int from) {
    byte[] all = Arrays.copyOf(before, before.length + at - from);
    System.arraycopy(chunk, from, all, before.length, at - from);
    return Arrays.copyOfRange(all, Math.max(0, all.length - TAIL_BYTES), all.length);
  }
}
