// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads an anchor file: signed checkpoints, each followed by an empty line. A truncated checkpoint
 * is returned as one unreadable entry, and reading goes on with the next. Also reads a file with a
 * single checkpoint, as a log or a witness serves it. Used by one thread.
 */
public final class AnchorReader implements AutoCloseable {
  /** The newline after each entry. With the newline that ends the entry, it makes an empty line. */
  private static final String END = "\n";

  private final InputStream in;

  /** The text of an entry whose signatures have not been read yet. */
  private byte @Nullable [] text;

  private boolean ended;

  /** True if any entry so far had an empty line after it. */
  private boolean appendedTo;

  /**
   * An entry.
   *
   * @param checkpoint the signed checkpoint; empty if the entry cannot be read
   * @param reason why the entry cannot be read; empty if it can
   */
  public record Entry(Optional<SignedCheckpoint> checkpoint, String reason) {}

  /** Reads a stream, which {@link #close} closes. */
  public AnchorReader(InputStream in) {
    this.in = new BufferedInputStream(in, 1 << 16);
  }

  /** Returns the bytes to append to an anchor file for a checkpoint. */
  public static byte[] entry(SignedCheckpoint checkpoint) {
    return (checkpoint + END).getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the next entry; empty at the end. */
  public Optional<Entry> next() throws IOException {
    while (!ended || text != null) {
      byte[] block = ended ? new byte[0] : block();
      byte[] before = text;
      if (block.length == 0) {
        text = null;
        if (before != null) {
          return Optional.of(unreadable("it is truncated"));
        }
      } else if (isSignatures(block)) {
        text = null;
        appendedTo |= !ended;
        return Optional.of(
            before == null ? unreadable("signatures without a text") : parse(before, block));
      } else {
        text = block;
        if (before != null) {
          return Optional.of(unreadable("it is truncated"));
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Returns true if any entry so far had an empty line after it. A log writes one after each entry;
   * a file with a single checkpoint has none.
   */
  public boolean isAppendedTo() {
    return appendedTo;
  }

  private static Entry parse(byte[] text, byte[] signatures) {
    byte[] note = new byte[text.length + 1 + signatures.length];
    System.arraycopy(text, 0, note, 0, text.length);
    note[text.length] = '\n';
    System.arraycopy(signatures, 0, note, text.length + 1, signatures.length);
    try {
      return new Entry(Optional.of(SignedCheckpoint.parse(note)), "");
    } catch (CheckpointParseException e) {
      return unreadable(e.getMessage());
    }
  }

  private static Entry unreadable(String reason) {
    return new Entry(Optional.empty(), reason);
  }

  /** Returns true if the block is signature lines, which begin with an em dash. */
  private static boolean isSignatures(byte[] block) {
    return block.length > 3
        && block[0] == (byte) 0xe2
        && block[1] == (byte) 0x80
        && block[2] == (byte) 0x94
        && block[3] == ' ';
  }

  /**
   * Returns the lines before the next empty line, with their newlines; an empty array at the end.
   */
  private byte[] block() throws IOException {
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    boolean lineBegins = true;
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (b == '\n' && lineBegins) {
        if (lines.size() > 0) {
          return lines.toByteArray();
        }
        continue;
      }
      lineBegins = b == '\n';
      // Longer than any note: the remaining bytes are dropped.
      if (lines.size() <= StrictText.MAX_BYTES) {
        lines.write(b);
      }
    }
    ended = true;
    return lines.toByteArray();
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
