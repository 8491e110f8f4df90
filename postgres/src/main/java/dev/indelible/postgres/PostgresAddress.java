// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import dev.indelible.ledger.LedgerException;
import dev.indelible.postgres.driver.TimedSockets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * Address of a ledger: a database and a schema in it. The user's password is never part of it; the
 * driver reads a password file, a service file or a client certificate.
 *
 * @param url the driver's URL, without the schema
 * @param schema the schema that has the ledger's tables
 * @param name the address in messages: hosts, database and schema
 */
record PostgresAddress(String url, String schema, String name) {
  private static final String SCHEME = "postgresql:";
  private static final String JDBC = "jdbc:";
  private static final String DEFAULT_SCHEMA = "indelible";

  /** Time for which a host that was a standby is not tried again: a promotion takes seconds. */
  private static final int HOST_RECHECK_SECONDS = 1;

  /** False if the driver's class loader does not see this module's classes, as in some servers. */
  private static final boolean IS_FOUND_BY_DRIVER = isFoundByDriver();

  private static final SilentServers SILENT = new SilentServers();

  private static final String FORM =
      "not the URL of a PostgreSQL ledger; expected"
          + " postgresql://HOST[:PORT]/DATABASE[?user=ROLE&currentSchema=SCHEMA&...]";

  /** Returns true if a URL has the scheme of a ledger in PostgreSQL, whether or not it is valid. */
  static boolean isOne(String text) {
    return text.startsWith(SCHEME) || text.startsWith(JDBC + SCHEME);
  }

  /**
   * Parses a URL.
   *
   * @param text {@code postgresql://host:port/database?options}, with or without {@code jdbc:}
   * @throws LedgerException if it is not such a URL, or has a password; the message has no part of
   *     the text
   */
  static PostgresAddress parse(String text) throws LedgerException {
    String plain = text.startsWith(JDBC) ? text.substring(JDBC.length()) : text;
    int query = plain.indexOf('?');
    String path = query < 0 ? plain : plain.substring(0, query);
    if (!path.startsWith(SCHEME)) {
      throw new LedgerException(FORM);
    }
    // The driver logs such a URL, in two lines of its own.
    if (path.startsWith(SCHEME + "//") && path.indexOf('/', SCHEME.length() + 2) < 0) {
      throw new LedgerException(FORM);
    }
    if (path.contains("@")) {
      throw new LedgerException(
          "the ledger's URL has a user before its host; write ?user=ROLE after the database, and"
              + " put the password into a password file (~/.pgpass, or PGPASSFILE)");
    }
    List<String> options = new ArrayList<>();
    String schema = DEFAULT_SCHEMA;
    for (String option : query < 0 ? List.<String>of() : options(plain.substring(query + 1))) {
      String name = option.substring(0, Math.max(0, option.indexOf('=')));
      if (name.toLowerCase(Locale.ROOT).endsWith("password")) {
        throw new LedgerException(
            "the ledger's URL has a password, which process lists and logs would show; put it into"
                + " a password file (~/.pgpass, or PGPASSFILE)");
      }
      if (name.equals(PGProperty.CURRENT_SCHEMA.getName())) {
        schema = option.substring(name.length() + 1);
      } else {
        options.add(option);
      }
    }
    String url = JDBC + path + (options.isEmpty() ? "" : "?" + String.join("&", options));
    Properties parsed = Driver.parseURL(url, null);
    if (parsed == null || schema.isEmpty() || schema.indexOf('%') >= 0) {
      throw new LedgerException(FORM);
    }
    return new PostgresAddress(url, schema, name(parsed, schema));
  }

  private static List<String> options(String query) {
    return query.isEmpty() ? List.of() : List.of(query.split("&"));
  }

  private static String name(Properties parsed, String schema) {
    String[] hosts = String.valueOf(PGProperty.PG_HOST.getOrDefault(parsed)).split(",");
    String[] ports = String.valueOf(PGProperty.PG_PORT.getOrDefault(parsed)).split(",");
    List<String> servers = new ArrayList<>();
    for (int i = 0; i < hosts.length; i++) {
      servers.add(hosts[i] + (i < ports.length ? ":" + ports[i] : ""));
    }
    String database = PGProperty.PG_DBNAME.getOrDefault(parsed);
    return "postgresql://%s/%s, schema %s".formatted(String.join(",", servers), database, schema);
  }

  /** Opens a connection whose statements may take long. */
  Connection connect() throws SQLException {
    return connect(Patience.FULL);
  }

  /** Opens a connection. */
  Connection connect(Patience patience) throws SQLException {
    // The driver prefers an option of the URL to a property.
    Properties properties = new Properties();
    PGProperty.APPLICATION_NAME.set(properties, "indelible");
    PGProperty.CONNECT_TIMEOUT.set(properties, seconds(patience.connect()));
    PGProperty.LOGIN_TIMEOUT.set(properties, seconds(patience.login()));
    PGProperty.SOCKET_TIMEOUT.set(properties, seconds(patience.answer()));
    // The driver remembers for ten seconds which host was the primary.
    PGProperty.HOST_RECHECK_SECONDS.set(properties, HOST_RECHECK_SECONDS);
    PGProperty.TCP_KEEP_ALIVE.set(properties, "true");
    if (IS_FOUND_BY_DRIVER) {
      PGProperty.SOCKET_FACTORY.set(properties, TimedSockets.class.getName());
      PGProperty.SOCKET_FACTORY_ARG.set(properties, "" + seconds(patience.answer()));
    }
    // Statements name the schema of each table, so that no table or function of another schema can
    // take the place of one of these.
    PGProperty.CURRENT_SCHEMA.set(properties, "pg_catalog");
    // The detail of an error can quote a whole row with its payload.
    PGProperty.LOG_SERVER_ERROR_DETAIL.set(properties, false);
    if (patience != Patience.FULL) {
      SILENT.requireAnswering(url);
    }
    long begin = System.nanoTime();
    try {
      Connection connection = new Driver().connect(url, properties);
      if (connection == null) {
        throw new SQLException(FORM);
      }
      SILENT.answered(url);
      return connection;
    } catch (SQLException e) {
      SILENT.failed(url, begin, e);
      throw e;
    }
  }

  private static boolean isFoundByDriver() {
    try {
      return Class.forName(TimedSockets.class.getName(), false, Driver.class.getClassLoader())
          == TimedSockets.class;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static int seconds(Duration time) {
    return (int) time.toSeconds();
  }

  /** Returns SQL in which {@code @name} stands for a table or a function of this ledger. */
  String sql(String text) {
    return text.replace("@", quoted(schema) + ".");
  }

  static String quoted(String identifier) {
    return "\"" + identifier.replace("\"", "\"\"") + "\"";
  }
}
