// SPDX-License-Identifier: Apache-2.0
/** Verifies and adopts the chains of ai-memory 0.7. */
// The command depends on this module, and is not there yet when it is compiled.
@SuppressWarnings("module")
module dev.indelible.aimemory {
  requires static org.jspecify;
  requires transitive dev.indelible.core;
  requires dev.indelible.sqlite;
  requires java.sql;
  requires org.xerial.sqlitejdbc;

  exports dev.indelible.aimemory to
      dev.indelible.cli;
}
