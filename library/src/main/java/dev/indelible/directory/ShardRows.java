// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.FleetHistory;
import dev.indelible.note.FleetHistory.Shard;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.ShardCheckpoint;
import dev.indelible.storage.StoredLedger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The shards of a fleet, read from the end of its log of logs: of the many rows with checkpoints,
 * only as many as contain the last of each shard.
 */
public final class ShardRows {
  /** The number of rows read first; each further reading has four times as many. */
  private static final int FIRST_ROWS = 256;

  private ShardRows() {}

  /**
   * Reads the shards; the history is empty if the log is no log of logs.
   *
   * @param keys the keys of the log of logs
   */
  public static FleetHistory read(StoredLedger ledger, KeyHistory keys) throws LedgerException {
    List<ChainRow> rows = new ArrayList<>();
    for (String type : SystemEvent.FLEET_EVENTS) {
      if (!type.equals(SystemEvent.SHARD_CHECKPOINT)) {
        ledger.forEachRow(RowQuery.ofType(type), rows::add);
      }
    }
    FleetHistory opened = FleetHistory.of(rows, keys);
    Map<String, ChainRow> last = new HashMap<>();
    int most = FIRST_ROWS;
    List<ChainRow> found;
    do {
      found =
          opened.shards().isEmpty()
              ? List.of()
              : ledger.lastRows(SystemEvent.SHARD_CHECKPOINT, most);
      for (ChainRow row : found) {
        ShardCheckpoint.read(row)
            .filter(content -> opened.isSigned(row))
            .ifPresent(content -> last.merge(content.shard(), row, ShardRows::later));
      }
      most *= 4;
    } while (found.size() == most / 4 && isMissing(opened, last));
    rows.addAll(last.values());
    return FleetHistory.of(rows, keys);
  }

  private static ChainRow later(ChainRow one, ChainRow other) {
    return one.sequence() > other.sequence() ? one : other;
  }

  private static boolean isMissing(FleetHistory opened, Map<String, ChainRow> last) {
    return opened.shards().stream().map(Shard::name).anyMatch(name -> !last.containsKey(name));
  }
}
