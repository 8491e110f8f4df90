// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.postgres.TestServer;
import dev.indelible.testkit.ChildJvm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs the command in this process on one data directory, and captures its output. */
final class Cli {
  /** Types of the rows that a log writes on its own. */
  private static final List<String> BESIDE = List.of("audit.tally", "policy.loaded");

  private static final JsonMapper JSON = new JsonMapper();

  /** The server on which new data directories get their ledger; null for a file in each. */
  private static @Nullable TestServer server;

  private final Path data;

  /** The schema of the ledger on the server; null for a ledger in the directory. */
  private final @Nullable String schema;

  Cli(Path data) {
    this.data = data;
    this.schema = server == null ? null : newLedger(server);
  }

  /** Sets the server on which new data directories get their ledger; null for none. */
  static void recordOn(@Nullable TestServer on) {
    server = on;
  }

  private static String newLedger(TestServer on) {
    try {
      return on.createLedger();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  Path data() {
    return data;
  }

  /** Copies a directory in the data directory to that of another host, as an operator does. */
  void copyTo(Cli other, String name) throws IOException {
    Path source = data.resolve(name);
    Path target = other.data.resolve(name);
    Files.createDirectories(target.toAbsolutePath().getParent());
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(
            file,
            target.resolve(source.relativize(file).toString()),
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  /** Runs the command with nothing on standard input. */
  Result run(String... args) {
    return runOn(new byte[0], args);
  }

  Result runOn(String input, String... args) {
    return runOn(input.getBytes(StandardCharsets.UTF_8), args);
  }

  Result runOn(byte[] input, String... args) {
    return run(false, new ByteArrayInputStream(input), withData(args));
  }

  /** Runs the command as {@link #run(String...)} does, at a terminal. */
  Result runOnTerminal(String... args) {
    return run(true, InputStream.nullInputStream(), withData(args));
  }

  static Result runWithoutData(String... args) {
    return run(false, InputStream.nullInputStream(), args);
  }

  /** Returns the rows that {@code log list} prints, without tallies and policies. */
  List<JsonNode> rows() {
    return run("log", "list", "--output", "json").jsonLines().stream()
        .filter(row -> !BESIDE.contains(row.path("event_type").asString()))
        .toList();
  }

  /**
   * Asserts that the chain is intact and has a number of rows, not counting tallies and policies.
   */
  void assertIntact(long rows) {
    Result verified = run("log", "verify", "--output", "json");
    assertThat(verified.exit()).as(verified.out() + verified.err()).isZero();
    assertThat(verified.json().path("verdict").asString()).isEqualTo("intact");
    long beside = 0;
    for (String type : BESIDE) {
      beside += run("log", "list", "--type", type, "--output", "json").jsonLines().size();
    }
    assertThat(verified.json().path("rows").asLong()).isEqualTo(rows + beside);
  }

  /** Changes the database as an attacker does. */
  void sql(String sql) throws Exception {
    if (schema != null) {
      server.run("SET search_path = " + schema + "; " + sql);
      return;
    }
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + data.resolve("indelible.db"));
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Runs a statement that may change SQLite's own table {@code sqlite_schema}. */
  void redefine(String sql) throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + data.resolve("indelible.db"));
        Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA writable_schema = ON");
      statement.execute(sql);
    }
  }

  /** Returns the JSON of a shell command. */
  static String bash(String command) {
    return "{\"kind\":\"bash\",\"command\":\"" + command + "\"}";
  }

  /** Returns the event of a refusal. */
  static DeferredAuditEvent event(int number) {
    return DeferredAuditEvent.of(
        "agent:alice", new Bash("rm " + number), new Refuse("R001", "no"), Optional.empty());
  }

  /** Returns a line of input for {@code gate}. */
  static String line(String agent, String action) {
    return "{\"agent_id\":\"" + agent + "\",\"action\":" + action + "}\n";
  }

  /** Returns the vkey of a new key with a name. */
  static String vkeyOfAnother(String name) {
    VerificationKey key = SigningKey.generate().verificationKey();
    return new VerifierKey(name, SignatureType.ED25519, key).vkey();
  }

  static JsonNode json(String text) {
    return JSON.readTree(text);
  }

  private String[] withData(String... args) {
    List<String> all = new ArrayList<>(List.of("--data", data.toString()));
    if (schema != null) {
      all.addAll(List.of("--ledger", server.url(schema, TestServer.ERASER)));
    }
    all.addAll(List.of(args));
    return all.toArray(String[]::new);
  }

  /** Starts the command in its own process; standard error is not captured. */
  ChildJvm process(String... args) throws IOException {
    return process(launcher(), args);
  }

  /** Starts the command in its own process. */
  ChildJvm process(ChildJvm.Launcher launcher, String... args) throws IOException {
    return launcher.start((Object[]) withData(args));
  }

  /** Returns the launcher of the command, for further settings. */
  static ChildJvm.Launcher launcher() {
    return ChildJvm.running(Main.class);
  }

  /** Runs the command with a clock, at a terminal or not. */
  Result run(LongSupplier nanoTime, boolean terminal, String... args) {
    return run(nanoTime, terminal, InputStream.nullInputStream(), withData(args));
  }

  private static Result run(boolean terminal, InputStream in, String... args) {
    return run(System::nanoTime, terminal, in, args);
  }

  private static Result run(LongSupplier clock, boolean terminal, InputStream in, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console =
        new Console(
            in,
            new PrintStream(out, false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            terminal,
            terminal,
            clock);
    int exit = Main.run(console, args);
    return new Result(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /**
   * The result of a run.
   *
   * @param exit its exit status
   * @param out its standard output
   * @param err its standard error
   */
  record Result(int exit, String out, String err) {
    /** Asserts success and an empty standard error. */
    Result ok() {
      assertThat(err).isEmpty();
      assertThat(exit).as(out).isZero();
      return this;
    }

    JsonNode json() {
      assertThat(out.lines()).hasSize(1);
      return Cli.json(out);
    }

    List<JsonNode> jsonLines() {
      return out.lines().map(Cli::json).toList();
    }

    /** Asserts one clear line on standard error, and returns it. */
    String complaint(int status) {
      assertThat(err.lines()).as(err).hasSize(1);
      assertThat(err)
          .startsWith("indelible: ")
          .endsWith("\n")
          .doesNotContain("\tat ", "Exception", "internal failure", "`", "tools.jackson");
      assertThat(exit).as(err).isEqualTo(status);
      return err.strip();
    }
  }
}
