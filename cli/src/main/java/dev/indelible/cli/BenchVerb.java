// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.action.Bash;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerAudit;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.sqlite.SqliteWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** A measurement on a number of events, in a temporary directory. */
abstract class BenchVerb extends Verb {
  static final Duration PATIENCE = Duration.ofMinutes(10);

  /** Fewest events; with fewer, the JIT has not compiled the measured code. */
  private static final int FEWEST_EVENTS = 1_000;

  @Option(
      names = "--events",
      paramLabel = "N",
      description = "the number of events (default: ${DEFAULT-VALUE})")
  int events;

  /** Creates a measurement with a default number of events. */
  BenchVerb(int events) {
    this.events = events;
  }

  @Override
  public final Integer call() throws Exception {
    CommandFailure.refuseIf(
        events < FEWEST_EVENTS,
        "--events %s: give %s or more; fewer measure only the start",
        events,
        FEWEST_EVENTS);
    FastSignatures.load();
    try (TemporaryDirectory directory = TemporaryDirectory.create("indelible-bench-")) {
      measure(directory);
    }
    return ExitCode.OK;
  }

  /** Measures and prints the result. */
  abstract void measure(TemporaryDirectory directory) throws Exception;

  /** Returns new events. Each is a refusal with its own id. */
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

  /** Appends waiting events to a new ledger, and returns the nanoseconds that it took. */
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
      throw CommandFailure.failed("the drain did not finish: %s", report);
    }
  }

  static long perSecond(int count, long nanos) {
    return Math.round(count * 1e9 / Math.max(1, nanos));
  }

  /** A line of the table: a measured rate. */
  record Rate(String what, long perSecond) {}

  /** Prints an object as JSON, or a table that compares the rates with the last one, the limit. */
  final void print(Consumer<CanonicalWriter> members, String unit, Rate... rates) {
    Table table = new Table("", unit, "of the limit");
    double limit = rates[rates.length - 1].perSecond();
    for (Rate rate : rates) {
      table.row(
          rate.what(),
          "%,15d".formatted(rate.perSecond()),
          "%12.2f".formatted(rate.perSecond() / limit));
    }
    print(
        members,
        () -> {
          table.print(console());
          machine();
        });
  }

  /** Prints the number of measured events, and the machine. */
  final void machine() {
    console().line();
    line(
        "%,d events; Java %s, %d cores",
        events, Runtime.version(), Runtime.getRuntime().availableProcessors());
  }
}
