// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.postgres.TestServer;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a log finds its ledger, and what a wrong URL, file or server leads to. */
@Tag("any-jdk")
class LedgerUrlTest {
  private static final String PASSWORD_FILE = "org.postgresql.pgpassfile";

  @TempDir Path temp;
  private TestServer server;
  private Cli cli;

  @BeforeEach
  void start() {
    server = TestServer.shared();
    cli = new Cli(temp.resolve("data"));
  }

  private String ledger() throws Exception {
    return server.url(server.createLedger(), TestServer.WRITER);
  }

  /** Asserts that verbs which write and read refuse a URL in one line, and write nothing. */
  private String refused(String url) throws Exception {
    String message = cli.run("--ledger", url, "check", "bash", "ls").complaint(ExitCode.USAGE);
    assertThat(cli.data()).doesNotExist();
    Cli other = new Cli(Files.createDirectories(temp.resolve("empty")));
    for (List<String> verb :
        List.of(
            List.of("status"),
            List.of("log", "list"),
            List.of("log", "verify"),
            List.of("dlq", "list"),
            List.of("keys", "rotate"))) {
      List<String> words = new ArrayList<>(List.of("--ledger", url));
      words.addAll(verb);
      other.run(words.toArray(String[]::new)).complaint(ExitCode.USAGE);
    }
    assertThat(other.data()).isEmptyDirectory();
    return message;
  }

  @ParameterizedTest
  @CsvSource({
    "mysql://host/secret, no ledger can be in 'mysql:'",
    "secret, has no scheme",
    "'', has no scheme",
    "postgresql://host:port/secret, expected postgresql://",
    "postgresql://host/db?user=bob&password=secret, password file",
    "postgresql://bob:secret@host/db, password file",
    "postgresql://localhost:1/secretdb?user=x, cannot be reached",
  })
  void wrongUrlIsRefused(String url, String reason) throws Exception {
    assertThat(refused(url)).contains(reason).doesNotContain(":secret", "=secret", "/secret ");
  }

  @Test
  void missingDatabaseAndSchemaAreNamed() throws Exception {
    String url = "postgresql://localhost:%d/nowhere?user=postgres".formatted(server.port());
    assertThat(refused(url)).contains("database \"nowhere\" does not exist");
  }

  @Test
  void missingSchemaIsNamed() throws Exception {
    assertThat(refused(server.url("nowhere", "postgres")))
        .contains("schema nowhere: no ledger here; its owner creates one");
  }

  /** The file is from configuration management, or the schema is not restored yet. */
  @Test
  void recordedLedgerThatIsAbsentGetsNoJournal() throws Exception {
    Files.createDirectories(cli.data());
    Files.writeString(cli.data().resolve("ledger"), server.url("nowhere", "postgres") + "\n");
    assertThat(cli.run("check", "bash", "ls").complaint(ExitCode.USAGE))
        .contains("no ledger here; its owner creates one");
    assertThat(cli.data()).isDirectoryNotContaining("glob:**/{journal,keys,policy}");
  }

  @Test
  void openedShardKeepsItsLedger() throws Exception {
    String url = ledger();
    cli.run("--ledger", url, "check", "bash", "ls").ok();
    Cli fleet = new Cli(temp.resolve("fleet"));
    fleet.run("fleet", "init").ok();
    Cli shard = new Cli(fleet.data().resolve("shards/a"));
    cli.copyTo(shard, "keys");
    cli.copyTo(shard, "policy");
    fleet.run("fleet", "open-shard", "a", "--shard-ledger", url).ok();
    shard.run("check", "bash", "ls").ok();
    assertThat(shard.data().resolve("ledger")).hasContent(url);
    assertThat(shard.data().resolve("indelible.db")).doesNotExist();
    fleet.run("fleet", "admit").ok();
    fleet.run("log", "verify").ok();
  }

  /** The first run in the directory of a second host writes the anchor file. */
  @Test
  void logOfLogsIsAnchoredAtTheGivenLedger() throws Exception {
    String url = ledger();
    Path anchor = temp.resolve("anchor");
    cli.run("--ledger", url, "fleet", "init").ok();
    cli.run("fleet", "open-shard", "a").ok();
    Cli second = new Cli(temp.resolve("second"));
    for (String part : List.of("keys", "policy", "shards")) {
      cli.copyTo(second, part);
    }
    second.run("--ledger", url, "fleet", "admit", "--anchor", anchor.toString()).ok();
    assertThat(anchor).isNotEmptyFile();
    assertThat(second.data().resolve("ledger")).hasContent(url);
    second.run("fleet", "status").ok();
  }

  @Test
  void wrongPasswordIsNamed() throws Exception {
    Path file = Files.writeString(temp.resolve("passwords"), "*:*:*:*:a wrong secret\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    System.setProperty(PASSWORD_FILE, file.toString());
    try {
      assertThat(refused(server.url(server.createLedger(), TestServer.STRANGER)))
          .contains("password authentication failed for user \"stranger\"", "password file")
          .doesNotContain("a wrong secret");
    } finally {
      System.clearProperty(PASSWORD_FILE);
    }
  }

  @Test
  void missingGrantIsNamedBeforeAnythingIsWritten() throws Exception {
    String url = server.url(server.createLedger(), TestServer.READER);
    assertThat(cli.run("--ledger", url, "check", "bash", "ls").complaint(ExitCode.USAGE))
        .contains("role indelible_reader lacks INSERT on indelible_checkpoints")
        .contains("docs/postgres.md");
    assertThat(cli.data()).doesNotExist();
  }

  @Test
  void readOnlyServerIsRefusedBeforeAnythingIsWritten() throws Exception {
    String url = ledger() + "&options=-c%20default_transaction_read_only=on";
    assertThat(cli.run("--ledger", url, "check", "bash", "ls").complaint(ExitCode.USAGE))
        .contains("the server is a read-only standby, or the role is read-only");
    assertThat(cli.data()).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "2, use a newer Indelible",
    "0, indelible_schema states no version",
  })
  void schemaOfAnotherVersionIsRefused(int version, String reason) throws Exception {
    String schema = server.createLedger();
    server.run("UPDATE %s.indelible_schema SET version = %s".formatted(schema, version));
    assertThat(refused(server.url(schema, TestServer.WRITER))).contains(reason);
  }

  @Test
  void directoryKeepsItsLedger() throws Exception {
    String url = ledger();
    cli.run("--ledger", url, "check", "bash", "ls").ok();
    assertThat(cli.data().resolve("ledger")).hasContent(url);
    assertThat(cli.data().resolve("indelible.db")).doesNotExist();
    cli.run("check", "bash", "ls").ok();
    cli.assertIntact(2);

    // Another role of this ledger is no other ledger.
    String reader = url.replace(TestServer.WRITER, TestServer.READER);
    assertThat(cli.run("--ledger", reader, "log", "list").ok().out().lines()).hasSize(4);

    String other = ledger();
    for (String verb : List.of("status", "check")) {
      assertThat(cli.run("--ledger", other, verb, "bash", "ls").complaint(ExitCode.USAGE))
          .contains(verb.equals("check") ? "this log has its ledger at postgresql://" : "");
    }
    assertThat(cli.data().resolve("ledger")).hasContent(url);
  }

  @Test
  void ledgerInTheDirectoryIsNotReplacedByAUrl() throws Exception {
    cli.run("check", "bash", "ls").ok();
    assertThat(cli.run("--ledger", ledger(), "check", "bash", "ls").complaint(ExitCode.USAGE))
        .contains("indelible.db: this log has its ledger in this file; leave out --ledger");
    assertThat(cli.data().resolve("ledger")).doesNotExist();
    cli.assertIntact(1);
  }

  /** A ledger of another id than the one that the journal names gets no events. */
  @Test
  void ledgerOfAnotherLogIsRefused() throws Exception {
    cli.run("--ledger", ledger(), "check", "bash", "ls").ok();
    String other = server.createLedger();
    Files.writeString(cli.data().resolve("ledger"), server.url(other, TestServer.WRITER) + "\n");
    assertThat(cli.run("check", "bash", "ls").complaint(ExitCode.USAGE)).contains("ledger");
    assertThat(server.text("SELECT count(*) FROM " + other + ".signed_events")).isEqualTo("0");
    assertThat(cli.run("log", "verify").exit()).isEqualTo(ExitCode.FAILED);
  }

  @ParameterizedTest
  @CsvSource({
    "'', does not have one line",
    "'postgresql://a/b\npostgresql://a/c\n', does not have one line",
    "'mysql://a/b\n', no ledger can be in 'mysql:'",
    "(a directory), cannot be read",
  })
  void unusableFileIsNoReasonForANewLedger(String content, String reason) throws Exception {
    cli.run("--ledger", ledger(), "check", "bash", "ls").ok();
    Path file = cli.data().resolve("ledger");
    Files.delete(file);
    if (content.startsWith("(")) {
      Files.createDirectory(file);
    } else {
      Files.writeString(file, content);
    }
    for (String verb : List.of("check bash ls", "log list", "log verify", "status", "dlq list")) {
      Cli.Result result = cli.run(verb.split(" "));
      assertThat(result.exit()).as(verb).isEqualTo(ExitCode.USAGE);
      assertThat(result.err()).as(verb).contains(reason);
    }
    assertThat(cli.data().resolve("indelible.db")).doesNotExist();
  }

  @Test
  void lostFileIsNoReasonForANewLedger() throws Exception {
    cli.run("--ledger", ledger(), "check", "bash", "ls").ok();
    Files.delete(cli.data().resolve("ledger"));
    assertThat(cli.run("check", "bash", "ls").complaint(ExitCode.USAGE))
        .contains("the database is missing");
    assertThat(cli.data().resolve("indelible.db")).doesNotExist();
  }

  @Test
  void ledgerHereAndElsewhereIsRefused() throws Exception {
    cli.run("--ledger", ledger(), "check", "bash", "ls").ok();
    Files.writeString(cli.data().resolve("indelible.db"), "");
    assertThat(cli.run("check", "bash", "ls").complaint(ExitCode.USAGE))
        .contains("the file names a ledger elsewhere, but");
  }

  /** A server that accepts connections and never answers. */
  @Test
  @Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void silentServerDelaysNoDecision() throws Exception {
    cli.run("--ledger", ledger(), "check", "bash", "ls").ok();
    try (ServerSocket silent = new ServerSocket(0)) {
      String url = "postgresql://localhost:%d/postgres?user=x".formatted(silent.getLocalPort());
      Files.writeString(cli.data().resolve("ledger"), url + "\n");
      Cli.Result decided = cli.run("check", "bash", "rm -rf /");
      assertThat(decided.exit()).isEqualTo(ExitCode.REFUSED);
      assertThat(decided.err()).contains("journal");
      Cli.Result status = cli.run("status");
      assertThat(status.exit()).isEqualTo(ExitCode.FAILED);
      assertThat(status.out()).contains("unhealthy", "the server cannot be reached");
    }
  }
}
