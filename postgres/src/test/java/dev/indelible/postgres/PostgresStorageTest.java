// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.LedgerSink;
import dev.indelible.drain.SinkException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.pending.EventBatch;
import dev.indelible.storage.StoredLedger;
import dev.indelible.verify.VerificationReport;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Changes by a superuser with SQL are found; a ledger that only its writers change is intact. */
class PostgresStorageTest {
  private static final int ROWS = 300;

  private final TestServer server = TestServer.shared();

  @Test
  void ledgerOfTheScriptIsIntact() throws Exception {
    TestLog log = filled();
    log.requireIntact();
    assertThat(log.as(TestServer.READER).verify().verdict())
        .isEqualTo(VerificationReport.Verdict.INTACT);
    TestLog.create(server).requireIntact();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          UPDATE signed_events SET payload = replace(payload, 'n7', 'n8') WHERE sequence = 8 | payload
          UPDATE signed_events SET agent_id = 'agent:x' WHERE sequence = 8 | signature
          UPDATE signed_events SET signature = set_byte(signature, 0, 255 - get_byte(signature, 0)) WHERE sequence = 8 | signature
          DELETE FROM signed_events WHERE sequence = 8 | link
          DELETE FROM signed_events WHERE sequence > 290 | indelible_head: states row 300
          UPDATE indelible_head SET sequence = 299 | indelible_head: states row 299
          UPDATE indelible_tiles SET hashes = substr(hashes, 33) WHERE tile = 1 | or have another width
          DELETE FROM indelible_tiles WHERE level = 0 | tile
          UPDATE indelible_head SET tree_size = 299 | a size that differs from its last row
          INSERT INTO indelible_checkpoints VALUES (301, 'x') | over more than the tree has
          INSERT INTO indelible_cosignatures VALUES (7, 'w', 'x') | of a checkpoint that is missing
          ALTER TABLE signed_events DROP CONSTRAINT signed_events_id_key | lacks unique key on id
          ALTER TABLE signed_events ADD COLUMN more TEXT | differs from the script: column 12 more
          ALTER TABLE signed_events ALTER COLUMN timestamp TYPE VARCHAR(100) | lacks column 8 timestamp text
          ALTER TABLE signed_events ALTER COLUMN payload SET DEFAULT 'x' | column 11 payload text DEFAULT
          ALTER TABLE signed_events ENABLE ROW LEVEL SECURITY | hides rows by a policy
          ALTER TABLE signed_events ADD CONSTRAINT c CHECK (sequence < 999) | has constraint c
          ALTER TABLE signed_events SET UNLOGGED | is unlogged
          CREATE RULE r AS ON DELETE TO signed_events DO INSTEAD NOTHING | has rule r
          CREATE TABLE more () INHERITS (signed_events) | has rows of another table
          INSERT INTO indelible_schema VALUES (1) | indelible_schema
          """)
  void changeIsFound(String sql, String finding) throws Exception {
    TestLog log = filled();
    log.run(sql);
    assertThat(log.as("postgres").findings()).contains(finding);
  }

  @Test
  void triggerIsFound() throws Exception {
    TestLog log = filled();
    log.run(
        "CREATE FUNCTION f() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            + " CREATE TRIGGER g BEFORE INSERT ON signed_events FOR EACH ROW EXECUTE FUNCTION f()");
    assertThat(log.findings()).contains("has trigger g");
  }

  @Test
  void roleThatMayChangeRowsIsNamed() throws Exception {
    TestLog log = filled();
    log.run("GRANT UPDATE ON signed_events TO " + TestServer.READER);
    assertThat(log.verify().findings().toString())
        .contains("these roles may change or remove rows of signed_events: indelible_reader");
  }

  /** The head and the last row are read at one moment. */
  @Test
  void ledgerIsIntactWhileGatesAppend() throws Exception {
    TestLog log = TestLog.create(server);
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> gate =
        CompletableFuture.runAsync(
            () -> {
              try (LedgerSink sink = log.sink()) {
                for (int i = 0; !done.get(); i++) {
                  sink.append(EventBatch.of(List.of(TestLog.refusal("agent:a", "n" + i))));
                }
              } catch (SinkException e) {
                throw new CompletionException(e);
              }
            });
    try (StoredLedger reader = log.ledger().open()) {
      for (int i = 0; i < 100; i++) {
        assertThat(reader.storage(false).orElseThrow().faults()).isEmpty();
      }
    } finally {
      done.set(true);
    }
    gate.join();
  }

  /** A row of the largest payload is read in ranges, too. */
  @Test
  void largeRowsAreVerified() throws Exception {
    TestLog log = TestLog.create(server);
    log.append(
        List.of(
            TestLog.refusal("agent:a", "x".repeat(900_000)),
            TestLog.refusal("agent:a", "y".repeat(900_000)),
            TestLog.refusal("agent:a", "z".repeat(900_000)),
            TestLog.refusal("agent:a", "small"),
            TestLog.refusal("agent:a", "z".repeat(900_000))));
    log.requireIntact();
    try (LedgerReader reader = log.ledger().open()) {
      assertThat(reader.size()).isEqualTo(5);
    }
  }

  private TestLog filled() throws Exception {
    TestLog log = TestLog.create(server);
    log.append(TestLog.refusals("agent:a", ROWS));
    return log;
  }
}
