// SPDX-License-Identifier: Apache-2.0
/** Actions, decisions, events, the queue, the chain and its verifier. */
// The compiler warns that the modules in the qualified exports are not found: they depend on this
// one, and are compiled after it.
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
  exports dev.indelible.proof;
  exports dev.indelible.queue;
  exports dev.indelible.verify;
  exports dev.indelible.append to
      dev.indelible,
      dev.indelible.cli,
      dev.indelible.kafka;
  exports dev.indelible.check to
      dev.indelible,
      dev.indelible.aimemory,
      dev.indelible.cli;
  exports dev.indelible.drain to
      dev.indelible,
      dev.indelible.cli,
      dev.indelible.kafka;
  exports dev.indelible.encoding to
      dev.indelible,
      dev.indelible.server,
      dev.indelible.aimemory,
      dev.indelible.cli,
      dev.indelible.kafka,
      dev.indelible.policy,
      dev.indelible.postgres,
      dev.indelible.sqlite;
  exports dev.indelible.journal to
      dev.indelible,
      dev.indelible.cli;
  exports dev.indelible.monitor to
      dev.indelible,
      dev.indelible.cli,
      dev.indelible.kafka;
  exports dev.indelible.note to
      dev.indelible,
      dev.indelible.aimemory,
      dev.indelible.cli,
      dev.indelible.kafka,
      dev.indelible.postgres,
      dev.indelible.server,
      dev.indelible.sqlite;
  exports dev.indelible.pending to
      dev.indelible,
      dev.indelible.cli,
      dev.indelible.kafka;
  exports dev.indelible.publish to
      dev.indelible,
      dev.indelible.cli;
  exports dev.indelible.storage to
      dev.indelible,
      dev.indelible.aimemory,
      dev.indelible.cli,
      dev.indelible.kafka,
      dev.indelible.postgres,
      dev.indelible.sqlite;
}
