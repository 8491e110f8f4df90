// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.append.LedgerAudit;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.kafka.TestFleet.Gate;
import dev.indelible.pending.MemoryStore;
import dev.indelible.postgres.TestServer;
import dev.indelible.queue.DrainSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.awaitility.Awaitility;

/**
 * Measures two gates that record through a topic of two partitions into two ledgers, beside a
 * program that records into one ledger directly. Everything runs on this machine: gates, the
 * broker, ledger writers and PostgreSQL. Each pass measures both once, so that the ratio is of one
 * run. Not a test: run {@code main} with the number of events and of passes.
 */
final class KafkaSpeed {
  private KafkaSpeed() {}

  public static void main(String[] args) throws Exception {
    // Kafka's clients print all their settings at a lower level.
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
    int count = Integer.parseInt(args[0]);
    int passes = Integer.parseInt(args[1]);
    double[] ratios = new double[passes];
    try (TestServer server = TestServer.start();
        TestBroker broker = TestBroker.start(1)) {
      for (int pass = 0; pass < passes; pass++) {
        double direct = direct(server, count);
        double queued = queued(broker, server, count);
        ratios[pass] = queued / direct;
        System.out.printf(
            Locale.ROOT,
            "pass %d: direct %.0f/s, through Kafka %.0f/s, ratio %.2f%n",
            pass,
            direct,
            queued,
            ratios[pass]);
      }
    }
    Arrays.sort(ratios);
    System.out.printf(Locale.ROOT, "median ratio %.2f%n", ratios[passes / 2]);
    System.exit(0);
  }

  private static List<DeferredAuditEvent> events(int count) {
    List<DeferredAuditEvent> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      events.add(TestFleet.refusal("agent:" + i % 64, "n" + i));
    }
    return events;
  }

  private static double direct(TestServer server, int count) throws Exception {
    String url = server.url(server.createLedger(), TestServer.WRITER);
    List<DeferredAuditEvent> events = events(count);
    DeferredAudit audit =
        LedgerAudit.start(
            TestFleet.ledger(url).drainer(null),
            TestFleet.settings(),
            new MemoryStore(),
            DrainSettings.ofDefaults().withShutdownHook(false));
    long start = System.nanoTime();
    events.forEach(audit.queue()::submit);
    if (!audit.queue().drainPending(TestFleet.PATIENCE, TestFleet.PATIENCE)) {
      throw new IllegalStateException("not drained");
    }
    double rate = count / ((System.nanoTime() - start) / 1e9);
    audit.closeAndFlush();
    return rate;
  }

  private static double queued(TestBroker broker, TestServer server, int count) throws Exception {
    TestFleet first = TestFleet.create(broker, server, 2, "one", "two");
    TestFleet second = new TestFleet(broker, server, first.queue(), server.createLedger());
    second.enroll("one");
    second.enroll("two");
    Path directory = Files.createTempDirectory("kafka-speed");
    List<List<DeferredAuditEvent>> events = List.of(events(count / 2), events(count / 2));
    try (LedgerFeed one = first.feed(0);
        LedgerFeed two = second.feed(1);
        Gate gateOne = first.gate("one", Files.createDirectory(directory.resolve("one")));
        Gate gateTwo = first.gate("two", Files.createDirectory(directory.resolve("two")))) {
      Awaitility.await()
          .until(
              () ->
                  one.status().state() == FeedStatus.State.READING
                      && two.status().state() == FeedStatus.State.READING);
      // Opens the connections of the gates.
      gateOne.submit(TestFleet.refusal("agent:0", "first"));
      gateTwo.submit(TestFleet.refusal("agent:0", "first"));
      gateOne.drain();
      gateTwo.drain();
      long start = System.nanoTime();
      for (int i = 0; i < count / 2; i++) {
        gateOne.submit(events.get(0).get(i));
        gateTwo.submit(events.get(1).get(i));
      }
      gateOne.drain();
      gateTwo.drain();
      double rate = count / ((System.nanoTime() - start) / 1e9);
      if (one.status().refusals() + two.status().refusals() > 0) {
        throw new IllegalStateException("refused");
      }
      return rate;
    }
  }
}
