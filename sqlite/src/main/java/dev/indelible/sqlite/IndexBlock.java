// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import java.io.ByteArrayOutputStream;
import java.sql.SQLException;
import java.util.Map;
import java.util.NavigableMap;
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

  /** Numbers of rows by facets, by agent. */
  private final NavigableMap<Integer, NavigableMap<Integer, Integer>> cells = new TreeMap<>();

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
    add(agent, facets, 1);
    if (session != 0) {
      sessions.add(session);
    }
  }

  private void add(int agent, int facets, int rows) {
    cells.computeIfAbsent(agent, any -> new TreeMap<>()).merge(facets, rows, Integer::sum);
  }

  /** Adds the rows of a stored block. */
  void addAll(long storedLow, long storedHigh, byte[] content) throws SQLException {
    low = Math.min(low, storedLow);
    high = Math.max(high, storedHigh);
    Content stored = new Content(content);
    while (stored.nextAgent()) {
      while (stored.nextCell()) {
        add(stored.agent(), stored.facets(), stored.rows());
      }
    }
    for (long session : stored.sessions()) {
      sessions.add(session);
    }
  }

  /**
   * Returns the content to store: the agents in ascending order, each with the length of its cells,
   * so that a search for one agent skips those of others; then the sessions. An agent and facets
   * are stored as the difference from the one before.
   */
  byte[] content() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(out, cells.size());
    int before = 0;
    for (Map.Entry<Integer, NavigableMap<Integer, Integer>> agent : cells.entrySet()) {
      byte[] counted = counted(agent.getValue());
      write(out, agent.getKey() - before);
      write(out, counted.length);
      out.writeBytes(counted);
      before = agent.getKey();
    }
    write(out, sessions.size());
    sessions.forEach(session -> write(out, session));
    return out.toByteArray();
  }

  private static byte[] counted(NavigableMap<Integer, Integer> facets) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int before = 0;
    for (Map.Entry<Integer, Integer> each : facets.entrySet()) {
      write(out, each.getKey() - before);
      write(out, each.getValue());
      before = each.getKey();
    }
    return out.toByteArray();
  }

  /** Returns the error for content that no writer stores. */
  static SQLException damaged() {
    return new SQLException(
        "a block of the index is damaged", "", SQLiteErrorCode.SQLITE_CORRUPT.code);
  }

  private static void write(ByteArrayOutputStream out, long number) {
    long rest = number;
    while (rest > 0x7f) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  /** Reads a stored content: first its agents, each with its cells, then its sessions. */
  static final class Content {
    private final byte[] bytes;
    private int at;
    private long agentsLeft;

    /** The end of the cells of the agent. */
    private int end;

    private int agent;
    private int facets;
    private int rows;

    Content(byte[] bytes) throws SQLException {
      this.bytes = bytes;
      this.agentsLeft = number();
      this.end = at;
    }

    /** Steps to the next agent, past the rest of the cells; returns false after the last. */
    boolean nextAgent() throws SQLException {
      at = end;
      if (agentsLeft == 0) {
        return false;
      }
      agentsLeft--;
      agent += (int) number();
      facets = 0;
      long length = number();
      if (agent < 0 || length <= 0 || length > bytes.length - at) {
        throw damaged();
      }
      end = at + (int) length;
      return true;
    }

    /** Steps to the next cell of the agent; returns false after the last. */
    boolean nextCell() throws SQLException {
      if (at >= end) {
        return false;
      }
      facets += (int) number();
      rows = (int) number();
      if (facets < 0 || rows <= 0) {
        throw damaged();
      }
      return true;
    }

    /** Returns the number of the agent. */
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
      while (agentsLeft > 0) {
        nextAgent();
      }
      at = end;
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
