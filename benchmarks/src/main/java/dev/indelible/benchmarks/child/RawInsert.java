// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

import dev.indelible.append.RowSealer;
import dev.indelible.append.RowSigning;
import dev.indelible.benchmarks.contender.PlainLedger;
import dev.indelible.benchmarks.contender.RowSignatures;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.benchmarks.load.Producers;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;

/**
 * Measures how fast rows can be inserted at best. Inserts in bulk the rows that Indelible would
 * create, with Indelible's statement, tables and indexes. The rows are computed before the clock
 * starts. This rate is the limit. The bound is the rate while other threads also make one signature
 * per row, which any design with signed rows must do.
 */
public final class RawInsert implements Task {
  /** Rows per transaction; a larger transaction is not faster. */
  public static final int BATCH = 10_000;

  private static final int SEALED_AT_ONCE = 10_000;

  private static final int SIGNERS = Runtime.getRuntime().availableProcessors();

  /** The work on other threads during the inserts. */
  public enum Beside {
    /** No work. */
    NOTHING,
    /** Makes a signature for each row and discards it. */
    SIGNING
  }

  /**
   * Returns the task's parameters: directory, signatures, work during the inserts, and number of
   * rows.
   */
  public static Facts orders(
      Path directory,
      RowSignatures signatures,
      Beside beside,
      int producers,
      long warmUp,
      long events) {
    return new Facts()
        .with("beside", beside)
        .with("signatures", signatures)
        .with("directory", directory)
        .with("producers", producers)
        .with("warmUp", warmUp)
        .with("events", events);
  }

  @Override
  public Facts run(Facts orders) throws Exception {
    Path directory = Files.createDirectories(orders.path("directory"));
    int producers = orders.count("producers");
    boolean signed = RowSignatures.valueOf(orders.text("signatures")) != RowSignatures.OFF;
    Beside beside = Beside.valueOf(orders.text("beside"));
    List<ChainRow> first = rows(signed, producers, orders.number("warmUp"));
    measure(first, beside, directory.resolve("warm-up.db"));
    List<ChainRow> rows = rows(signed, producers, orders.number("events"));
    return new Facts()
        .with("accepted", rows.size())
        .with("nanos", measure(rows, beside, directory.resolve("raw.db")));
  }

  private static long measure(List<ChainRow> rows, Beside beside, Path file) throws Exception {
    return beside == Beside.NOTHING ? insert(rows, file) : insertAndSign(rows, file);
  }

  /** Returns the time until all rows are inserted and all signatures are made. */
  private static long insertAndSign(List<ChainRow> rows, Path file) throws Exception {
    SigningKey key = SigningKey.generate();
    byte[] message = rows.get(0).signedMessage();
    FutureTask<Long> inserting = new FutureTask<>(() -> insert(rows, file));
    long start = System.nanoTime();
    new Thread(inserting, "inserter").start();
    Producers.run(
        SIGNERS,
        signer -> {
          for (int row = signer; row < rows.size(); row += SIGNERS) {
            key.sign(message);
          }
          return signer;
        });
    inserting.get();
    return System.nanoTime() - start;
  }

  private static long insert(List<ChainRow> rows, Path file) throws Exception {
    try (PlainLedger ledger = PlainLedger.create(file, PlainLedger.Synchronous.FULL)) {
      long start = System.nanoTime();
      for (int from = 0; from < rows.size(); from += BATCH) {
        ledger.append(rows.subList(from, Math.min(rows.size(), from + BATCH)));
      }
      return System.nanoTime() - start;
    }
  }

  private static List<ChainRow> rows(boolean signed, int producers, long count) {
    List<EventStream> streams = new ArrayList<>();
    for (int producer = 0; producer < producers; producer++) {
      streams.add(new EventStream(producer, producers));
    }
    RowSealer sealer = new RowSealer(new RowSigning(SigningKey.generate(), signed));
    List<ChainRow> rows = new ArrayList<>();
    Head head = Head.EMPTY;
    while (rows.size() < count) {
      List<AuditEvent> events = new ArrayList<>();
      while (events.size() < SEALED_AT_ONCE && rows.size() + events.size() < count) {
        events.add(streams.get(events.size() % producers).next());
      }
      rows.addAll(sealer.seal(head, events));
      head = rows.get(rows.size() - 1).head();
    }
    return rows;
  }
}
