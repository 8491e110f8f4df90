// SPDX-License-Identifier: Apache-2.0
/** The ledger in PostgreSQL. */
// The driver has no module descriptor.
@SuppressWarnings("requires-automatic")
module dev.indelible.postgres {
  requires static org.jspecify;
  requires transitive dev.indelible.core;
  requires java.sql;
  requires org.postgresql.jdbc;
  requires org.slf4j;

  exports dev.indelible.postgres;
  exports dev.indelible.postgres.driver to
      org.postgresql.jdbc;

  provides dev.indelible.storage.LedgerProvider with
      dev.indelible.postgres.PostgresProvider;
}
