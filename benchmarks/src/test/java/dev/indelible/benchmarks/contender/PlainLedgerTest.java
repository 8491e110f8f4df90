// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.contender;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.benchmarks.load.EventStream;
import dev.indelible.directory.DataDirectory;
import dev.indelible.queue.Durability;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The raw insert uses the same tables, indexes and page size as Indelible. */
class PlainLedgerTest {
  @TempDir Path temp;

  @Test
  void plainLedgerHasTheSchemaOfIndelible() throws Exception {
    Path data = temp.resolve("data");
    try (Indelible log =
        new IndelibleContender(Durability.PROCESS, RowSignatures.CORRETTO).start(data)) {
      log.queue().submit(new EventStream(0, 1).next());
    }
    Path plain = temp.resolve("plain.db");
    PlainLedger.create(plain, PlainLedger.Synchronous.FULL).close();

    Path product = new DataDirectory(data).database();
    String schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    assertThat(column(plain, schema)).isNotEmpty().isEqualTo(column(product, schema));
    assertThat(column(plain, "PRAGMA page_size")).isEqualTo(column(product, "PRAGMA page_size"));
  }

  private static List<String> column(Path file, String query) throws Exception {
    List<String> values = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values;
  }
}
