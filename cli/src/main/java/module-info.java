// SPDX-License-Identifier: Apache-2.0
/** The command. It runs on the class path; this file lists what it uses. */
@SuppressWarnings("requires-automatic")
module dev.indelible.cli {
  requires static org.jspecify;
  requires dev.indelible;
  requires dev.indelible.aimemory;
  requires dev.indelible.kafka;
  requires dev.indelible.server;
  requires dev.indelible.sqlite;
  requires info.picocli;
  requires io.github.javadiffutils;
  requires java.sql;
  requires jdk.unsupported;

  opens dev.indelible.cli to
      info.picocli;
}
