// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfigMXBean;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.indelible.action.Custom;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import io.micrometer.core.instrument.Statistic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.Id;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sql.DataSource;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;
import org.hibernate.cfg.JdbcSettings;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.boot.jdbc.metadata.HikariDataSourcePoolMetadata;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.GeneratedKeyHolder;

/** Common libraries read and write through the hook. */
class LibrariesTest {
  @TempDir Path directory;
  private final List<String> asked = new CopyOnWriteArrayList<>();

  /** Refuses writes to the table "of", and permits the rest. */
  private Decision protect(String agentId, Custom write) {
    String namespace = write.payload().stringMember("namespace").orElseThrow();
    asked.add(write.payload().stringMember("operation").orElseThrow() + " " + namespace);
    return namespace.equals("of") ? new Refuse("R1", "not this table") : new Allow();
  }

  private DataSource governed(DataSource plain) {
    return GovernedDataSource.wrap(plain, this::protect, () -> "agent:alice");
  }

  @ParameterizedTest
  @EnumSource
  void metadataIsRead(TestDatabase database) throws SQLException {
    DataSource plain = database.filled(directory);
    try (Connection connection = governed(plain).getConnection();
        PreparedStatement select = connection.prepareStatement("SELECT a, b FROM t WHERE a = ?")) {
      assertThat(select.getMetaData().getColumnCount()).isEqualTo(2);
      assertThat(select.getParameterMetaData().getParameterCount()).isEqualTo(1);
      select.setInt(1, 2);
      try (ResultSet rows = select.executeQuery()) {
        assertThat(rows.getMetaData().getColumnLabel(2)).isEqualToIgnoringCase("b");
        assertThat(rows.getStatement()).isSameAs(select);
        assertThatThrownBy(() -> rows.getMetaData().unwrap(HikariDataSource.class))
            .isInstanceOf(SQLException.class);
      }
      assertThat(connection.getMetaData().getConnection()).isSameAs(connection);
    }
    assertThat(asked).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void jdbcTemplateReadsAndWrites(TestDatabase database) throws SQLException {
    JdbcTemplate template = new JdbcTemplate(governed(database.filled(directory)));

    template.update("INSERT INTO t (a, b) VALUES (?, ?)", 4, "four");
    GeneratedKeyHolder keys = new GeneratedKeyHolder();
    template.update(
        connection ->
            connection.prepareStatement(
                "INSERT INTO t (a, b) VALUES (5, 'five')", new String[] {"a"}),
        keys);
    template.batchUpdate(
        "UPDATE t SET b = ? WHERE a = ?", List.of(new Object[] {"I", 1}, new Object[] {"II", 2}));

    assertThat(template.queryForList("SELECT a, b FROM t ORDER BY a"))
        .hasSize(5)
        .extracting(row -> row.get("b"))
        .containsExactly("I", "II", "three", "four", "five");
    assertThatThrownBy(() -> template.update("DELETE FROM \"of\""))
        .hasRootCauseInstanceOf(GovernanceRefusal.class);
    assertThat(asked).containsExactly("insert t", "insert t", "update t", "delete of");
  }

  @ParameterizedTest
  @EnumSource
  void jooqReadsAndWrites(TestDatabase database) throws SQLException {
    SQLDialect dialect =
        switch (database) {
          case SQLITE -> SQLDialect.SQLITE;
          case H2 -> SQLDialect.H2;
          case POSTGRESQL -> SQLDialect.POSTGRES;
        };
    DSLContext jooq = DSL.using(governed(database.filled(directory)), dialect);
    var table = DSL.table("t");
    var number = DSL.field("a", Integer.class);

    jooq.insertInto(table).columns(number).values(4).execute();
    jooq.update(table).set(number, 40).where(number.eq(4)).execute();

    assertThat(jooq.select(number).from(table).orderBy(number).fetch(number))
        .containsExactly(1, 2, 3, 40);
    assertThat(jooq.fetch("SELECT a, b FROM t").fields()).hasSize(2);
    assertThatThrownBy(() -> jooq.deleteFrom(DSL.table("\"of\"")).execute())
        .hasRootCauseInstanceOf(GovernanceRefusal.class);
    assertThat(asked).containsExactly("insert t", "update t", "delete of");
  }

  @Entity(name = "note")
  static class Note {
    @Id @GeneratedValue Long id;
    String text;
  }

  @Test
  void hibernateReadsAndWrites() throws SQLException {
    DataSource plain = TestDatabase.H2.filled(directory);
    Configuration configuration = new Configuration().addAnnotatedClass(Note.class);
    configuration.getProperties().put(JdbcSettings.JAKARTA_NON_JTA_DATASOURCE, governed(plain));
    configuration.setProperty("hibernate.hbm2ddl.auto", "create");
    try (SessionFactory factory = configuration.buildSessionFactory()) {
      factory.inTransaction(
          session -> {
            Note note = new Note();
            note.text = "kept";
            session.persist(note);
          });
      factory.inTransaction(
          session ->
              assertThat(session.createQuery("from note", Note.class).list())
                  .extracting(note -> note.text)
                  .containsExactly("kept"));
      assertThatThrownBy(
              () ->
                  factory.inTransaction(
                      session ->
                          session.createNativeMutationQuery("DELETE FROM \"of\"").executeUpdate()))
          .hasRootCauseInstanceOf(GovernanceRefusal.class);
    }

    assertThat(asked).contains("insert note", "call nextval", "delete of");
    assertThat(TestDatabase.rows(plain, "SELECT * FROM \"of\"")).hasSize(1);
  }

  @Test
  void poolKeepsMetricsAndHidesItsConnections() throws SQLException {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setDataSource(TestDatabase.SQLITE.filled(directory));
      pool.setMaximumPoolSize(3);
      pool.setRegisterMbeans(true);
      DataSource governed = governed(pool);
      TestDatabase.rows(governed, "SELECT 1");

      HikariDataSource seen =
          DataSourceUnwrapper.unwrap(governed, HikariConfigMXBean.class, HikariDataSource.class);
      SimpleMeterRegistry registry = new SimpleMeterRegistry();
      seen.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(registry));
      TestDatabase.rows(governed, "SELECT 1");

      assertThat(series(registry)).isEqualTo(16);
      assertThat(new HikariDataSourcePoolMetadata(seen).getIdle()).isBetween(1, 3);
      assertThat(new HikariDataSourcePoolMetadata(seen).getMax()).isEqualTo(3);
      assertThat(seen.isRegisterMbeans()).isTrue();
      assertThat(seen.getHikariPoolMXBean().getTotalConnections()).isBetween(1, 3);
      assertThat(seen.getHikariPoolMXBean()).isNotInstanceOf(DataSource.class);
      assertThat(seen.getDataSource()).isNull();
      assertThatThrownBy(() -> TestDatabase.execute(seen, "DELETE FROM \"of\""))
          .isInstanceOf(GovernanceRefusal.class);
      try (Connection connection = seen.unwrap(HikariDataSource.class).getConnection()) {
        assertThatThrownBy(() -> connection.unwrap(org.sqlite.SQLiteConnection.class))
            .isInstanceOf(SQLException.class);
      }
    }
  }

  private static long series(SimpleMeterRegistry registry) {
    return registry.getMeters().stream()
        .filter(meter -> meter.getId().getName().startsWith("hikaricp."))
        .flatMap(
            meter -> java.util.stream.StreamSupport.stream(meter.measure().spliterator(), false))
        .filter(measurement -> measurement.getStatistic() != Statistic.UNKNOWN)
        .count();
  }

  /** The pool uses the governed data source, so it opens governed connections. */
  @Test
  void poolOfGovernedConnectionsIsGoverned() throws SQLException {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setDataSource(governed(TestDatabase.SQLITE.filled(directory)));

      assertThatThrownBy(() -> TestDatabase.execute(pool, "DELETE FROM \"of\""))
          .isInstanceOf(GovernanceRefusal.class);
      try (Connection connection = pool.getConnection()) {
        assertThatThrownBy(() -> connection.unwrap(org.sqlite.SQLiteConnection.class))
            .isInstanceOf(SQLException.class);
      }
    }
  }
}
