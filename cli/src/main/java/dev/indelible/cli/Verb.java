// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.AuditLog;
import dev.indelible.Indelible;
import dev.indelible.IndelibleBuilder;
import dev.indelible.OpenException;
import dev.indelible.base.Text;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.DirectoryException;
import dev.indelible.fleet.Fleet;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.health.HealthEntry;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.DrainReport;
import dev.indelible.storage.StoredLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A verb of the command, with its data directory and its output. */
abstract class Verb implements Callable<Integer> {
  /** The kind of work of a verb while the log is open. */
  enum Run {
    /** One action, which takes place on this machine. */
    ONE_ACTION,
    /**
     * A stream of actions, which may take place elsewhere. The run is long enough to ask witnesses
     * and to load changed rules.
     */
    STREAM,
    /** The actions of one agent, which take place beside this process, in a long run. */
    AGENT_SESSION,
    NO_ACTION
  }

  /** Maximum length of a recorded reason or name, in bytes. */
  private static final int MAX_RECORDED_BYTES = 4_096;

  /** Longest wait for the row of a printed decision if the ledger cannot append it now. */
  private static final Duration ROW_WAIT = Duration.ofSeconds(2);

  /** Longest wait for that row if the machine is busy. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  /**
   * The events of a run that decides once: the settings of redaction and its policy, if they are
   * new to the log, and a decision.
   */
  private static final int OWN_EVENTS = 3;

  private static final Duration POLL_INTERVAL = Duration.ofMillis(50);

  /** Set by picocli before the verb runs. */
  @Spec @Nullable CommandSpec spec;

  final Root root() {
    return (Root) Objects.requireNonNull(spec).root().userObject();
  }

  final Console console() {
    return root().console;
  }

  /** Returns true if the verb can print CSV. */
  boolean printsCsv() {
    return false;
  }

  final boolean json() {
    return root().output == Root.Output.json;
  }

  final DataDirectory data() {
    return new DataDirectory(root().data, root().ledger);
  }

  /** Returns the log in the data directory. */
  final AuditLog log() throws CommandFailure {
    requireDataDirectory();
    String url = root().ledger;
    return url == null ? new AuditLog(data().path()) : new AuditLog(data().path(), () -> url);
  }

  /** Opens the ledger for reading. */
  final StoredLedger ledger() throws LedgerException, CommandFailure {
    requireDataDirectory();
    return data().engine().open();
  }

  /** Returns true if the log is a log of logs; false if that cannot be read. */
  final boolean isFleet() throws CommandFailure {
    try (LedgerReader ledger = ledger()) {
      return Fleet.isFleet(ledger);
    } catch (LedgerException e) {
      // The verb reports the error.
      return false;
    }
  }

  /**
   * Opens the log for recording. Shows progress while events of an earlier run are recovered.
   *
   * @param anchor the file to which its checkpoints are appended; empty for none
   */
  final Indelible openLog(Optional<Path> anchor, Run run) throws OpenException {
    if (run == Run.STREAM) {
      FastSignatures.loadInBackground();
    }
    IndelibleBuilder log =
        Indelible.builder(data().path())
            .askWitnesses(run == Run.STREAM || run == Run.AGENT_SESSION)
            .watchPolicy(run == Run.STREAM || run == Run.AGENT_SESSION)
            .index(run == Run.STREAM || run == Run.AGENT_SESSION)
            .followLinks(run == Run.ONE_ACTION || run == Run.AGENT_SESSION);
    anchor.ifPresent(log::anchor);
    String url = root().ledger;
    if (url != null) {
      log.ledger(() -> url);
    }
    if (!console().errIsTerminal()) {
      return log.open();
    }
    try (Progress progress = new Progress(console(), "recovered")) {
      return log.recoveryProgress(progress::at).open();
    }
  }

  final void requireDataDirectory() throws CommandFailure {
    try {
      data().requireReadable();
    } catch (DirectoryException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
    CommandFailure.refuseIf(
        !Files.isDirectory(data().path()),
        "%s: no data directory here; name another with --data DIR",
        data().path());
  }

  /** Refuses a text that is blank, or too long to be recorded. */
  static void requireRecordable(String option, String text) throws CommandFailure {
    CommandFailure.refuseIf(
        text.isBlank() || Text.utf8Length(text) > MAX_RECORDED_BYTES,
        "%s: give a text that is not blank and has at most %s bytes",
        option,
        MAX_RECORDED_BYTES);
  }

  /** Closes a log; fails if an accepted event is not in the ledger. */
  static void closeWritten(Indelible log) throws CommandFailure {
    DrainReport report = log.closeAndFlush(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
    if (!report.isComplete()) {
      throw CommandFailure.failed(report.describePending());
    }
  }

  /**
   * Closes the log of a stream of decisions. Waits while events are still being appended. Returns
   * true if all events were appended.
   */
  final boolean closeStream(Indelible indelible) {
    console().out().flush();
    DrainReport report = indelible.closeAndFlush(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
    if (!report.isComplete()) {
      warn(report.describePending());
    } else if (!report.unfinished().isEmpty()) {
      warn(
          ("every decision is in the ledger, but the last audit.tally of this run is not: %s;"
                  + " until the next tally, 'indelible log verify' reports completeness as unknown")
              .formatted(report.unfinished()));
    }
    warnOfAnchor(indelible);
    return report.isComplete();
  }

  /**
   * Closes a log after its one decision was printed. A row that still waits is safe in the journal:
   * a message on standard error reports it, and the decision does not change.
   */
  final void closeAfterAnswer(Indelible log) {
    awaitRow(log);
    DrainReport report = log.closeAndFlush(ROW_WAIT, ROW_WAIT);
    if (!report.isComplete()) {
      warn(report.describePending());
    }
    warnOfAnchor(log);
    // An unwritten tally is not reported: the next run's tally covers this row.
  }

  /** Reports that the anchor file of a closed log lacks checkpoints; the rows are recorded. */
  private void warnOfAnchor(Indelible closed) {
    closed
        .anchorFault()
        .ifPresent(fault -> warn("the anchor file lacks checkpoints of this log: " + fault));
  }

  /**
   * Waits for the row, unless an attempt to append has failed, or other events wait before it. On a
   * busy machine the drainer may need seconds to begin.
   */
  private static void awaitRow(Indelible log) {
    long start = System.nanoTime();
    boolean expected = true;
    while (expected && !log.queue().drainPending(POLL_INTERVAL)) {
      DeferredAuditMetrics now = log.metrics();
      expected =
          !now.health().state().isTerminal()
              && now.health().entry(HealthEntry.RECORDING).isEmpty()
              && now.pending() <= OWN_EVENTS
              && System.nanoTime() - start < LONGEST_WAIT.toNanos();
    }
  }

  /** Prints an object with these members as JSON, or a line of text. */
  final void print(Consumer<CanonicalWriter> members, String format, Object... values) {
    print(members, () -> line(format, values));
  }

  /** Prints an object with these members as JSON, or text. */
  final void print(Consumer<CanonicalWriter> members, Runnable text) {
    if (json()) {
      console().json(members);
    } else {
      text.run();
    }
  }

  /** Prints a line of text. */
  final void line(String format, Object... values) {
    console().line(format, values);
  }

  /** Prints one line on standard error for the person who runs the command. */
  final void warn(String message) {
    console().warn(message);
  }
}
