// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.ledger.LedgerException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages about a server that no connection reaches, and about malformed URLs. */
class PostgresFaultTest {
  @Test
  void unknownHostIsNamed() {
    SQLException error =
        new SQLException(
            "The connection attempt failed.", "08001", new UnknownHostException("db.example"));

    assertThat(PostgresFault.describe(error))
        .isEqualTo(
            "the server cannot be reached: the host name db.example is not known (SQLSTATE 08001)");
  }

  @Test
  void refusedConnectionNamesTheRemedy() {
    SQLException error =
        new SQLException(
            "Connection to db:1 refused. Check that the hostname and port are correct and that the"
                + " postmaster is accepting TCP/IP connections.",
            "08001");

    assertThat(PostgresFault.describe(error))
        .isEqualTo(
            "the server cannot be reached: Connection to db:1 refused; check the URL, and start"
                + " the server (SQLSTATE 08001)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgresql://db", "postgresql://db:5432", "postgresql://db?user=x"})
  void urlWithoutDatabaseIsRefused(String url) {
    assertThatThrownBy(() -> PostgresAddress.parse(url))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("expected postgresql://HOST[:PORT]/DATABASE");
  }
}
