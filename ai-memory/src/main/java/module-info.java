// SPDX-License-Identifier: Apache-2.0
/** Verifies and adopts the chains of ai-memory 0.7. */
// The compiler warns that the module dev.indelible.cli is not found: it is compiled later, because
// it depends on this one.
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
