// SPDX-License-Identifier: Apache-2.0
/** The only module that most users depend on: opens a log, decides, records and reads. */
// The command depends on this module, and is compiled after it.
@SuppressWarnings({"module", "requires-automatic"})
module dev.indelible {
  requires static org.jspecify;
  requires static micrometer.core;
  requires transitive dev.indelible.core;
  requires transitive dev.indelible.policy;
  requires dev.indelible.sqlite;

  uses dev.indelible.append.GateChannelProvider;
  uses dev.indelible.storage.LedgerProvider;

  exports dev.indelible;
  exports dev.indelible.directory to
      dev.indelible.cli;
  exports dev.indelible.fleet to
      dev.indelible.cli;
}
