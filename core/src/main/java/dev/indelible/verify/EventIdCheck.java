// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
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
 * Whether each event is in one row only (D4). Looks at the rows themselves, and not at an index,
 * which may be gone or lack a row. Keeps a key of 8 bytes for each id, up to an eighth of the heap;
 * beyond that it is not told. Ids of equal key are read again and compared as they stand. Used by
 * one thread.
 */
final class EventIdCheck implements Check {
  static final String EVENT_ID = "event_id";

  /** Parts into which keys are sorted by their first bits, so that none is copied as a whole. */
  private static final int PARTS = 256;

  /** An array that grows by half leaves the old one behind while it is copied. */
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
   * Checks the rows from some row on.
   *
   * @param from that row
   */
  EventIdCheck(Findings findings, LedgerReader ledger, long from) {
    this(findings, ledger, from, MOST_KEYS);
  }

  /** For tests: with its own limit of ids that are kept. */
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
          EVENT_ID,
          "whether two of %s rows have one event id was not checked, for want of memory: %s ids fit; give Java a larger heap (-Xmx)"
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
      nameThem(repeated);
    }
    findings.holds(EVENT_ID, "no two of " + rows + " rows have one event id");
  }

  private Set<Long> repeated(int part) {
    long[] sorted = keys[part];
    Arrays.sort(sorted, 0, sizes[part]);
    Set<Long> found = new TreeSet<>();
    for (int i = 1; i < sizes[part] && found.size() < Verifier.MAX_FINDINGS; i++) {
      if (sorted[i] == sorted[i - 1]) {
        found.add(sorted[i]);
      }
    }
    return found;
  }

  private static Finding repetition(ChainRow row, long before) {
    return new Finding(
        EVENT_ID,
        Finding.Status.BROKEN,
        OptionalLong.of(row.sequence()),
        "it has the event id of row %s, %s: an event is in one row".formatted(before, row.id()));
  }

  /** Two ids may have one key; only ids that are equal are named. */
  private void nameThem(Set<Long> repeated) throws LedgerException {
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
          return found.size() < Verifier.MAX_FINDINGS;
        });
    found.forEach(findings::fault);
  }
}
