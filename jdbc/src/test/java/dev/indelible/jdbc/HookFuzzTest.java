// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.decision.Refuse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs random texts through a hook that refuses everything; any change of the data is a fault. Some
 * of the texts also run without the hook, to show that they do write.
 */
@Tag("any-jdk")
class HookFuzzTest {
  /** Number of texts between two checks of the data. */
  private static final int GROUP = 50;

  /** One in this many groups also runs without the hook. */
  private static final int CONTROLS = 20;

  @TempDir Path directory;
  private int writes;

  @ParameterizedTest
  @EnumSource
  void noTextBypassesTheHook(TestDatabase database) throws SQLException {
    int[] groups = {0};

    run(database, 1, () -> groups[0]++ < 21);

    assertThat(writes).as("texts that write without the hook").isPositive();
  }

  /**
   * A long run. {@code -Dtest.jvm.args="-Dindelible.fuzz.minutes=60"} divides one hour among the
   * databases.
   */
  @Tag("full")
  @ParameterizedTest
  @EnumSource
  void noTextBypassesTheHookInALongRun(TestDatabase database) throws SQLException {
    long minutes = Long.getLong("indelible.fuzz.minutes", 3);
    long share = Duration.ofMinutes(minutes).toNanos() / TestDatabase.values().length;
    long start = System.nanoTime();

    run(
        database,
        Long.getLong("indelible.fuzz.seed", System.nanoTime()),
        () -> System.nanoTime() - start < share);
  }

  private void run(TestDatabase database, long seed, BooleanSupplier goOn) throws SQLException {
    DataSource plain = database.filled(directory);
    DataSource control = database.filled(directory);
    DataSource governed =
        GovernedDataSource.wrap(
            plain, (agent, write) -> new Refuse("R1", "no writes"), () -> "agent:fuzz");
    Random random = new Random(seed);
    SqlGrammar grammar = new SqlGrammar(database, seed);
    List<String> before = database.state(plain);
    long texts = 0;
    for (int group = 0; goOn.getAsBoolean(); group++) {
      List<String> sent = new ArrayList<>();
      Connection connection = governed.getConnection();
      for (int i = 0; i < GROUP; i++) {
        String sql = grammar.next();
        sent.add(sql);
        send(connection, sql, random.nextInt(5));
      }
      send(connection, "COMMIT", 0);
      close(connection);
      texts += GROUP;
      assertThat(database.state(plain))
          .as("seed %d: the data after %s", seed, sent)
          .isEqualTo(before);
      if (group % CONTROLS == 0) {
        writes += sendWithoutHook(database, control, sent);
        control = database.filled(directory);
      }
    }
    System.out.printf("%s: %d texts, %d of the controls wrote%n", database, texts, writes);
  }

  static void send(Connection connection, String sql, int way) {
    try (Statement statement = connection.createStatement()) {
      switch (way) {
        case 0 -> statement.execute(sql);
        case 1 -> statement.executeUpdate(sql);
        case 2 -> statement.executeQuery(sql);
        case 3 -> {
          try (PreparedStatement prepared = connection.prepareStatement(sql)) {
            prepared.execute();
          }
        }
        default -> {
          statement.addBatch(sql);
          statement.executeBatch();
        }
      }
    } catch (SQLException | RuntimeException e) {
      // The hook refused the text, or it is not valid SQL for this database. Neither writes
      // anything.
    }
  }

  /** SQLite's driver reports a failed statement again when the connection is closed. */
  private static void close(Connection connection) throws SQLException {
    try {
      connection.close();
    } catch (SQLException e) {
      connection.close();
    }
  }

  private static int sendWithoutHook(TestDatabase database, DataSource control, List<String> texts)
      throws SQLException {
    int writes = 0;
    List<String> before = database.state(control);
    for (String sql : texts) {
      Connection connection = control.getConnection();
      send(connection, sql, 0);
      close(connection);
      List<String> after;
      try {
        after = database.state(control);
      } catch (SQLException e) {
        return writes + 1;
      }
      if (!after.equals(before)) {
        writes++;
        before = after;
      }
    }
    return writes;
  }
}
