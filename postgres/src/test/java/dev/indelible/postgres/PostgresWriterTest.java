// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerWriter.Remains;
import dev.indelible.storage.LedgerWriterContract;
import dev.indelible.storage.StoredLedger;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

class PostgresWriterTest extends LedgerWriterContract {
  private @Nullable PostgresLedger ledger;

  @Override
  protected LedgerFactory create() throws Exception {
    TestServer server = TestServer.shared();
    String schema = server.createLedger();
    server.run(
        """
        CREATE FUNCTION %1$s.refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'not this one'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON %1$s.signed_events FOR EACH ROW
        WHEN (NEW.agent_id = '%2$s') EXECUTE FUNCTION %1$s.refuse()"""
            .formatted(schema, REFUSED_AGENT));
    ledger = PostgresLedger.at(server.url(schema, TestServer.ERASER));
    return ledger.drainer(null);
  }

  @Override
  protected long position(UUID journal) throws Exception {
    try (StoredLedger reader = ledger.open()) {
      return reader.settled(journal);
    }
  }

  @Override
  protected Remains remains() {
    return Remains.LEFT;
  }
}
