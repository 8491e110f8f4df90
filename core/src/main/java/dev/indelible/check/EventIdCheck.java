// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.verify.Finding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Checks that each event is in one row only (D4). Reads the rows, because an index may be missing
 * or lack a row. Keeps a key of 8 bytes for each id in at most an eighth of the heap; if the keys
 * do not fit, the result is unknown. Ids with equal keys are read again and compared. Used by one
 * thread.
 */
final class EventIdCheck implements Check {
  /**
   * Number of arrays over which the keys are distributed by their first bits, so that growth copies
   * only one array.
   */
  private static final int PARTS = 256;

  /** Bytes per key; while an array grows, the old and the new one are both in memory. */
  private static final long BYTES_A_KEY = 2 * Long.BYTES;

  private static final long MOST_KEYS = Runtime.getRuntime().maxMemory() / 8 / BYTES_A_KEY;

  private final Findings findings;
  private final LedgerReader ledger;
  private final long from;
  private final long most;

  private final long[][] keys = new long[PARTS][16];
  private final int[] sizes = new int[PARTS];
  private long rows;

  /**
   * Creates a check.
   *
   * @param from the first row to check
   */
  EventIdCheck(Findings findings, LedgerReader ledger, long from) {
    this(findings, ledger, from, MOST_KEYS);
  }

  /** Creates a check with a limit of ids, for tests. */
  EventIdCheck(Findings findings, LedgerReader ledger, long from, long most) {
    this.findings = findings;
    this.ledger = ledger;
    this.from = from;
    this.most = most;
  }

  @Override
  public void row(CheckedRow row) {
    rows++;
    if (rows > most) {
      if (rows == most + 1) {
        Arrays.fill(keys, new long[0]);
      }
      return;
    }
    int part = (int) (row.idKey() >>> Long.SIZE - 8);
    if (sizes[part] == keys[part].length) {
      keys[part] = Arrays.copyOf(keys[part], sizes[part] + sizes[part] / 2);
    }
    keys[part][sizes[part]++] = row.idKey();
  }

  @Override
  public void end() throws LedgerException {
    if (rows > most) {
      findings.absent(
          Finding.EVENT_ID,
          "not checked whether two of %s rows have the same event id, because only %s ids fit into memory; give Java a larger heap (-Xmx)"
              .formatted(rows, most));
      return;
    }
    Set<Long> repeated = new TreeSet<>();
    IntStream.range(0, PARTS)
        .parallel()
        .mapToObj(this::repeated)
        .toList()
        .forEach(repeated::addAll);
    if (!repeated.isEmpty()) {
      report(repeated);
    }
    findings.holds(Finding.EVENT_ID, "no two of " + rows + " rows have the same event id");
  }

  private Set<Long> repeated(int part) {
    long[] sorted = keys[part];
    Arrays.sort(sorted, 0, sizes[part]);
    Set<Long> found = new TreeSet<>();
    for (int i = 1; i < sizes[part] && found.size() < Finding.MAX_NAMED; i++) {
      if (sorted[i] == sorted[i - 1]) {
        found.add(sorted[i]);
      }
    }
    return found;
  }

  private static Finding repetition(ChainRow row, long before) {
    return new Finding(
        Finding.EVENT_ID,
        Finding.Status.BROKEN,
        OptionalLong.of(row.sequence()),
        "it has the event id of row %s, %s: an event is in one row only"
            .formatted(before, row.id()));
  }

  /**
   * Compares the ids of rows with repeated keys, and reports equal ids; different ids may share a
   * key.
   */
  private void report(Set<Long> repeated) throws LedgerException {
    Map<String, Long> first = new LinkedHashMap<>();
    List<Finding> found = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.from(from),
        row -> {
          if (repeated.contains(row.idKey())) {
            Long before = first.putIfAbsent(row.id(), row.sequence());
            if (before != null) {
              found.add(repetition(row, before));
            }
          }
          return found.size() < Finding.MAX_NAMED;
        });
    found.forEach(findings::fault);
  }
}
