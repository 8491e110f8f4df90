// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.append.RowSealer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.event.DeferredAuditEvent;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * The original design: a queue in memory, and one thread that, for each event, reads the head,
 * signs, inserts and commits.
 */
public final class RowPerTransaction implements Contender {
  private static final String FILE = "rows.db";

  @Override
  public String name() {
    return "one transaction per row";
  }

  @Override
  public String settings() {
    return "unbounded queue in memory; for each row, read the head, sign (Corretto), insert, commit;"
        + " SQLite with the same tables, synchronous=NORMAL";
  }

  @Override
  public int share() {
    return 10;
  }

  @Override
  public Session open(Path directory) throws Exception {
    return new Writer(PlainLedger.create(directory.resolve(FILE), PlainLedger.Synchronous.NORMAL));
  }

  @Override
  public void forEachEvent(Path directory, Consumer<String> id) throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + directory.resolve(FILE));
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT id FROM signed_events")) {
      while (rows.next()) {
        id.accept(rows.getString(1));
      }
    }
  }

  /** The queue and its writer. */
  private static final class Writer implements Session {
    private final BlockingQueue<Optional<DeferredAuditEvent>> queue = new LinkedBlockingQueue<>();
    private final RowSealer sealer = new RowSealer(SigningKey.generate());
    private final PlainLedger ledger;
    private final Thread thread = new Thread(this::write, "row-per-transaction");

    Writer(PlainLedger ledger) {
      this.ledger = ledger;
      thread.start();
    }

    @Override
    public boolean submit(DeferredAuditEvent event) {
      return queue.add(Optional.of(event));
    }

    @Override
    public void awaitArrival() {
      queue.add(Optional.empty());
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() throws SQLException {
      awaitArrival();
      ledger.close();
    }

    private void write() {
      try {
        Optional<DeferredAuditEvent> event = queue.take();
        while (event.isPresent()) {
          ledger.begin();
          ledger.insert(sealer.seal(ledger.head(), event.get()));
          ledger.commit();
          event = queue.take();
        }
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
