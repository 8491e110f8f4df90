// SPDX-License-Identifier: Apache-2.0
/** The record side: actions, decisions, events, the queue, the chain and its verifier. */
module dev.indelible.core {
  requires static org.jspecify;
  requires transitive dev.indelible.transparency;
  requires java.net.http;
  requires org.slf4j;
  requires transitive tools.jackson.databind;

  exports dev.indelible.action;
  exports dev.indelible.append;
  exports dev.indelible.decision;
  exports dev.indelible.drain;
  exports dev.indelible.event;
  exports dev.indelible.health;
  exports dev.indelible.journal;
  exports dev.indelible.json;
  exports dev.indelible.ledger;
  exports dev.indelible.publish;
  exports dev.indelible.queue;
  exports dev.indelible.verify;
}
