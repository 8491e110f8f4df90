// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.action.Bash;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerAudit;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.DrainReport;
import dev.indelible.drain.DrainSettings;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.queue.MemoryStore;
import dev.indelible.sqlite.SqliteWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What every measurement has: a number of events, a place that is gone afterwards, its words. */
abstract class BenchVerb extends Verb {
  static final Duration PATIENCE = Duration.ofMinutes(10);

  /** Fewer are over before the machine is warm. */
  private static final int FEWEST_EVENTS = 1_000;

  @Option(
      names = "--events",
      paramLabel = "N",
      description = "how many (default: ${DEFAULT-VALUE})")
  int events;

  /** A measurement of that many events, if not told otherwise. */
  BenchVerb(int events) {
    this.events = events;
  }

  @Override
  public final Integer call() throws Exception {
    if (events < FEWEST_EVENTS) {
      throw CommandFailure.usage(
          "--events " + events + ": give " + FEWEST_EVENTS + " or more, or it measures start-up");
    }
    try (TemporaryDirectory directory = TemporaryDirectory.create("indelible-bench-")) {
      measure(directory);
    }
    return ExitCode.OK;
  }

  /** Measures, and prints what it found. */
  abstract void measure(TemporaryDirectory directory) throws Exception;

  /** New events: refusals, each with an id of its own. */
  static List<AuditEvent> make(int count) {
    Refuse decision = new Refuse("R001", "no recursive delete at the root");
    Optional<String> policy = Optional.of("sha256:" + "0".repeat(64));
    List<AuditEvent> made = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Bash action =
          new Bash("rm -rf / --one-file-system --attempt=" + i, Optional.of("/home/dev/project"));
      made.add(DeferredAuditEvent.of("agent:" + i % 50, action, decision, policy));
    }
    return made;
  }

  /** Takes waiting events into a new ledger; returns how many nanoseconds that took. */
  static long drain(List<AuditEvent> batch, SigningKey key, Path file) throws CommandFailure {
    MemoryStore store = new MemoryStore(batch.size());
    batch.forEach(store::offer);
    KeyRing keys = KeyRing.of(List.of(key.verificationKey()));
    long start = System.nanoTime();
    DeferredAudit audit =
        LedgerAudit.start(
            SqliteWriter.drainer(file, null),
            AppendSettings.of(key, keys),
            store,
            DrainSettings.ofDefaults());
    requireComplete(audit.closeAndFlush(PATIENCE));
    return System.nanoTime() - start;
  }

  static void requireComplete(DrainReport report) throws CommandFailure {
    if (!report.isComplete()) {
      throw CommandFailure.failed("the drain did not end: " + report);
    }
  }

  static long perSecond(int count, long nanos) {
    return Math.round(count * 1e9 / Math.max(1, nanos));
  }

  /** A rate beside the limit. */
  static void row(Table table, String what, long rate, long limit) {
    table.row(
        Table.Cell.of(what),
        Table.Cell.of("%,15d".formatted(rate)),
        Table.Cell.of("%12.2f".formatted((double) rate / limit)));
  }

  /** What was measured, and on what. */
  final void machine() {
    console().line();
    console()
        .line(
            "%,d events; Java %s, %d cores"
                .formatted(events, Runtime.version(), Runtime.getRuntime().availableProcessors()));
  }
}
