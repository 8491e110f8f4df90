// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.DataDirectory;
import dev.indelible.Indelible;
import dev.indelible.OpenException;
import dev.indelible.drain.DrainReport;
import dev.indelible.json.Text;
import dev.indelible.ledger.LedgerException;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What every verb has. */
abstract class Verb implements Callable<Integer> {
  /** Most bytes of a reason or a name that goes on record. */
  private static final int MAX_WORDS_BYTES = 4_096;

  /** Set by picocli before the verb runs. */
  @Spec @Nullable CommandSpec spec;

  final Root root() {
    return (Root) Objects.requireNonNull(spec).root().userObject();
  }

  final Console console() {
    return root().console;
  }

  final boolean json() {
    return root().output == Root.Output.json;
  }

  final DataDirectory data() {
    return new DataDirectory(root().data);
  }

  /** The ledger, for reading. */
  final SqliteLedger ledger() throws LedgerException, CommandFailure {
    requireDataDirectory();
    return SqliteLedger.open(data().database());
  }

  /**
   * The log, to record in; a person who waits for what an earlier run left sees how far it is.
   *
   * @param anchor the file that its checkpoints are appended to, if there is one
   * @param lasting whether this process lasts long enough to ask the log's witnesses
   */
  final Indelible openLog(Optional<Path> anchor, boolean lasting) throws OpenException {
    Indelible.Builder log = Indelible.builder(data().path()).askWitnesses(lasting);
    anchor.ifPresent(log::anchor);
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
    } catch (OpenException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
    if (!Files.isDirectory(data().path())) {
      throw CommandFailure.usage(
          data().path() + ": no data directory here; name one with --data DIR");
    }
  }

  /** Refuses text for the record that says nothing, or too much. */
  static void requireWords(String option, String text) throws CommandFailure {
    if (text.isBlank() || Text.utf8Length(text) > MAX_WORDS_BYTES) {
      throw CommandFailure.usage(
          option + ": say it in words, in at most " + MAX_WORDS_BYTES + " bytes");
    }
  }

  /** Closes a log; fails if anything that was accepted is not written (D9). */
  static void closeWritten(Indelible log) throws CommandFailure {
    DrainReport report = log.closeAndFlush(DeferredAuditQueue.DEFAULT_DRAIN_TIMEOUT);
    if (!report.isComplete()) {
      throw CommandFailure.failed(report.describePending());
    }
  }

  /** Prints one line for the person who runs the command. */
  final void warn(String message) {
    console().err().println("indelible: " + Console.printable(message));
  }
}
