// SPDX-License-Identifier: Apache-2.0
/** The embedded ledger. */
// The modules that it is exported to depend on it, and are not there yet when it is compiled.
@SuppressWarnings("module")
module dev.indelible.sqlite {
  requires static org.jspecify;
  requires transitive dev.indelible.core;
  requires transitive java.sql;
  requires org.slf4j;
  requires org.xerial.sqlitejdbc;

  exports dev.indelible.sqlite to
      dev.indelible,
      dev.indelible.aimemory,
      dev.indelible.cli;
}
