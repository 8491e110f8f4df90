// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import dev.indelible.AuditLog;
import dev.indelible.checkpoint.AnchorReader;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.fleet.FleetReport.ShardReport;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.monitor.HealthReasons;
import dev.indelible.note.FleetHistory;
import dev.indelible.note.FleetHistory.Shard;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.ShardCheckpoint;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * Verifies a fleet: the log of logs, and each shard that it names. A shard is verified with the key
 * in its {@code shard.opened} event and the keys that follow it, and compared with every checkpoint
 * that the log of logs admitted. So a shard that is missing, shorter than admitted, forked, or not
 * admitted for longer than promised is found, and so is a closed shard that grew. Used by one
 * thread; each log is verified on all cores.
 */
public final class FleetVerifier {
  private final AuditLog log;
  private final Fleet fleet;

  /**
   * Creates a verifier.
   *
   * @param log the log of logs
   * @param fleet the directory of the log of logs and of the shards
   */
  public FleetVerifier(AuditLog log, Fleet fleet) {
    this.log = log;
    this.fleet = fleet;
  }

  /**
   * Verifies the fleet.
   *
   * @param options the options for the log of logs; the progress also counts the rows of the shards
   * @throws LedgerException if the log of logs cannot be read now and is not damaged
   */
  public FleetReport verify(VerificationOptions options)
      throws LedgerException, KeyException, IOException {
    VerificationReport report = log.verify(options);
    Path admitted = Files.createTempDirectory("indelible-fleet");
    try {
      // The shards are read after the log of logs, so none is behind what it has admitted.
      return verify(options, report, history(options, admitted), admitted);
    } catch (LedgerException e) {
      if (report.verdict() != Verdict.BROKEN) {
        throw e;
      }
      return unknownShards(report, String.valueOf(e.getMessage()));
    } finally {
      try (Stream<Path> files = Files.list(admitted)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(admitted);
    }
  }

  /**
   * Verifies the shards.
   *
   * @param log the report on the log of logs
   * @param admitted the directory of the admitted checkpoints
   */
  private FleetReport verify(
      VerificationOptions options, VerificationReport log, FleetHistory history, Path admitted)
      throws LedgerException {
    if (history.creation().isEmpty()) {
      return unknownShards(log, "no accepted key signed the event fleet.created");
    }
    VerificationReport report = log;
    for (String name : fleet.shardDirectories()) {
      if (history.shards().stream().noneMatch(shard -> shard.name().equals(name))) {
        report = report.with(unlisted(name));
      }
    }
    Duration promise = history.creation().get().freshness();
    long[] before = {report.rows()};
    LongConsumer progress = rows -> options.progress().accept(before[0] + rows);
    List<ShardReport> shards = new ArrayList<>();
    for (Shard shard : history.shards()) {
      ShardReport each = verify(shard, promise, admitted.resolve(shard.name()), progress);
      before[0] += each.report().rows();
      shards.add(each);
    }
    return new FleetReport(history.creation().get().origin(), report, shards);
  }

  /** Returns the report on a fleet whose log of logs does not show its shards. */
  private FleetReport unknownShards(VerificationReport report, String reason) {
    Finding finding =
        Finding.unknown(
            Finding.SHARDS, "the shards are not verified, because they are unknown: " + reason);
    return new FleetReport(fleet.data().path().toString(), report.with(finding), List.of());
  }

  private Finding unlisted(String name) {
    return Finding.unknown(
        Finding.SHARDS,
        "%s: no shard.opened event names this shard; 'indelible fleet open-shard %s' opens it, or move it away"
            .formatted(fleet.shards().resolve(name), name));
  }

  /**
   * Reads the events of the fleet, and writes the admitted checkpoints of each shard to a file of
   * its name, as anchor files.
   */
  private FleetHistory history(VerificationOptions options, Path directory)
      throws LedgerException, KeyException, IOException {
    KeyRing first =
        options.keys().keys().isEmpty() ? fleet.data().keys().accepted() : options.keys();
    try (LedgerReader ledger = log.reader();
        AdmittedFiles admitted = new AdmittedFiles(directory)) {
      FleetHistory history = new FleetHistory(KeyHistory.read(ledger, first, true));
      Deque<ChainRow> others = others(ledger);
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.SHARD_CHECKPOINT),
          row -> {
            while (!others.isEmpty() && others.peek().sequence() < row.sequence()) {
              history.take(others.remove());
            }
            history.take(row).ifPresent(newest -> admitted.add(newest.content()));
            return true;
          });
      others.forEach(history::take);
      return history;
    }
  }

  /** Returns the rows about the fleet that are not checkpoints, in order. */
  private static Deque<ChainRow> others(LedgerReader ledger) throws LedgerException {
    List<ChainRow> others = new ArrayList<>();
    for (String type : SystemEvent.FLEET_EVENTS) {
      if (!type.equals(SystemEvent.SHARD_CHECKPOINT)) {
        ledger.forEachRow(RowQuery.ofType(type), others::add);
      }
    }
    others.sort(Comparator.comparingLong(ChainRow::sequence));
    return new ArrayDeque<>(others);
  }

  /** The files of admitted checkpoints, one for each shard. */
  private static final class AdmittedFiles implements AutoCloseable {
    private final Path directory;
    private final Map<String, OutputStream> files = new HashMap<>();

    AdmittedFiles(Path directory) {
      this.directory = directory;
    }

    void add(ShardCheckpoint admitted) {
      try {
        OutputStream file = files.get(admitted.shard());
        if (file == null) {
          Path path = directory.resolve(admitted.shard());
          file = new BufferedOutputStream(Files.newOutputStream(path));
          files.put(admitted.shard(), file);
        }
        file.write(AnchorReader.entry(admitted.signed()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() throws IOException {
      for (OutputStream file : files.values()) {
        file.close();
      }
    }
  }

  private ShardReport verify(Shard shard, Duration promise, Path admitted, LongConsumer progress) {
    Duration age = Duration.between(Instant.parse(shard.lastSeen()), Timestamps.now());
    long size = shard.checkpoint().map(Checkpoint::size).orElse(0L);
    VerificationReport report = report(shard, promise, admitted, progress);
    if (shard.isOpen()) {
      report =
          HealthReasons.stale(shard.name(), age, promise)
              .map(stale -> Finding.unknown(Finding.SHARDS, stale))
              .map(report::with)
              .orElse(report);
    } else {
      report = closed(shard, size, report);
    }
    return new ShardReport(shard.name(), shard.isOpen(), size, age, report);
  }

  /** Checks that a closed shard got no rows since, except rows about erased payloads. */
  private VerificationReport closed(Shard shard, long size, VerificationReport report) {
    if (report.head().sequence() <= size) {
      return report;
    }
    long[] grown = {0};
    try (LedgerReader ledger = fleet.shard(shard.name()).engine().open()) {
      ledger.forEachRow(
          RowQuery.from(size + 1),
          row -> {
            grown[0] += row.is(SystemEvent.PAYLOAD_ERASED) ? 0 : 1;
            return true;
          });
    } catch (LedgerException e) {
      return report.with(Finding.unknown(Finding.SHARDS, String.valueOf(e.getMessage())));
    }
    return grown[0] == 0
        ? report
        : report.with(
            Finding.broken(
                Finding.SHARDS,
                "the shard was closed with %s rows, but has %s now"
                    .formatted(size, report.head().sequence())));
  }

  private VerificationReport report(
      Shard shard, Duration promise, Path admitted, LongConsumer progress) {
    DataDirectory data = fleet.shard(shard.name());
    try {
      if (data.engine().identify().isEmpty()) {
        return failed(
            Finding.broken(
                Finding.SHARDS,
                "%s: the shard is missing: its log is not there".formatted(data.path())));
      }
      VerificationKey first = (VerificationKey) shard.opening().key().key();
      return new AuditLog(data.path())
          .verify(
              VerificationOptions.rootedIn(Fleet.ring(first))
                  .origins(Set.of(shard.opening().origin()))
                  .admitted(admitted, promise)
                  .progress(progress));
    } catch (LedgerException e) {
      return failed(Finding.unknown(Finding.STORAGE, String.valueOf(e.getMessage())));
    }
  }

  private static VerificationReport failed(Finding finding) {
    return new VerificationReport(0, Head.EMPTY, List.of(finding), 1);
  }
}
