// SPDX-License-Identifier: Apache-2.0
/** Verifies and adopts the chains of ai-memory 0.7. */
// The command's module depends on this one, so it does not exist yet when this module is compiled.
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
