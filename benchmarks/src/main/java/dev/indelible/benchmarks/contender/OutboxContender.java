// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import com.gruelbox.transactionoutbox.Dialect;
import com.gruelbox.transactionoutbox.Instantiator;
import com.gruelbox.transactionoutbox.Persistor;
import com.gruelbox.transactionoutbox.ThreadLocalContextTransactionManager;
import com.gruelbox.transactionoutbox.TransactionManager;
import com.gruelbox.transactionoutbox.TransactionOutbox;
import dev.indelible.event.DeferredAuditEvent;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.h2.jdbcx.JdbcConnectionPool;

/**
 * transaction-outbox on H2. Submit commits a row to the outbox. Workers then move the event into a
 * table, in the transaction that deletes the row of the outbox.
 *
 * @param writeDelayMillis how long H2 may keep a commit in memory; the default is 500
 */
public record OutboxContender(int writeDelayMillis) implements Contender {
  private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final Duration POLL = Duration.ofMillis(5);

  /**
   * The delay before a second attempt: longer than an event waits for a worker. An earlier second
   * attempt would conflict with the first.
   */
  private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

  private static final Duration FLUSH_INTERVAL = Duration.ofSeconds(1);

  @Override
  public String name() {
    return "transaction-outbox on H2, WRITE_DELAY=" + writeDelayMillis;
  }

  @Override
  public String settings() {
    return "H2 in a file behind its own connection pool, %s; submitter and batch size by default;"
            .formatted(
                writeDelayMillis == 0
                    ? "each commit written out"
                    : "WRITE_DELAY by default (commits wait in memory)")
        + " stored: moved from the outbox into a table";
  }

  @Override
  public int share() {
    return 20;
  }

  @Override
  public Session open(Path directory) throws Exception {
    JdbcConnectionPool pool = pool(directory);
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE audit (id VARCHAR(36), payload VARCHAR)");
    }
    return new Outbox(pool);
  }

  /**
   * Reads both the table and the outbox: an event in the outbox will be delivered later, so it
   * counts as stored.
   */
  @Override
  public void forEachEvent(Path directory, Consumer<String> id) throws Exception {
    JdbcConnectionPool pool = pool(directory);
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      try (ResultSet rows = statement.executeQuery("SELECT id FROM audit")) {
        while (rows.next()) {
          id.accept(rows.getString(1));
        }
      }
      try (ResultSet calls =
          statement.executeQuery("SELECT invocation FROM TXNO_OUTBOX WHERE NOT processed")) {
        while (calls.next()) {
          id.accept(firstArgument(calls.getString(1)));
        }
      }
    } finally {
      pool.dispose();
    }
  }

  /**
   * Returns the id of the event: the first argument of the stored call, and the first UUID in its
   * JSON.
   */
  private static String firstArgument(String call) {
    Matcher matcher = UUID.matcher(call);
    if (!matcher.find()) {
      throw new IllegalStateException("a call without an id: " + call);
    }
    return matcher.group();
  }

  private JdbcConnectionPool pool(Path directory) {
    return JdbcConnectionPool.create(
        "jdbc:h2:file:"
            + directory.resolve("outbox").toAbsolutePath()
            + ";WRITE_DELAY="
            + writeDelayMillis,
        "sa",
        "");
  }

  /** The call that the outbox stores and later makes. */
  public interface Delivery {
    /** Delivers an event. */
    void deliver(String id, String payload);
  }

  private static final class Outbox implements Session, Delivery {
    private final AtomicLong submitted = new AtomicLong();
    private final JdbcConnectionPool pool;
    private final ThreadLocalContextTransactionManager transactions;
    private final TransactionOutbox outbox;

    Outbox(JdbcConnectionPool pool) {
      this.pool = pool;
      this.transactions = TransactionManager.fromDataSource(pool);
      this.outbox =
          TransactionOutbox.builder()
              .transactionManager(transactions)
              .persistor(Persistor.forDialect(Dialect.H2))
              .instantiator(Instantiator.using(type -> this))
              .attemptFrequency(RETRY_AFTER)
              .build();
    }

    @Override
    public boolean submit(DeferredAuditEvent event) {
      transactions.inTransaction(
          () ->
              outbox
                  .schedule(Delivery.class)
                  .deliver(event.id().toString(), JsonLines.line(event)));
      submitted.incrementAndGet();
      return true;
    }

    /** Inserts the event, in the transaction that deletes the call from the outbox. */
    @Override
    public void deliver(String id, String payload) {
      try {
        transactions.requireTransactionReturns(
            transaction -> {
              PreparedStatement insert =
                  transaction.prepareBatchStatement("INSERT INTO audit VALUES (?, ?)");
              insert.setString(1, id);
              insert.setString(2, payload);
              insert.addBatch();
              return null;
            });
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void awaitArrival() throws SQLException {
      long flushed = System.nanoTime();
      while (count("audit") < submitted.get()) {
        LockSupport.parkNanos(POLL.toNanos());
        if (System.nanoTime() - flushed > FLUSH_INTERVAL.toNanos()) {
          outbox.flush();
          flushed = System.nanoTime();
        }
      }
    }

    @Override
    public void close() {
      pool.dispose();
    }

    private long count(String table) throws SQLException {
      try (Connection connection = pool.getConnection();
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("SELECT count(*) FROM " + table)) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
