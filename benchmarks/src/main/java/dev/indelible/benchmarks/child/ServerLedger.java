// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.AuditLog;
import dev.indelible.Indelible;
import dev.indelible.IndelibleBuilder;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Latencies;
import dev.indelible.benchmarks.load.Producers;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/**
 * Measures a ledger in PostgreSQL beside one in SQLite: the whole path of equal events, the raw
 * COPY of the rows that this stored, verification, and the time until an event of one gate is
 * visible to a reader while a second gate is open. Each round measures each once, one after
 * another. The first round is a warm-up.
 */
public final class ServerLedger implements Task {
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  /** Rows of a transaction, as many as a drainer sends at most. */
  private static final int BATCH = 2_000;

  /** Returns the task's parameters. */
  public static Facts orders(Path directory, int producers, long events, int rounds, int visible) {
    return new Facts()
        .with("directory", directory)
        .with("producers", producers)
        .with("events", events)
        .with("rounds", rounds)
        .with("visible", visible);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Path directory = Files.createDirectories(orders.path("directory"));
    int producers = orders.count("producers");
    long events = orders.number("events");
    List<Long> append = new ArrayList<>();
    List<Long> copy = new ArrayList<>();
    List<Long> sqliteAppend = new ArrayList<>();
    List<Long> verify = new ArrayList<>();
    List<Long> sqliteVerify = new ArrayList<>();
    long rows = 0;
    try (PostgresServer server = PostgresServer.start(directory.resolve("server"))) {
      for (int round = 0; round <= orders.count("rounds"); round++) {
        String schema = server.createLedger();
        Path gate = directory.resolve("gate-" + round);
        Path file = directory.resolve("file-" + round);
        long appended = append(onServer(gate, server.url(schema)), producers, events);
        long inFile = append(Indelible.builder(file), producers, events);
        List<byte[]> stored = batches(server, schema);
        long copied = copy(server, stored);
        long verified = verify(gate);
        long verifiedFile = verify(file);
        try (LedgerReader reader = new AuditLog(gate).reader()) {
          rows = reader.size();
        }
        if (round > 0) {
          append.add(appended);
          sqliteAppend.add(inFile);
          copy.add(copied);
          verify.add(verified);
          sqliteVerify.add(verifiedFile);
        }
      }
      return new Facts()
          .with("rows", rows)
          .with("append", Latencies.median(append))
          .with("copy", Latencies.median(copy))
          .with("sqliteAppend", Latencies.median(sqliteAppend))
          .with("verify", Latencies.median(verify))
          .with("sqliteVerify", Latencies.median(sqliteVerify))
          .with("visible", visible(server, directory, orders.count("visible")));
    }
  }

  private static IndelibleBuilder onServer(Path directory, String url) {
    return Indelible.builder(directory).ledger(() -> url);
  }

  /** Returns the time from the first submit to the last committed row. */
  private static long append(IndelibleBuilder builder, int producers, long events)
      throws Exception {
    try (Indelible log = builder.index(false).shutdownHook(false).open()) {
      long start = System.nanoTime();
      Producers.run(
          producers,
          producer -> {
            EventStream stream = new EventStream(producer, producers);
            for (long event = producer; event < events; event += producers) {
              if (!log.queue().submit(stream.next())) {
                throw new IllegalStateException("the log rejected event " + event);
              }
            }
            return producer;
          });
      if (!log.queue().drainPending(PATIENCE)) {
        throw new IllegalStateException("not drained: " + log.metrics());
      }
      return System.nanoTime() - start;
    }
  }

  /** Reads the rows of a ledger as the server itself writes them for COPY, in batches. */
  private static List<byte[]> batches(PostgresServer server, String schema) throws Exception {
    List<byte[]> batches = new ArrayList<>();
    try (Connection connection = server.connect()) {
      CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
      for (long from = 1; ; from += BATCH) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long rows =
            copy.copyOut(
                "COPY (SELECT * FROM %s.signed_events WHERE sequence BETWEEN %s AND %s ORDER BY sequence) TO STDOUT (FORMAT BINARY)"
                    .formatted(schema, from, from + BATCH - 1),
                out);
        if (rows == 0) {
          return batches;
        }
        batches.add(out.toByteArray());
      }
    }
  }

  /** Copies rows into an equal table, each batch in a durable transaction. */
  private static long copy(PostgresServer server, List<byte[]> batches) throws Exception {
    String schema = server.createLedger();
    try (Connection connection = server.connect()) {
      CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
      connection.setAutoCommit(false);
      long start = System.nanoTime();
      for (byte[] batch : batches) {
        copy.copyIn(
            "COPY %s.signed_events FROM STDIN (FORMAT BINARY)".formatted(schema),
            new ByteArrayInputStream(batch));
        connection.commit();
      }
      return System.nanoTime() - start;
    }
  }

  private static long verify(Path directory) throws Exception {
    long start = System.nanoTime();
    VerificationReport report = new AuditLog(directory).verify();
    long nanos = System.nanoTime() - start;
    if (report.verdict() != Verdict.INTACT) {
      throw new IllegalStateException("the log does not verify: " + report);
    }
    return nanos;
  }

  private static Latencies visible(PostgresServer server, Path directory, int events)
      throws Exception {
    String url = server.url(server.createLedger());
    Path first = directory.resolve("first");
    onServer(first, url).open().close();
    Path second = directory.resolve("second");
    copyKeys(first, second);
    try (Indelible idle = Indelible.open(first);
        Indelible gate = onServer(second, url).open();
        LedgerReader reader = idle.log().reader()) {
      EventStream stream = new EventStream(0, 1);
      Visibility.watch(gate, reader, stream, new Random(1), events / 5);
      return Latencies.of(Visibility.watch(gate, reader, stream, new Random(1), events));
    }
  }

  private static void copyKeys(Path from, Path to) throws IOException {
    for (String name : List.of("keys", "policy")) {
      Files.createDirectories(
          to.resolve(name),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      try (DirectoryStream<Path> files = Files.newDirectoryStream(from.resolve(name))) {
        for (Path file : files) {
          Files.copy(
              file,
              to.resolve(name).resolve(file.getFileName()),
              StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }
}
