// SPDX-License-Identifier: Apache-2.0
/** The record side: actions, decisions, events, the queue, the chain and its verifier. */
// The modules that packages are exported to depend on this one, and are compiled after it.
@SuppressWarnings("module")
module dev.indelible.core {
  requires static org.jspecify;
  requires transitive dev.indelible.transparency;
  requires java.net.http;
  requires org.slf4j;
  requires transitive tools.jackson.databind;

  exports dev.indelible.action;
  exports dev.indelible.decision;
  exports dev.indelible.event;
  exports dev.indelible.health;
  exports dev.indelible.json;
  exports dev.indelible.ledger;
  exports dev.indelible.publish;
  exports dev.indelible.queue;
  exports dev.indelible.verify;
  exports dev.indelible.append to
      dev.indelible,
      dev.indelible.cli,
      dev.indelible.benchmarks;
  exports dev.indelible.drain to
      dev.indelible,
      dev.indelible.cli;
  exports dev.indelible.follow to
      dev.indelible,
      dev.indelible.cli;
  exports dev.indelible.journal to
      dev.indelible,
      dev.indelible.cli,
      dev.indelible.benchmarks;
  exports dev.indelible.note to
      dev.indelible,
      dev.indelible.cli;
}
