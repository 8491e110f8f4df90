// SPDX-License-Identifier: Apache-2.0
/** The queue of a fleet: gates record into a Kafka topic, and a ledger writer reads it. */
// Kafka's client has no module descriptor.
@SuppressWarnings("requires-automatic")
module dev.indelible.kafka {
  requires static org.jspecify;
  requires transitive dev.indelible.core;
  requires kafka.clients;
  requires org.slf4j;

  exports dev.indelible.kafka;
}
