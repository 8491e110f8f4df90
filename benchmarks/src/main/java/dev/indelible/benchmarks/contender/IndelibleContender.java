// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.queue.Durability;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Indelible in its normal setup: journal, drainer, and signed chain in SQLite.
 *
 * @param tree false to measure without the Merkle tree. No setting disables the tree, but a log
 *     does not update a damaged tree, so the tree is damaged first
 */
public record IndelibleContender(Durability durability, RowSignatures signatures, boolean tree)
    implements Contender {
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  /** Creates a contender with the tree. */
  public IndelibleContender(Durability durability, RowSignatures signatures) {
    this(durability, signatures, true);
  }

  @Override
  public String name() {
    return "Indelible, %s, signatures %s%s"
        .formatted(
            durability.name().toLowerCase(Locale.ROOT),
            signatures.title(),
            tree ? "" : ", no tree");
  }

  @Override
  public String settings() {
    return "defaults, except for the settings in the contender's name. An event counts as stored when it is"
        + " committed in SQLite with synchronous=FULL";
  }

  @Override
  public Optional<String> withoutJar() {
    return signatures.withoutJar();
  }

  @Override
  public Session open(Path directory) throws Exception {
    return new Log(start(directory));
  }

  @Override
  public void forEachEvent(Path directory, Consumer<String> id) throws Exception {
    new Log(start(directory)).close();
    Path database = new DataDirectory(directory).database();
    if (Files.exists(database)) {
      try (LedgerReader ledger = SqliteLedger.open(database)) {
        ledger.forEachRow(
            RowQuery.all(),
            row -> {
              // Events of the log itself were not submitted, so they do not count.
              if (row.eventType().equals(DeferredAuditEvent.REFUSAL)) {
                id.accept(row.id());
              }
              return true;
            });
      }
    }
  }

  /** Opens the log, and damages its tree first if {@link #tree} is false. */
  public Indelible start(Path directory) throws Exception {
    if (!tree && !Files.exists(new DataDirectory(directory).database())) {
      damageTree(directory);
    }
    return signatures.apply(Indelible.builder(directory).durability(durability)).open();
  }

  private void damageTree(Path directory) throws Exception {
    Indelible log = signatures.apply(Indelible.builder(directory)).open();
    log.gate().check("agent:first", new Bash("ls"));
    new Log(log).close();
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + new DataDirectory(directory).database());
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE indelible_tree SET size = -1");
    }
  }

  /** An open log. */
  private record Log(Indelible log) implements Session {
    @Override
    public boolean submit(DeferredAuditEvent event) {
      return log.queue().submit(event);
    }

    @Override
    public void awaitArrival() {
      if (!log.queue().drainPending(PATIENCE)) {
        throw new IllegalStateException("not drained: " + log.metrics());
      }
    }

    @Override
    public void close() {
      if (!log.closeAndFlush(PATIENCE).isComplete()) {
        throw new IllegalStateException("not drained: " + log.metrics());
      }
    }
  }
}
