// SPDX-License-Identifier: Apache-2.0
/** The hook around any {@code DataSource}. */
@SuppressWarnings("requires-automatic")
module dev.indelible.jdbc {
  requires static org.jspecify;
  requires static com.zaxxer.hikari;
  requires transitive dev.indelible.policy;
  requires transitive java.sql;
  requires net.ttddyy.dsproxy;

  exports dev.indelible.jdbc;
}
