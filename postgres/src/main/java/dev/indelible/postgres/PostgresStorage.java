// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.storage.StorageState;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;

/**
 * Compares a ledger's tables with those that the script creates: columns, keys, and whatever
 * changes or hides rows (triggers, rules, policies, inheritance); then values that no writer
 * stores. PostgreSQL itself enforces the types of values. The entries of indexes are not compared:
 * an index that lacks an entry hides a row, and the chain shows that as a missing row. Used once,
 * by one thread, in one transaction.
 */
final class PostgresStorage {
  /** Maximum number of findings of each kind. */
  private static final int MOST_OF_A_KIND = 20;

  /** Properties of the tables, one a line, as {@link #PROPERTIES} returns them for new tables. */
  private static final String EXPECTED = "structure.txt";

  private static final String TABLES =
      "('signed_events', 'signed_events_dlq', 'indelible_head', 'indelible_journals',"
          + " 'indelible_schema', 'indelible_tiles', 'indelible_checkpoints',"
          + " 'indelible_cosignatures')";

  /** SQL for the tables, named {@code t}. Each {@code ?} is the schema. */
  private static final String OF_TABLES =
      " FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace AND n.nspname = ?"
          + " AND t.relname IN "
          + TABLES
          + " ";

  /** SQL for the properties that every ledger has. */
  private static final String PROPERTIES =
      "SELECT t.relname || ': is an ordinary table'"
          + OF_TABLES
          + "WHERE t.relkind = 'r' UNION ALL"
          + " SELECT t.relname || ': column ' || a.attnum || ' ' || a.attname || ' '"
          + " || format_type(a.atttypid, a.atttypmod)"
          + " || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END"
          + " || CASE WHEN a.attidentity <> '' THEN ' IDENTITY' ELSE '' END"
          + " || CASE WHEN a.attgenerated <> '' THEN ' GENERATED' ELSE '' END"
          + " || CASE WHEN a.atthasdef THEN ' DEFAULT' ELSE '' END"
          + OF_TABLES
          + "JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"
          + " UNION ALL SELECT t.relname || ': unique key on ' || (SELECT string_agg(a.attname, ', '"
          + " ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY AS k (number, place)"
          + " JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number)"
          + OF_TABLES
          + "JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisunique AND i.indisvalid"
          + " AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL";

  /** SQL for what no ledger has, and what changes, refuses or hides rows. */
  private static final String ADDITIONS =
      "SELECT t.relname || ': has trigger ' || g.tgname"
          + OF_TABLES
          + "JOIN pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal UNION ALL"
          + " SELECT t.relname || ': has rule ' || r.rulename"
          + OF_TABLES
          + "JOIN pg_rewrite AS r ON r.ev_class = t.oid UNION ALL"
          + " SELECT t.relname || ': hides rows by a policy'"
          + OF_TABLES
          + "WHERE t.relrowsecurity UNION ALL"
          + " SELECT t.relname || ': has constraint ' || c.conname"
          + OF_TABLES
          + "JOIN pg_constraint AS c ON c.conrelid = t.oid AND c.contype IN ('c', 'f', 'x')"
          + " UNION ALL SELECT t.relname || ': has rows of another table, ' || h.inhrelid::REGCLASS"
          + OF_TABLES
          + "JOIN pg_inherits AS h ON h.inhparent = t.oid UNION ALL"
          + " SELECT t.relname || ': is unlogged, so a crash of the server empties it'"
          + OF_TABLES
          + "WHERE t.relpersistence <> 'p'";

  /** SQL for the roles that may change or remove rows of the chain, beside its owner. */
  private static final String CHANGERS =
      "SELECT DISTINCT coalesce(r.rolname, 'PUBLIC') FROM (SELECT t.relowner, acl.grantee,"
          + " acl.privilege_type"
          + OF_TABLES
          + "CROSS JOIN LATERAL aclexplode(t.relacl) AS acl WHERE t.relname = 'signed_events') AS g"
          + " LEFT JOIN pg_roles AS r ON r.oid = g.grantee"
          + " WHERE g.grantee <> g.relowner"
          + " AND g.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')";

  private final Connection connection;
  private final PostgresAddress address;
  private final List<String> faults = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  PostgresStorage(Connection connection, PostgresAddress address) {
    this.connection = connection;
    this.address = address;
  }

  StorageState state() throws SQLException {
    compareStructure();
    if (faults.isEmpty()) {
      // A table without its columns cannot be queried.
      compareHead();
      compareValues();
    }
    noteRoles();
    return new StorageState(
        "the tables are those of schema version " + PostgresSchema.VERSION, faults, notes);
  }

  private void compareStructure() throws SQLException {
    TreeSet<String> found = new TreeSet<>(properties(connection, address));
    TreeSet<String> expected = new TreeSet<>(expected());
    for (String property : expected) {
      if (!found.contains(property)) {
        faults.add(property.replaceFirst(": ", ": lacks "));
      }
    }
    found.removeAll(expected);
    for (String property : found) {
      faults.add(property.replaceFirst(": ", ": differs from the script: "));
    }
    faults.addAll(texts(ADDITIONS, 6));
  }

  /** Returns the properties of a ledger's tables. */
  static List<String> properties(Connection connection, PostgresAddress address)
      throws SQLException {
    String schema = address.schema();
    return Sql.all(connection, PROPERTIES, row -> row.getString(1), schema, schema, schema);
  }

  private static List<String> expected() {
    try (InputStream in =
        Objects.requireNonNull(PostgresStorage.class.getResourceAsStream(EXPECTED), EXPECTED)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> texts(String sql, int schemas) throws SQLException {
    Object[] parameters = new Object[schemas];
    Arrays.fill(parameters, address.schema());
    List<String> found = Sql.all(connection, sql, row -> row.getString(1), parameters);
    return found.subList(0, Math.min(MOST_OF_A_KIND, found.size()));
  }

  /** Compares the head with the last row: whoever cuts rows from the end has to change both. */
  private void compareHead() throws SQLException {
    long heads = number("SELECT count(*) FROM @indelible_head");
    if (heads != 1) {
      faults.add("indelible_head: has %s rows in place of one".formatted(heads));
      return;
    }
    // One statement has one snapshot, so that a row appended meanwhile is in both or in neither.
    Sql.first(
            connection,
            address.sql(
                "SELECT sequence, (SELECT coalesce(max(sequence), 0) FROM @signed_events)"
                    + " FROM @indelible_head"),
            row -> new long[] {row.getLong(1), row.getLong(2)})
        .filter(ends -> ends[0] != ends[1])
        .ifPresent(
            ends ->
                faults.add(
                    "indelible_head: states row %s as the last of the chain, but that is row %s"
                        .formatted(ends[0], ends[1])));
    none(
        "indelible_head: its tree has a negative size, or a size that differs from its last row",
        "SELECT count(*) FROM @indelible_head WHERE tree_size < 0 OR tree_size <> tree_sequence");
  }

  private void compareValues() throws SQLException {
    none(
        "indelible_schema: has not exactly one row",
        "SELECT abs(count(*) - 1) FROM @indelible_schema");
    none(
        "indelible_journals: %s of its rows have a negative position",
        "SELECT count(*) FROM @indelible_journals WHERE position < 0");
    none(
        "indelible_tiles: %s of its rows are not tiles of the tree, or have another width",
        "SELECT count(*) FROM @indelible_tiles AS t, @indelible_head AS h"
            + " WHERE t.level NOT BETWEEN 0 AND 7 OR t.tile < 0 OR octet_length(t.hashes) = 0"
            + " OR octet_length(t.hashes) <> 32 * least(256, (h.tree_size >> (8 * t.level))"
            + " - 256 * t.tile)");
    none(
        "indelible_checkpoints: %s of its rows are over no rows, or over more than the tree has",
        "SELECT count(*) FROM @indelible_checkpoints AS c, @indelible_head AS h"
            + " WHERE c.size < 1 OR c.size > h.tree_size");
    none(
        "indelible_cosignatures: %s of its rows are of a checkpoint that is missing",
        "SELECT count(*) FROM @indelible_cosignatures AS o WHERE NOT EXISTS"
            + " (SELECT 1 FROM @indelible_checkpoints AS c WHERE c.size = o.size)");
    none(
        "signed_events_dlq: %s of its rows have a number or a count that no dead letter has",
        "SELECT count(*) FROM @signed_events_dlq WHERE letter < 1 OR attempts < 0");
    none(
        "signed_events_dlq: %s of its events wait more than once",
        "SELECT count(*) FROM (SELECT 1 FROM @signed_events_dlq WHERE replayed_as IS NULL"
            + " GROUP BY id, payload_hash HAVING count(*) > 1) AS repeated");
    none(
        "signed_events_dlq: %s of its rows state that they were replayed, but the chain has no row of"
            + " their event",
        "SELECT count(*) FROM @signed_events_dlq AS d WHERE replayed_as IS NOT NULL AND"
            + " (replayed_as <> d.id OR NOT EXISTS"
            + " (SELECT 1 FROM @signed_events AS e WHERE e.id = d.id))");
  }

  private void noteRoles() throws SQLException {
    List<String> roles = texts(CHANGERS, 1);
    if (!roles.isEmpty()) {
      notes.add(
          "beside the owner, these roles may change or remove rows of signed_events: "
              + String.join(", ", roles));
    }
  }

  /** Adds a finding if a query counts any rows. */
  private void none(String fault, String query) throws SQLException {
    long found = number(query);
    if (found > 0) {
      faults.add(fault.formatted(found));
    }
  }

  private long number(String query) throws SQLException {
    return Sql.number(connection, address.sql(query));
  }
}
