// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.TreeSet;
import org.sqlite.SQLiteErrorCode;

/**
 * Summary of a block of {@value #ROWS} consecutive rows: the number of rows for each pair of an
 * agent and a combination of facets (type, verdict, rule and kind), the sessions, and the range of
 * times. Counts are sums of summaries. A search skips a block whose summary shows that none of its
 * rows can match. Used by one thread.
 */
final class IndexBlock {
  /**
   * Rows in a block. With fewer rows, a search over all blocks takes longer; with more rows, a
   * search within one block.
   */
  static final int ROWS = 1_024;

  /** Maximum bytes of a number that is encoded with seven bits in each byte. */
  private static final int MAX_NUMBER_BYTES = 10;

  private final TreeMap<Long, Integer> cells = new TreeMap<>();
  private final TreeSet<Long> sessions = new TreeSet<>();
  private long low = Long.MAX_VALUE;
  private long high = Long.MIN_VALUE;

  /** Returns the number of the block that contains a row. */
  static long of(long sequence) {
    return Math.floorDiv(Math.max(sequence, Long.MIN_VALUE + 1) - 1, ROWS);
  }

  /** Returns the first row of a block. */
  static long first(long block) {
    return block * ROWS + 1;
  }

  /** Returns the last row of a block. */
  static long last(long block) {
    return Math.min(first(block), Long.MAX_VALUE - ROWS + 1) + ROWS - 1;
  }

  /** Returns the earliest time of a row. */
  long low() {
    return low;
  }

  /** Returns the latest time of a row. */
  long high() {
    return high;
  }

  /**
   * Adds a row.
   *
   * @param session the session's number; 0 for none
   */
  void add(long time, int agent, int facets, long session) {
    low = Math.min(low, time);
    high = Math.max(high, time);
    cells.merge((long) agent << 32 | facets, 1, Integer::sum);
    if (session != 0) {
      sessions.add(session);
    }
  }

  /** Adds the rows of a stored block. */
  void addAll(long storedLow, long storedHigh, byte[] content) throws SQLException {
    low = Math.min(low, storedLow);
    high = Math.max(high, storedHigh);
    Content stored = new Content(content);
    while (stored.next()) {
      cells.merge((long) stored.agent() << 32 | stored.facets(), stored.rows(), Integer::sum);
    }
    for (long session : stored.sessions()) {
      sessions.add(session);
    }
  }

  /** Returns the content to store. */
  byte[] content() {
    ByteBuffer out =
        ByteBuffer.allocate((2 + 3 * cells.size() + sessions.size()) * MAX_NUMBER_BYTES);
    write(out, cells.size());
    cells.forEach(
        (pair, rows) -> {
          write(out, pair >>> 32);
          write(out, pair & 0xffff_ffffL);
          write(out, rows);
        });
    write(out, sessions.size());
    sessions.forEach(session -> write(out, session));
    return Arrays.copyOf(out.array(), out.position());
  }

  /** Returns the error for content that no writer stores. */
  static SQLException damaged() {
    return new SQLException(
        "a block of the index is damaged", "", SQLiteErrorCode.SQLITE_CORRUPT.code);
  }

  private static void write(ByteBuffer out, long number) {
    long rest = number;
    while (rest > 0x7f) {
      out.put((byte) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  /**
   * Reads a stored content: first its cells, each of which counts the rows of one pair of agent and
   * facets, then its sessions.
   */
  static final class Content {
    private final byte[] bytes;
    private int at;
    private long cellsLeft;
    private int agent;
    private int facets;
    private int rows;

    Content(byte[] bytes) throws SQLException {
      this.bytes = bytes;
      this.cellsLeft = number();
    }

    /** Steps to the next cell; returns false after the last. */
    boolean next() throws SQLException {
      if (cellsLeft == 0) {
        return false;
      }
      cellsLeft--;
      agent = (int) number();
      facets = (int) number();
      rows = (int) number();
      if (agent < 0 || facets < 0 || rows <= 0) {
        throw damaged();
      }
      return true;
    }

    /** Returns the number of the cell's agent. */
    int agent() {
      return agent;
    }

    /** Returns the number of the combination of facets of the cell's rows. */
    int facets() {
      return facets;
    }

    /** Returns the number of rows that the cell counts. */
    int rows() {
      return rows;
    }

    /** Returns the sessions, which follow the cells. */
    long[] sessions() throws SQLException {
      while (cellsLeft > 0) {
        next();
      }
      long count = number();
      if (count < 0 || count > bytes.length - at) {
        throw damaged();
      }
      long[] found = new long[(int) count];
      for (int i = 0; i < found.length; i++) {
        found[i] = number();
      }
      return found;
    }

    private long number() throws SQLException {
      // Most numbers have one byte.
      if (at < bytes.length && bytes[at] >= 0) {
        return bytes[at++];
      }
      long value = 0;
      for (int shift = 0; shift < 7 * MAX_NUMBER_BYTES; shift += 7) {
        if (at >= bytes.length) {
          throw damaged();
        }
        byte next = bytes[at++];
        value |= (next & 0x7fL) << shift;
        if (next >= 0) {
          return value;
        }
      }
      throw damaged();
    }
  }
}
