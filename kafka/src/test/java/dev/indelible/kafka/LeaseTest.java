// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.kafka.TestFleet.Gate;
import dev.indelible.postgres.TestServer;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lease of a ledger writer: who gets it, who keeps it, and by which clock. */
@Tag("any-jdk")
@SuppressWarnings("try") // A ledger writer works while it is open.
class LeaseTest {
  @TempDir private Path directory;

  private static void await(LedgerFeed feed, FeedStatus.State state) {
    Awaitility.await()
        .atMost(TestFleet.PATIENCE)
        .untilAsserted(() -> assertThat(feed.status().state()).isEqualTo(state));
  }

  private static long mark(TestFleet fleet, UUID mark) throws Exception {
    return Long.parseLong(
        fleet
            .server()
            .text(
                "SELECT position FROM %s.indelible_journals WHERE journal = '%s'"
                    .formatted(fleet.schema(), mark)));
  }

  private static Shard shard(TestFleet fleet) {
    return new Shard(fleet.queue().topic(), 0, 1);
  }

  /** The first writer reaches the database, but no broker; the second reaches both. */
  @Test
  void writerThatIsCutOffFromBrokersIsReplaced() throws Exception {
    TestServer server = TestServer.shared();
    try (TestBroker lost = TestBroker.start(1)) {
      TestFleet first = TestFleet.create(lost, server, 1, "one");
      TestBroker.shared().createTopics(first.queue().topic(), 1);
      KafkaQueue other =
          KafkaQueue.at("kafka://" + TestBroker.shared().address() + "/" + first.queue().topic());
      try (LedgerFeed cutOff = first.feed()) {
        await(cutOff, FeedStatus.State.READING);
        try (LedgerFeed standby = TestFleet.feed(other, first.url());
            Gate gate =
                TestFleet.gate(
                    other,
                    GateSettings.of("one", TestFleet.key("one"), () -> TestFleet.LOG_KEYS),
                    directory)) {
          await(standby, FeedStatus.State.STANDBY);
          lost.kill(0);
          await(standby, FeedStatus.State.READING);
          await(cutOff, FeedStatus.State.FAILED);
          gate.submit(TestFleet.refusal("agent:a", "n0"));
          gate.drain();
          lost.restart(0);
          await(cutOff, FeedStatus.State.STANDBY);
        }
      }
      assertThat(first.commands("agent:a")).containsExactly("n0");
    }
  }

  /** A batch that takes longer than the lease does not lose it. */
  @Test
  void slowBatchKeepsTheLease() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    fleet
        .server()
        .run(
            ("CREATE FUNCTION %1$s.slow() RETURNS TRIGGER LANGUAGE plpgsql AS"
                    + " $$ BEGIN PERFORM pg_sleep(3); RETURN NEW; END $$;"
                    + "CREATE TRIGGER slow BEFORE INSERT ON %1$s.signed_events FOR EACH ROW"
                    + " WHEN (NEW.agent_id = 'agent:slow') EXECUTE FUNCTION %1$s.slow()")
                .formatted(fleet.schema()));
    try (LedgerFeed first = fleet.feed()) {
      await(first, FeedStatus.State.READING);
      long owner = mark(fleet, shard(fleet).ownerMark());
      try (LedgerFeed standby = fleet.feed();
          Gate gate = fleet.gate("one", directory)) {
        await(standby, FeedStatus.State.STANDBY);
        for (int n = 0; n < 2; n++) {
          gate.submit(TestFleet.refusal("agent:slow", "n" + n));
          gate.drain();
          assertThat(mark(fleet, shard(fleet).ownerMark())).isEqualTo(owner);
        }
        assertThat(first.status().state()).isEqualTo(FeedStatus.State.READING);
      }
    }
    assertThat(fleet.commands("agent:slow")).isEqualTo(TestFleet.numbers(2));
  }

  /** The clock of this host is an hour behind that of the database. */
  @Test
  void leaseIsATimeOfTheDatabase() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    long hour = Duration.ofHours(1).toMillis();
    LedgerFactory ahead = ahead(fleet.ledger().drainer(null), hour);
    try (LedgerFeed feed =
            LedgerFeed.start(
                fleet.queue(), Set.of(), ahead, TestFleet.settings(), TestFleet.LEASE);
        Gate gate = fleet.gate("one", directory)) {
      await(feed, FeedStatus.State.READING);
      long taken = mark(fleet, shard(fleet).leaseMark());
      assertThat(taken).isGreaterThan(System.currentTimeMillis() + hour / 2);
      // Renewed while idle, and by a batch.
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .until(() -> mark(fleet, shard(fleet).leaseMark()) > taken);
      gate.submit(TestFleet.refusal("agent:a", "n0"));
      gate.drain();
      assertThat(mark(fleet, shard(fleet).leaseMark()))
          .isGreaterThan(System.currentTimeMillis() + hour / 2);
    }
  }

  private static LedgerFactory ahead(LedgerFactory ledger, long millis) {
    return () -> {
      LedgerWriter writer = ledger.open();
      return (LedgerWriter)
          Proxy.newProxyInstance(
              LeaseTest.class.getClassLoader(),
              new Class<?>[] {LedgerWriter.class},
              (proxy, method, arguments) -> {
                try {
                  Object result = method.invoke(writer, arguments);
                  return method.getName().equals("now") ? (Long) result + millis : result;
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    };
  }
}
