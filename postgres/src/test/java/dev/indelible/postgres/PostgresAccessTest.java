// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.Erasure;
import dev.indelible.append.LedgerSink;
import dev.indelible.drain.SinkBlockedException;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.pending.EventBatch;
import dev.indelible.storage.LedgerSchemaException;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.StoredLedger;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Roles have the rights they need and no others, and each wrong setting has a clear message. */
class PostgresAccessTest {
  private static final String PASSWORD_FILE = "org.postgresql.pgpassfile";
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  @TempDir Path directory;

  private final TestServer server = TestServer.shared();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "mysql://host/secret",
        "postgresql:/host?password",
        "postgresql://host:port/secret",
        "postgresql://bob:secret@host/db",
        "postgresql://host/db?user=bob&password=secret",
        "jdbc:postgresql://host/db?sslpassword=secret",
        "postgresql://host/db?currentSchema="
      })
  void wrongUrlIsNamedWithoutItsText(String url) {
    assertThatThrownBy(() -> PostgresLedger.at(url))
        .isInstanceOf(LedgerException.class)
        .hasMessageMatching(".*(expected postgresql://|password file).*")
        .hasMessageNotContaining("secret");
  }

  @Test
  void unreachableServerIsATransientFault() throws Exception {
    PostgresLedger ledger = PostgresLedger.at("postgresql://localhost:1/db?user=x");
    assertThatThrownBy(() -> ledger.drainer(null).open())
        .isInstanceOf(LedgerUnavailableException.class)
        .hasMessageStartingWith("postgresql://localhost:1/db, schema indelible: ")
        .hasMessageContaining("the server cannot be reached");
    assertThatThrownBy(ledger::open).hasMessageContaining("the server cannot be reached");
  }

  @Test
  void missingDatabaseIsNamed() throws Exception {
    String url = "postgresql://localhost:%d/nowhere?user=postgres".formatted(server.port());
    assertThatThrownBy(() -> PostgresLedger.at(url).openWriter())
        .hasMessageContaining("database \"nowhere\" does not exist; create the database first");
  }

  @Test
  void missingSchemaIsNamedAndNotCreated() throws Exception {
    PostgresLedger ledger = PostgresLedger.at(server.url("nowhere", "postgres"));
    assertThatThrownBy(ledger::openWriter)
        .isInstanceOf(LedgerSchemaException.class)
        .hasMessageContaining("schema nowhere: no ledger here");
    assertThat(ledger.openIfThere()).isEmpty();
    assertThat(ledger.identify()).isEmpty();
    assertThat(server.texts("SELECT nspname FROM pg_namespace WHERE nspname = 'nowhere'"))
        .isEmpty();
  }

  /** The driver reads the password file; no message has a password. */
  @Test
  void passwordComesFromAFile() throws Exception {
    String schema = server.createLedger();
    PostgresLedger ledger = PostgresLedger.at(server.url(schema, TestServer.STRANGER));
    try {
      password("a wrong secret");
      LedgerException wrong = failure(ledger);
      assertThat(wrong)
          .isInstanceOf(LedgerUnavailableException.class)
          .hasMessageContaining("password authentication failed for user \"stranger\"")
          .hasMessageContaining("password file");
      assertThat(stackTrace(wrong)).doesNotContain("a wrong secret");

      password(TestServer.STRANGERS_PASSWORD);
      assertThat(failure(ledger)).hasMessageContaining("role stranger may not use the schema");
    } finally {
      System.clearProperty(PASSWORD_FILE);
    }
  }

  private void password(String password) throws Exception {
    Path file = directory.resolve("passwords");
    Files.writeString(file, "*:*:*:" + TestServer.STRANGER + ":" + password + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    System.setProperty(PASSWORD_FILE, file.toString());
  }

  private static LedgerException failure(PostgresLedger ledger) {
    try {
      ledger.openWriter().close();
    } catch (LedgerException e) {
      return e;
    }
    throw new AssertionError("opened");
  }

  private static String stackTrace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  @Test
  void missingGrantsAreListed() throws Exception {
    TestLog log = TestLog.create(server);
    log.run("REVOKE INSERT ON signed_events, indelible_tiles FROM " + TestServer.WRITER);
    assertThatThrownBy(log.ledger()::openWriter)
        .isInstanceOf(LedgerSchemaException.class)
        .hasMessageContaining(
            "role indelible_writer lacks INSERT on indelible_tiles, INSERT on signed_events; grant");
    // A role that only reads is named as one too.
    assertThatThrownBy(log.as(TestServer.READER).ledger()::openWriter)
        .hasMessageContaining("role indelible_reader lacks");
  }

  /** A right that is revoked while a log runs is no fault of an event: nothing is dead-lettered. */
  @Test
  void revokedGrantMakesEventsWait() throws Exception {
    TestLog log = TestLog.create(server);
    log.append(TestLog.refusals("agent:a", 2));
    try (LedgerSink sink = log.sink()) {
      sink.append(EventBatch.of(List.of(TestLog.refusal("agent:b", "x"))));
      log.run("REVOKE INSERT ON signed_events FROM " + TestServer.WRITER);
      EventBatch batch = EventBatch.of(List.copyOf(TestLog.refusals("agent:c", 3)));
      assertThatThrownBy(() -> sink.append(batch))
          .isInstanceOf(SinkBlockedException.class)
          .hasMessageContaining("permission denied");
      log.run("GRANT INSERT ON signed_events TO " + TestServer.WRITER);
      sink.append(batch);
    }
    assertThat(log.ids()).hasSize(6);
    assertThat(log.deadLetters()).isZero();
    log.requireIntact();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 0})
  void otherSchemaVersionIsRefused(int version) throws Exception {
    TestLog log = TestLog.create(server);
    log.run("UPDATE indelible_schema SET version = " + version);
    for (String role : List.of(TestServer.WRITER, TestServer.READER)) {
      assertThatThrownBy(log.as(role).ledger()::openWriter)
          .isInstanceOf(LedgerSchemaException.class)
          .hasMessageMatching(".*(use a newer Indelible|states no version).*");
      assertThatThrownBy(log.as(role).ledger()::open).isInstanceOf(LedgerSchemaException.class);
    }
  }

  @Test
  void foreignTableIsLeftAlone() throws Exception {
    server.run("CREATE SCHEMA foreigner; CREATE TABLE foreigner.signed_events (a INTEGER)");
    assertThatThrownBy(PostgresLedger.at(server.url("foreigner", "postgres"))::openWriter)
        .hasMessageContaining("table signed_events that is not Indelible's");
    server.run("DROP SCHEMA foreigner CASCADE");
  }

  @Test
  void readOnlyServerIsNamed() throws Exception {
    TestLog log = TestLog.create(server);
    String url =
        server.url(log.schema(), TestServer.WRITER)
            + "&options=-c%20default_transaction_read_only%3Don";
    PostgresLedger ledger = PostgresLedger.at(url);
    assertThatThrownBy(ledger::openWriter)
        .isInstanceOf(LedgerUnavailableException.class)
        .hasMessageContaining("read-only")
        .hasMessageContaining("targetServerType=primary");
    try (StoredLedger reader = ledger.open()) {
      assertThat(reader.size()).isZero();
    }
  }

  @Test
  void anotherLedgerIsRefused() throws Exception {
    TestLog log = TestLog.create(server);
    assertThatThrownBy(log.ledger().drainer(new UUID(1, 2))::open)
        .hasMessageContaining("in place of ledger 00000000-0000-0001-0000-000000000002");
    assertThat(log.ledger().identify()).isPresent();
    log.ledger().drainer(log.ledger().identify().orElseThrow()).open().close();
  }

  /** A ledger that is replaced while a log runs gets none of its rows. */
  @Test
  void replacedLedgerIsNoticed() throws Exception {
    TestLog log = TestLog.create(server);
    try (LedgerWriter writer = log.ledger().openWriter()) {
      log.run("UPDATE indelible_head SET ledger = gen_random_uuid()");
      assertThatThrownBy(writer::begin)
          .isInstanceOf(LedgerSchemaException.class)
          .hasMessageContaining("no longer has the row of this ledger");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TestServer.WRITER, TestServer.ERASER, TestServer.READER})
  void noRoleChangesTheChain(String role) throws Exception {
    TestLog log = TestLog.create(server);
    log.append(TestLog.refusals("agent:a", 2));
    for (String sql :
        List.of(
            "UPDATE signed_events SET payload = NULL",
            "UPDATE signed_events SET agent_id = 'x'",
            "DELETE FROM signed_events",
            "TRUNCATE signed_events",
            "DELETE FROM indelible_checkpoints",
            "UPDATE indelible_checkpoints SET note = ''",
            "DELETE FROM indelible_head",
            "DELETE FROM indelible_tiles",
            "DELETE FROM indelible_journals",
            "ALTER TABLE signed_events DISABLE TRIGGER ALL",
            "CREATE TABLE mine (a INTEGER)",
            "DROP TABLE signed_events")) {
      assertThat(stateOf(log, role, sql)).as(sql).isEqualTo(INSUFFICIENT_PRIVILEGE);
    }
    log.requireIntact();
  }

  @Test
  void onlyTheEraserErases() throws Exception {
    TestLog log = TestLog.create(server);
    log.append(TestLog.refusals("agent:a", 1));
    String erase = "SELECT indelible_erase(1, '" + log.ids().get(0) + "')";
    assertThat(stateOf(log, TestServer.WRITER, erase)).isEqualTo(INSUFFICIENT_PRIVILEGE);
    assertThat(stateOf(log, TestServer.READER, erase)).isEqualTo(INSUFFICIENT_PRIVILEGE);
    // Without a row that records it, nothing is erased.
    assertThat(stateOf(log, TestServer.ERASER, erase)).isEmpty();
    log.requireIntact();
    assertThatThrownBy(() -> erase(log, log.ids().get(0)))
        .isInstanceOf(LedgerSchemaException.class)
        .hasMessageContaining("permission denied for function indelible_erase");
    log.requireIntact();
  }

  @Test
  void erasureIsRecorded() throws Exception {
    TestLog log = TestLog.create(server);
    DeferredAuditEvent event = TestLog.refusal("agent:a", "a secret");
    log.append(List.of(event, TestLog.refusal("agent:b", "x")));
    Erasure.Erased erased = erase(log.as(TestServer.ERASER), event.id().toString());
    assertThat(erased.note().sequence()).isEqualTo(1);
    assertThat(erased.isGone()).as("the server's own log still has the payload").isFalse();
    try (StoredLedger reader = log.ledger().open()) {
      Optional<ChainRow> row = reader.row(1);
      assertThat(row.orElseThrow().payload()).isEmpty();
      assertThat(reader.lastRow().orElseThrow().eventType()).isEqualTo("payload.erased");
      assertThat(reader.isRecorded(event.id())).isTrue();
    }
    log.requireIntact();
  }

  private static Erasure.Erased erase(TestLog log, String id) throws Exception {
    try (Erasure erasure =
        new Erasure(log.ledger().openWriter(), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      return erasure.erase(id, "a request", "a person");
    }
  }

  /** Runs SQL as a role; returns the SQLSTATE of the error, empty if there is none. */
  private String stateOf(TestLog log, String role, String sql) throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:" + server.url(log.schema(), role));
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
      return "";
    } catch (SQLException e) {
      return e.getSQLState();
    }
  }
}
