// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.FleetCreation;
import dev.indelible.note.FleetHistory;
import dev.indelible.note.FleetHistory.Admitted;
import dev.indelible.note.FleetHistory.Shard;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.ShardCheckpoint;
import dev.indelible.verify.Finding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Checks the events of a log of logs: each is valid after the events before it, see {@link
 * FleetHistory}. Reports each time for which a shard was not seen as often as promised. The rows of
 * the shards are not read; the verification of a whole fleet compares them. Used by one thread.
 */
final class FleetCheck implements Check {
  private final Findings findings;
  private final FleetHistory history;
  private final long from;

  /** The time at which a checkpoint of each shard was last admitted. */
  private final Map<String, String> seen = new HashMap<>();

  /** Admitted checkpoints. */
  private long admitted;

  /** Times between two admitted checkpoints of a shard that are longer than promised. */
  private long late;

  private long longestMicros;

  /**
   * Creates a check.
   *
   * @param keys the keys of the log
   * @param since the first row checked; earlier events are read through the index by type
   */
  FleetCheck(Findings findings, LedgerReader ledger, KeyHistory keys, long since)
      throws LedgerException {
    this.findings = findings;
    this.from = since > 1 ? since : Long.MIN_VALUE;
    this.history = since > 1 ? before(ledger, keys) : new FleetHistory(keys);
    history.shards().forEach(shard -> seen.put(shard.name(), shard.lastSeen()));
  }

  /** Reads the events before the first row checked, and of each shard the last checkpoint. */
  private FleetHistory before(LedgerReader ledger, KeyHistory keys) throws LedgerException {
    List<ChainRow> rows = new ArrayList<>();
    Map<String, ChainRow> last = new HashMap<>();
    for (String type : SystemEvent.FLEET_EVENTS) {
      ledger.forEachRow(
          RowQuery.ofType(type),
          row -> {
            if (row.sequence() >= from) {
              return false;
            }
            ShardCheckpoint.read(row)
                .ifPresentOrElse(found -> last.put(found.shard(), row), () -> rows.add(row));
            return true;
          });
    }
    rows.addAll(last.values());
    return FleetHistory.of(rows, keys);
  }

  @Override
  public void row(CheckedRow row) {
    if (history.creation().isEmpty()
        ? row.is(SystemEvent.FLEET_CREATED)
        : SystemEvent.FLEET_EVENTS.stream().anyMatch(row::is)) {
      history.take(row.row()).ifPresent(this::admitted);
    }
  }

  private void admitted(Admitted newest) {
    admitted++;
    String before = seen.put(newest.content().shard(), newest.timestamp());
    if (before == null) {
      return;
    }
    long micros = Timestamps.micros(newest.timestamp()) - Timestamps.micros(before);
    if (micros > TimeUnit.MICROSECONDS.convert(promise())) {
      late++;
      longestMicros = Math.max(longestMicros, micros);
    }
  }

  private Duration promise() {
    return history.creation().map(FleetCreation::freshness).orElse(Duration.ZERO);
  }

  @Override
  public void end() {
    history.faults().stream()
        .filter(fault -> fault.sequence() >= from)
        .forEach(fault -> findings.broken(Finding.SHARDS, fault.sequence(), fault.message()));
    if (history.creation().isEmpty()) {
      return;
    }
    if (late > 0) {
      findings.absent(
          Finding.SHARDS,
          "%s a shard was not seen within the promised %s s, at most for %s s"
              .formatted(
                  Findings.count(late, "time", "times"),
                  promise().toSeconds(),
                  TimeUnit.MICROSECONDS.toSeconds(longestMicros)));
    }
    long open = history.shards().stream().filter(Shard::isOpen).count();
    findings.holds(
        Finding.SHARDS,
        "%s open and %s closed in %s; %s admitted, none smaller than the one before"
            .formatted(
                Findings.count(open, "shard", "shards"),
                history.shards().size() - open,
                history.creation().get().origin(),
                Findings.count(admitted, "checkpoint", "checkpoints")));
  }
}
