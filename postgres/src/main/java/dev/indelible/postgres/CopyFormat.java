// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.ledger.ChainRow;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.copy.CopyIn;

/**
 * Writes and reads rows of the chain in the binary format of {@code COPY}: a header, for each row
 * the number of columns and for each column its length and bytes, and an end.
 */
final class CopyFormat {
  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static final short COLUMNS = 11;
  private static final short END = -1;
  private static final int NULL = -1;
  private static final int UUID_BYTES = 16;

  /** Bytes that are sent at once. */
  private static final int PART_BYTES = 1 << 16;

  private CopyFormat() {}

  /** Sends rows in parts, so that memory does not grow with their number. */
  static final class Writer {
    private final CopyIn copy;
    private byte[] bytes = new byte[2 * PART_BYTES];
    private int size;

    Writer(CopyIn copy) {
      this.copy = copy;
      append(HEADER);
    }

    void row(ChainRow row) throws SQLException {
      reserve(Short.BYTES + Integer.BYTES + Long.BYTES);
      putShort(COLUMNS);
      putInt(Long.BYTES);
      putLong(row.sequence());
      UUID id = UUID.fromString(row.id());
      reserve(Integer.BYTES + UUID_BYTES);
      putInt(UUID_BYTES);
      putLong(id.getMostSignificantBits());
      putLong(id.getLeastSignificantBits());
      text(row.agentId());
      text(row.eventType());
      value(row.payloadHash());
      value(row.signature().orElse(null));
      text(row.attestLevel());
      text(row.timestamp());
      value(row.prevHash());
      value(row.keyId().map(PostgresRows::bytes).orElse(null));
      value(row.payload().orElse(null));
      if (size >= PART_BYTES) {
        flush();
      }
    }

    /** Sends the rest. Returns the number of rows that the server inserted. */
    long end() throws SQLException {
      reserve(Short.BYTES);
      putShort(END);
      flush();
      return copy.endCopy();
    }

    private void flush() throws SQLException {
      copy.writeToCopy(bytes, 0, size);
      size = 0;
    }

    private void text(String text) {
      value(text.getBytes(StandardCharsets.UTF_8));
    }

    private void value(byte @Nullable [] value) {
      reserve(Integer.BYTES);
      if (value == null) {
        putInt(NULL);
      } else {
        putInt(value.length);
        append(value);
      }
    }

    private void append(byte[] value) {
      reserve(value.length);
      System.arraycopy(value, 0, bytes, size, value.length);
      size += value.length;
    }

    private void reserve(int more) {
      if (bytes.length - size < more) {
        bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
      }
    }

    private void putShort(short value) {
      bytes[size++] = (byte) (value >> 8);
      bytes[size++] = (byte) value;
    }

    private void putInt(int value) {
      putShort((short) (value >> 16));
      putShort((short) value);
    }

    private void putLong(long value) {
      putInt((int) (value >> 32));
      putInt((int) value);
    }
  }

  /** Reads the messages of one {@code COPY}. The server sends each row in a message of its own. */
  static final class Reader {
    private boolean begun;

    /**
     * Reads a message.
     *
     * @return empty if it has no row
     */
    Optional<ChainRow> row(byte[] message) throws SQLException {
      ByteBuffer in = ByteBuffer.wrap(message);
      if (!begun) {
        begun = true;
        in.position(Math.min(HEADER.length, in.limit()));
      }
      if (!in.hasRemaining()) {
        return Optional.empty();
      }
      short columns = in.getShort();
      if (columns == END) {
        return Optional.empty();
      }
      if (columns != COLUMNS) {
        throw new SQLException("the server sent a row of " + columns + " columns");
      }
      in.getInt();
      long sequence = in.getLong();
      in.getInt();
      String id = new UUID(in.getLong(), in.getLong()).toString();
      return Optional.of(
          new ChainRow(
              sequence,
              id,
              text(in),
              text(in),
              present(in),
              value(in),
              text(in),
              text(in),
              present(in),
              value(in).map(PostgresRows::text),
              value(in)));
    }

    private static String text(ByteBuffer in) {
      return PostgresRows.text(present(in));
    }

    private static byte[] present(ByteBuffer in) {
      return value(in).orElseThrow();
    }

    private static Optional<byte[]> value(ByteBuffer in) {
      int length = in.getInt();
      if (length == NULL) {
        return Optional.empty();
      }
      byte[] value = new byte[length];
      in.get(value);
      return Optional.of(value);
    }
  }
}
