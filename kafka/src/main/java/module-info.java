// SPDX-License-Identifier: Apache-2.0
/** The queue of a fleet: gates record into a Kafka topic, and a ledger writer reads it. */
// Kafka's client has no module descriptor, and the command is compiled after this module.
@SuppressWarnings({"module", "requires-automatic"})
module dev.indelible.kafka {
  requires static org.jspecify;
  requires transitive dev.indelible.core;
  requires kafka.clients;
  requires org.slf4j;

  exports dev.indelible.kafka to
      dev.indelible.cli;

  provides dev.indelible.append.GateChannelProvider with
      dev.indelible.kafka.KafkaChannels;
}
