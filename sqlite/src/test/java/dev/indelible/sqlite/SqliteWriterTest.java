// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerWriterContract;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.io.TempDir;

class SqliteWriterTest extends LedgerWriterContract {
  @TempDir Path directory;

  @Override
  protected LedgerFactory create() throws Exception {
    SqliteWriter.open(file()).close();
    Sql.run(
        file(),
        "CREATE TRIGGER refuse BEFORE INSERT ON signed_events WHEN NEW.agent_id = '"
            + REFUSED_AGENT
            + "' BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    return SqliteWriter.drainer(file(), null);
  }

  @Override
  protected long position(UUID journal) throws Exception {
    return SqliteLedger.settled(file(), journal);
  }

  private Path file() {
    return directory.resolve("indelible.db");
  }
}
