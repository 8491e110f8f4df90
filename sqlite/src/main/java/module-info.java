// SPDX-License-Identifier: Apache-2.0
/** The embedded ledger. */
// The compiler warns that the modules in the qualified exports are not found: they depend on this
// one, and are compiled after it.
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
