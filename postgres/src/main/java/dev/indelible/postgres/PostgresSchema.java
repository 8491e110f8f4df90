// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.LedgerSchemaException;
import dev.indelible.storage.LedgerUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The tables of a ledger, which a script creates, and the checks before they are used. Changes
 * nothing: a role that records has no right to create tables.
 */
final class PostgresSchema {
  /** Version that this code reads and writes. */
  static final int VERSION = 1;

  private static final int OLDEST_SERVER = 150_000;
  private static final String SCRIPT = "ledger.sql";

  /** Privileges of a role that records, for each table. */
  private static final Map<String, List<String>> WRITER =
      new TreeMap<>(
          Map.of(
              "signed_events", List.of("SELECT", "INSERT"),
              "signed_events_dlq", List.of("SELECT", "INSERT", "DELETE"),
              "indelible_head", List.of("SELECT", "UPDATE"),
              "indelible_journals", List.of("SELECT", "INSERT", "UPDATE"),
              "indelible_tiles", List.of("SELECT", "INSERT", "UPDATE"),
              "indelible_checkpoints", List.of("SELECT", "INSERT"),
              "indelible_cosignatures", List.of("SELECT"),
              "indelible_schema", List.of("SELECT")));

  private PostgresSchema() {}

  /** Returns the script that creates a ledger, for one schema and its three roles. */
  static String script(String schema, String writer, String reader, String eraser) {
    try (InputStream in =
        Objects.requireNonNull(PostgresSchema.class.getResourceAsStream(SCRIPT), SCRIPT)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .replace(":\"schema\"", PostgresAddress.quoted(schema))
          .replace(":\"writer\"", PostgresAddress.quoted(writer))
          .replace(":\"reader\"", PostgresAddress.quoted(reader))
          .replace(":\"eraser\"", PostgresAddress.quoted(eraser));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A server as its settings describe it. */
  private record Server(int version, String encoding, String role, boolean isReadOnly) {}

  /**
   * Requires a ledger that this code can read.
   *
   * @return false if the schema has no ledger, or there is no schema
   */
  static boolean isLedger(Connection connection, PostgresAddress address)
      throws SQLException, LedgerException {
    Server server = server(connection);
    if (server.version < OLDEST_SERVER) {
      throw unfit(
          address,
          "the server is PostgreSQL %s, but a ledger needs 15 or later"
              .formatted(server.version / 10_000));
    }
    if (!server.encoding.equals("UTF8")) {
      throw unfit(
          address,
          "the database stores text as %s, but a ledger needs UTF8; use another database"
              .formatted(server.encoding));
    }
    Optional<Boolean> usable =
        Sql.first(
            connection,
            "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = ?",
            row -> row.getBoolean(1),
            address.schema());
    if (usable.isEmpty()) {
      return false;
    }
    if (!usable.get()) {
      throw unfit(
          address,
          "role %s may not use the schema; grant the role what docs/postgres.md lists"
              .formatted(server.role));
    }
    List<String> tables =
        Sql.all(
            connection,
            "SELECT relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace"
                + " WHERE nspname = ? AND relname IN ('indelible_schema', 'signed_events')",
            row -> row.getString(1),
            address.schema());
    if (!tables.contains("indelible_schema")) {
      if (tables.contains("signed_events")) {
        throw unfit(
            address, "the schema has a table signed_events that is not Indelible's; use another");
      }
      return false;
    }
    requireVersion(
        address,
        Sql.first(
            connection,
            address.sql("SELECT max(version) FROM @indelible_schema"),
            row -> row.getInt(1)));
    return true;
  }

  private static void requireVersion(PostgresAddress address, Optional<Integer> version)
      throws LedgerException {
    if (version.isEmpty() || version.get() == 0) {
      throw unfit(address, "indelible_schema states no version; restore the ledger from a copy");
    }
    if (version.get() > VERSION) {
      throw unfit(
          address,
          "the ledger has schema version %s, but this Indelible supports %s; use a newer Indelible"
              .formatted(version.get(), VERSION));
    }
    if (version.get() < VERSION) {
      throw unfit(
          address,
          "the ledger has schema version %s, but this Indelible needs %s; its owner upgrades it as docs/postgres.md describes"
              .formatted(version.get(), VERSION));
    }
  }

  /** Requires that the role may record here, and that the server accepts writes. */
  static void requireWritable(Connection connection, PostgresAddress address)
      throws SQLException, LedgerException {
    Server server = server(connection);
    if (server.isReadOnly) {
      throw new LedgerUnavailableException(
          address.name()
              + ": the server is a read-only standby, or the role is read-only; connect to the"
              + " primary, for example with targetServerType=primary",
          false,
          null);
    }
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, List<String>> table : WRITER.entrySet()) {
      for (String privilege : table.getValue()) {
        boolean granted =
            Sql.first(
                    connection,
                    "SELECT has_table_privilege(c.oid, ?) FROM pg_class AS c"
                        + " JOIN pg_namespace AS n ON n.oid = relnamespace"
                        + " WHERE nspname = ? AND relname = ?",
                    row -> row.getBoolean(1),
                    privilege,
                    address.schema(),
                    table.getKey())
                .orElseThrow(() -> unfit(address, "table " + table.getKey() + " is missing"));
        if (!granted) {
          missing.add(privilege + " on " + table.getKey());
        }
      }
    }
    if (!missing.isEmpty()) {
      throw unfit(
          address,
          "role %s lacks %s; grant the role what docs/postgres.md lists"
              .formatted(server.role, String.join(", ", missing)));
    }
  }

  /** Returns the exception for a schema without a ledger. */
  static LedgerException absent(PostgresAddress address) {
    return unfit(address, "no ledger here; its owner creates one as docs/postgres.md describes");
  }

  private static Server server(Connection connection) throws SQLException {
    return Sql.first(
            connection,
            "SELECT current_setting('server_version_num')::INTEGER,"
                + " current_setting('server_encoding'), current_user,"
                + " pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'",
            row -> new Server(row.getInt(1), row.getString(2), row.getString(3), row.getBoolean(4)))
        .orElseThrow();
  }

  private static LedgerSchemaException unfit(PostgresAddress address, String why) {
    return new LedgerSchemaException(address.name() + ": " + why, null);
  }
}
