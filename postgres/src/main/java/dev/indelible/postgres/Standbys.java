// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * The standbys of a primary, as any role sees them. A standby with a replication slot is known also
 * while it is away; the slot's {@code restart_lsn} states what it has on disk. A standby without a
 * slot is known while it is connected, and only a role with {@code pg_monitor} sees how far it is.
 *
 * @param isSynchronous true if each commit waits for a standby
 * @param timeline the timeline of the primary, which a promotion changes
 * @param written the end of the primary's write-ahead log
 * @param flushed the place up to which every standby has the write-ahead log on disk; 0 if that of
 *     one cannot be read
 * @param last the standby that is the furthest behind; empty if there is none
 */
record Standbys(
    boolean isSynchronous, String timeline, long written, long flushed, Optional<Standby> last) {

  /**
   * A standby.
   *
   * @param name its slot, or the name of its connection
   * @param hasSlot true if it has a slot
   * @param isConnected true if it is connected
   * @param isReadable true if this role sees how far it is
   */
  record Standby(String name, boolean hasSlot, boolean isConnected, boolean isReadable) {
    /** Returns why checkpoints do not cover all rows, and what to do. */
    String describe() {
      if (!isReadable) {
        return "the server has a standby without a replication slot, and the role may not see how"
            + " far it is; give the standby a slot (primary_slot_name), or GRANT pg_monitor to the"
            + " role";
      }
      if (!hasSlot) {
        return "standby %s has not confirmed the rows yet".formatted(name);
      }
      return isConnected
          ? "the standby of replication slot %s has not confirmed the rows yet".formatted(name)
          : "the standby of replication slot %s is not connected; start it, or, if it is gone, run SELECT pg_drop_replication_slot('%s') on the primary"
              .formatted(name, name);
    }
  }

  /**
   * Reads the standbys.
   *
   * <p>A slot that was never used has no standby. A slot that the server invalidated counts, and
   * has nothing on disk. Base backups are no standbys: neither their connections, which {@code
   * pg_stat_progress_basebackup} lists, nor the temporary slots of {@code pg_basebackup}.
   */
  static Standbys read(Connection connection) throws SQLException {
    return Sql.first(
            connection,
            """
            WITH slots AS (
              SELECT slot_name, restart_lsn, active, active_pid, wal_status, slot_type = 'physical'
                AND NOT (temporary AND slot_name LIKE 'pg\\_basebackup\\_%') AS is_standby
              FROM pg_replication_slots),
            standbys AS (
              SELECT slot_name::TEXT AS name, true AS has_slot, active AS is_connected,
                true AS is_readable, coalesce(restart_lsn, '0/0') AS flushed
              FROM slots WHERE is_standby AND (restart_lsn IS NOT NULL OR active
                OR wal_status = 'lost')
              UNION ALL
              SELECT coalesce(application_name, ''), false, true, state IS NOT NULL,
                coalesce(flush_lsn, '0/0')
              FROM pg_stat_replication
              WHERE (state IS NULL OR state IN ('catchup', 'streaming'))
                AND coalesce(application_name, '') <> 'pg_basebackup'
                AND NOT EXISTS (SELECT FROM slots WHERE active_pid = pid)
                AND NOT EXISTS (SELECT FROM pg_stat_progress_basebackup AS b
                  WHERE b.pid = pg_stat_replication.pid)),
            last AS (SELECT * FROM standbys ORDER BY flushed LIMIT 1)
            SELECT current_setting('synchronous_standby_names') <> '',
              left(pg_walfile_name(pg_current_wal_lsn()), 8),
              (pg_current_wal_lsn() - '0/0')::BIGINT,
              (last.flushed - '0/0')::BIGINT, last.name, has_slot, is_connected, is_readable
            FROM (SELECT) AS one LEFT JOIN last ON true
            """,
            row ->
                new Standbys(
                    row.getBoolean(1),
                    row.getString(2),
                    row.getLong(3),
                    row.getLong(4),
                    row.getString(5) == null
                        ? Optional.empty()
                        : Optional.of(
                            new Standby(
                                row.getString(5),
                                row.getBoolean(6),
                                row.getBoolean(7),
                                row.getBoolean(8)))))
        .orElseThrow();
  }
}
