// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server with the durability of production: {@code fsync} is on, which embedded
 * servers turn off. Has the roles of a ledger, and creates ledgers in schemas of their own.
 */
public final class TestServer implements AutoCloseable {
  public static final String WRITER = "indelible_writer";
  public static final String READER = "indelible_reader";
  public static final String ERASER = "indelible_eraser";

  /** A role that has no rights, and needs a password. */
  public static final String STRANGER = "stranger";

  public static final String STRANGERS_PASSWORD = "a strange secret";

  private static final AtomicInteger LEDGERS = new AtomicInteger();
  private static @Nullable TestServer shared;

  private final int port;

  /** The embedded server; null for a standby, and for a server that was started by hand. */
  private final @Nullable EmbeddedPostgres server;

  /** The data directory; null for a server that was started by hand. */
  private final @Nullable Path data;

  /**
   * The command that starts the server. As root it needs a user namespace, as for the first start.
   */
  private final List<String> command = new ArrayList<>();

  private @Nullable ProcessHandle postmaster;

  private TestServer(int port) {
    this.port = port;
    this.server = null;
    this.data = null;
  }

  private TestServer(EmbeddedPostgres server, Path data) throws IOException {
    this.port = server.getPort();
    this.server = server;
    this.data = data;
    this.postmaster = postmaster();
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("unshare", "-U"));
    }
    String line = Files.readString(Path.of("/proc", "" + postmaster.pid(), "cmdline"));
    command.addAll(List.of(line.split("\0")));
  }

  /** Creates a server whose data directory exists; {@link #restart} starts it. */
  private TestServer(int port, Path data, List<String> command) {
    this.port = port;
    this.server = null;
    this.data = data;
    this.command.addAll(command);
  }

  /** Returns the server on a copy of this one's data directory, which is not running yet. */
  TestServer onCopy(Path copy, int otherPort) {
    List<String> words =
        command.stream()
            .map(word -> word.replace(data.toString(), copy.toString()))
            .map(word -> word.equals("" + port) ? "" + otherPort : word)
            .map(word -> word.equals("port=" + port) ? "port=" + otherPort : word)
            .toList();
    return new TestServer(otherPort, copy, words);
  }

  Path data() {
    return data;
  }

  /** Returns the first process of the server, which its data directory names. */
  private ProcessHandle postmaster() throws IOException {
    String pid = Files.readAllLines(data.resolve("postmaster.pid")).get(0);
    return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
  }

  /**
   * Returns the server that all tests of this JVM share, which ends with the JVM. With {@code
   * -Dindelible.postgres.port=PORT} it is a server of another version that runs there, and trusts
   * every role.
   */
  public static synchronized TestServer shared() {
    TestServer running = shared;
    if (running == null) {
      Integer given = Integer.getInteger("indelible.postgres.port");
      running = given == null ? start() : new TestServer(given).withRoles();
      shared = running;
    }
    return running;
  }

  /** Starts a server of its own. */
  public static TestServer start() {
    try {
      return startIn(Files.createTempDirectory("indelible-postgres"), "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Starts a server of its own.
   *
   * @param data the directory of its data
   * @param network the addresses of other hosts that may connect, as in {@code pg_hba.conf}; empty
   *     if only this host may
   */
  public static TestServer startIn(Path data, String network) {
    boolean hasBinaries =
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64");
    assumeTrue(hasBinaries, "skipped: the build includes PostgreSQL for Linux on x86-64 only");
    try {
      return new TestServer(
              EmbeddedPostgres.builder()
                  .setDataDirectory(data)
                  .setServerConfig("fsync", "on")
                  .setServerConfig("full_page_writes", "on")
                  .setServerConfig("synchronous_commit", "on")
                  .setServerConfig("listen_addresses", network.isEmpty() ? "localhost" : "*")
                  .setDataDirectoryCustomizer(directory -> writeAccessRules(directory, network))
                  .start(),
              data)
          .withRoles();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TestServer withRoles() {
    try {
      requireDurable();
      for (String role : List.of(WRITER, READER, ERASER, STRANGER)) {
        if (texts("SELECT 1 FROM pg_roles WHERE rolname = '" + role + "'").isEmpty()) {
          run("CREATE ROLE " + role + " LOGIN");
        }
      }
      run("ALTER ROLE %s PASSWORD '%s'".formatted(STRANGER, STRANGERS_PASSWORD));
      return this;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void requireDurable() throws SQLException {
    for (String setting : List.of("fsync", "full_page_writes", "synchronous_commit")) {
      assertThat(text("SHOW " + setting)).as(setting).isEqualTo("on");
    }
  }

  private static void writeAccessRules(File data, String network) {
    Path file = data.toPath().resolve("pg_hba.conf");
    try {
      String rules = Files.readString(file);
      if (!rules.contains(STRANGER)) {
        String others = network.isEmpty() ? "" : "\nhost all all " + network + " trust\n";
        Files.writeString(file, "host all " + STRANGER + " all scram-sha-256\n" + rules + others);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return port;
  }

  /** Kills every process of the server with SIGKILL, as a crash of the machine does. */
  public void kill() throws Exception {
    List<ProcessHandle> processes = new ArrayList<>(postmaster.descendants().toList());
    processes.add(postmaster);
    processes.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : processes) {
      process.onExit().get(60, TimeUnit.SECONDS);
    }
  }

  /** Starts the killed server again, with its data, settings and port. */
  public void restart() throws Exception {
    new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    Awaitility.await().ignoreExceptions().untilAsserted(this::requireDurable);
    postmaster = postmaster();
  }

  /** Returns true while the first process of the server runs. */
  public boolean isRunning() {
    return postmaster.isAlive();
  }

  /** Copies the data of the killed server into a directory that does not exist. */
  public void copyData(Path to) throws Exception {
    execute("cp", "-a", data.toString(), to.toString());
  }

  /** Replaces the data of the killed server by an earlier copy. */
  public void restoreData(Path from) throws Exception {
    execute("rm", "-r", data.toString());
    execute("cp", "-a", from.toString(), data.toString());
  }

  private static void execute(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as("status of %s", List.of(command)).isZero();
  }

  /** Returns the processor time of all processes of the server, also of those that ended. */
  public Duration processorTime() throws IOException {
    // A process that ends is counted in its parent's fields.
    long ticks = ticks(postmaster);
    for (ProcessHandle process : postmaster.descendants().toList()) {
      try {
        ticks += ticks(process);
      } catch (IOException e) {
        // It ended in between.
      }
    }
    return Duration.ofMillis(10 * ticks);
  }

  /** Returns the processor time of a process and its ended children, in hundredths of a second. */
  private static long ticks(ProcessHandle process) throws IOException {
    String line = Files.readString(Path.of("/proc", "" + process.pid(), "stat"));
    // The name, in parentheses, is the second field; user and system time are fields 14 to 17.
    String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
    return Stream.of(fields).skip(11).limit(4).mapToLong(Long::parseLong).sum();
  }

  /** Creates a ledger in a schema of its own. Returns the schema. */
  public String createLedger() throws SQLException {
    String schema = "log_" + ProcessHandle.current().pid() + "_" + LEDGERS.incrementAndGet();
    run(PostgresLedger.script(schema, WRITER, READER, ERASER));
    return schema;
  }

  /** Returns the URL of a ledger, for a role. */
  public String url(String schema, String role) {
    return "postgresql://localhost:%d/postgres?user=%s&currentSchema=%s"
        .formatted(port(), role, schema);
  }

  /** Connects as the superuser, who owns every ledger. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://localhost:%d/postgres?user=postgres".formatted(port()));
  }

  public void run(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  public String text(String query) throws SQLException {
    List<String> found = texts(query);
    assertThat(found).as(query).hasSize(1);
    return found.get(0);
  }

  /** Returns the first column of every row. */
  public List<String> texts(String query) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> found = new ArrayList<>();
      while (rows.next()) {
        found.add(rows.getString(1));
      }
      return found;
    }
  }

  @Override
  public void close() throws IOException {
    postmaster.destroy();
    if (server != null) {
      server.close();
    }
  }
}
