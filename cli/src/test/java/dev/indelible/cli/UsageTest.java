// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.indelible.cli.Cli.Result;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Wrong usage, or an unusable data directory, ends with status 2 and one clear line. */
@Tag("any-jdk")
class UsageTest {
  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void recordOneRow() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "chek            | unknown verb 'chek' (did you mean 'check'?); see 'indelible --help'",
        "xyzzy           | unknown verb 'xyzzy'; see 'indelible --help'",
        "log veirfy      | unknown verb 'veirfy' (did you mean 'verify'?); see 'indelible log --help'",
        "log             | log: give one of its verbs: list, show, tail, stats, export, prove, verify, adopt, erase-payload, answer, end",
        "approvals       | approvals: give one of its verbs: list, show, approve, deny",
        "api-keys        | api-keys: give one of its verbs: create, list, rotate, revoke",
        "keys            | keys: give one of its verbs: init, list, rotate, revoke, replace, add-ml-dsa-44, export",
        "proof           | proof: give one of its verbs: verify",
        "proof verify    | Missing required parameter: 'FILE'; see 'indelible proof verify --help'",
        "proof verify x --key y | --key y: no such file, and not a vkey of the form name+hash+key either",
        "proof verify x --key a+b+c | --key: vkey: \"a+b+c\": not of the form name+id+key",
        "proof verify x  | x: no such file",
        "proof verify .  | .: cannot be read: Is a directory",
        "log prove       | Missing required parameter: 'EVENT-ID'; see 'indelible log prove --help'",
        "log prove xyzzy | xyzzy: no event of this id in the chain; 'log list' shows the events",
        "log prove x --format pdf | Invalid value for option '--format': expected one of [tlog, cose]"
            + " (case-sensitive) but was 'pdf'; see 'indelible log prove --help'",
        "dlq             | dlq: give one of its verbs: list, show, replay, purge",
        "gates           | gates: give one of its verbs: join, add, remove, list",
        "gates add x     | vkey: \"x\": not of the form name+id+key",
        "gates join a    | Missing required options: '--queue=URL', '--log-key=VKEY'; see 'indelible gates join --help'",
        "ledger-writer --queue http://x | http://x: a queue has the form kafka://HOST:PORT[,HOST:PORT]/TOPIC",
        "ledger-writer --queue kafka://a:b@h:1/t | the URL of a queue has no user or password; put them into the client's properties file",
        "witness         | witness: give one of its verbs: init, trust, serve",
        "witness init    | Missing required option: '--name=NAME'; see 'indelible witness init --help'",
        "bench           | bench: give one of its verbs: drain, submit, verify, gate",
        "help xyzzy      | Unknown subcommand 'xyzzy'; see 'indelible --help'",
        "check --agnet x | unknown option '--agnet' (did you mean '--agent'?); see 'indelible check --help'",
        "log list --bogus| unknown option '--bogus'; see 'indelible log list --help'",
        "check a b       | ACTION: \"a\" is not a kind of action; put JSON in single quotes, as one"
            + " argument; or write bash COMMAND, filesystem_write PATH, network_request URL,"
            + " process_spawn BINARY [ARG...], read SURFACE [NAMESPACE], tool_call TOOL"
            + " ARGUMENTS-JSON, or custom KIND PAYLOAD-JSON",
        "check bash rm x | ACTION: these words do not fit bash; put a value with spaces in quotes, and"
            + " write bash COMMAND, filesystem_write PATH, network_request URL, process_spawn BINARY"
            + " [ARG...], read SURFACE [NAMESPACE], tool_call TOOL ARGUMENTS-JSON, or custom KIND"
            + " PAYLOAD-JSON",
        "gate actions    | one argument too many: 'actions'; see 'indelible gate --help'",
        "check --agent   | Missing required parameter for option '--agent' (ID); see 'indelible check --help'",
        "log list --limit| Missing required parameter for option '--limit' (N); see 'indelible log list --help'",
        "log list --limit abc | Invalid value for option '--limit': 'abc' is not a whole number;"
            + " see 'indelible log list --help'",
        "log list --limit 1.5 | Invalid value for option '--limit': '1.5' is not a whole number;"
            + " see 'indelible log list --help'",
        "log list --limit -1  | --limit -1: give a number of rows, 0 or more",
        "log tail -n -1       | --lines -1: give a number of rows, 0 or more",
        "log list --output xml| Invalid value for option '--output': expected one of [text, json, csv]"
            + " (case-sensitive) but was 'xml'; see 'indelible log list --help'",
        "gate --format xml    | Invalid value for option '--format': expected one of [action, claude]"
            + " (case-sensitive) but was 'xml'; see 'indelible gate --help'",
        "log show             | Missing required parameter: 'ROW'; see 'indelible log show --help'",
        "log show 99          | log show 99: no row with this sequence or id; 'indelible log list' lists them",
        "log show xyzzy       | log show xyzzy: no row with this sequence or id; 'indelible log list' lists them",
        "dlq show 1           | dlq show 1: no dead letter with this number or event id; 'indelible dlq list' lists them",
        "log verify --since 0 | --since 0: rows are numbered from 1",
        "log verify --key no.pem | --key no.pem: no such file, and not a vkey of the form name+hash+key either",
        "log verify --key a+b+c  | --key: vkey: \"a+b+c\": not of the form name+id+key",
        "bench drain --events 5  | --events 5: give 1000 or more; fewer measure only the start",
        "bench submit --events 999 | --events 999: give 1000 or more; fewer measure only the start",
        "bench verify --events 0 | --events 0: give 1000 or more; fewer measure only the start",
        "bench gate --events -1  | --events -1: give 1000 or more; fewer measure only the start",
        "bench gate --events many | Invalid value for option '--events': 'many' is not a whole number;"
            + " see 'indelible bench gate --help'",
        "bench submit --durability none | Invalid value for option '--durability': expected one of"
            + " [memory, process, power] (case-sensitive) but was 'none'; see 'indelible bench submit --help'",
        "bench drain --events 5000000000 | Invalid value for option '--events': '5000000000' is too"
            + " large a number; see 'indelible bench drain --help'",
        "log export --format jsonl no/such/dir | no/such/dir: its directory does not exist; create it first",
        "log export no/such/dir  | no/such/dir: its parent directory does not exist; create it first",
        "log export              | Missing required parameter: 'PATH'; see 'indelible log export --help'",
        "log export --format tar x | Invalid value for option '--format': expected one of [tiles, jsonl]"
            + " (case-sensitive) but was 'tar'; see 'indelible log export --help'",
        "keys export --name a+b  | --name: a key's name must not be empty or have a space or a +",
      })
  void wrongUsageIsNamedInOneLine(String commandLine, String says) {
    Result result = cli.run(commandLine.strip().split(" "));

    assertThat(result.complaint(2)).isEqualTo("indelible: " + says);
    assertThat(result.out()).isEmpty();
    cli.assertIntact(1);
  }

  @Test
  void emptyDataDirectoryNameIsRefused() {
    assertThat(Cli.runWithoutData("--data", "", "check", Cli.bash("ls")).complaint(2))
        .isEqualTo(
            "indelible: Invalid value for option '--data': the path is empty; see 'indelible --help'");
  }

  @Test
  void impossibleDataDirectoryNameIsRefused() {
    assertThat(Cli.runWithoutData("--data", "a\0b", "status").complaint(2))
        .startsWith("indelible: Invalid value for option '--data': 'a\\x00b' cannot be a path: ");
  }

  @Test
  void exportOverwritesNoFile() throws Exception {
    Path file = Files.writeString(directory.resolve("chain.jsonl"), "mine");

    assertThat(cli.run("log", "export", "--format", "jsonl", file.toString()).complaint(2))
        .isEqualTo("indelible: " + file + ": exists already; name a new file");
    assertThat(cli.run("log", "export", file.toString()).complaint(2))
        .isEqualTo("indelible: " + file + ": is a file; name a directory");
    assertThat(file).hasContent("mine");
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "gate"})
  void unreadableStandardInputIsAUsageError(String verb) {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("Is a directory");
          }
        };
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(OutputStream.nullOutputStream());

    int exit =
        Main.run(
            new Console(broken, out, new PrintStream(err, true), false, false, System::nanoTime),
            "--data",
            cli.data().toString(),
            verb);

    assertThat(exit).isEqualTo(2);
    assertThat(err.toString())
        .hasToString("indelible: standard input cannot be read: Is a directory\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"log list", "log show 1", "log tail", "log verify", "status", "dlq list"})
  void readingCreatesNoDataDirectory(String verb) {
    Cli nowhere = new Cli(directory.resolve("nowhere"));

    assertThat(nowhere.run(verb.split(" ")).complaint(2))
        .isEqualTo(
            "indelible: "
                + nowhere.data()
                + ": no data directory here; name another with --data DIR");
    assertThat(nowhere.data()).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "gate", "keys init"})
  void fileAsDataDirectoryIsNamed(String verb) throws Exception {
    Cli file = new Cli(Files.writeString(directory.resolve("file"), "mine"));

    assertThat(file.runOn(Cli.bash("ls"), verb.split(" ")).complaint(2))
        .startsWith("indelible: " + file.data() + ": cannot be a data directory, because ")
        .endsWith(" is a file; name another directory");
    assertThat(file.data()).hasContent("mine");
  }

  @Test
  void unwritableDataDirectoryIsNamed() throws Exception {
    Files.setPosixFilePermissions(cli.data(), PosixFilePermissions.fromString("r-x------"));
    assumeFalse(Files.isWritable(cli.data()), "root writes to every directory");

    assertThat(cli.run("check", Cli.bash("ls")).complaint(2))
        .startsWith("indelible: " + cli.data() + ": cannot be written to; check its permissions");
  }

  @ParameterizedTest
  @ValueSource(strings = {"log list", "log verify", "dlq list"})
  void fileThatIsNotSqliteIsNamedAndUnchanged(String verb) throws Exception {
    Path database = cli.data().resolve("indelible.db");
    String notes = "these are my notes, and by no means a database\n".repeat(100);
    Files.writeString(database, notes);

    assertThat(cli.runOn(Cli.bash("ls"), verb.split(" ")).complaint(2))
        .isEqualTo(
            "indelible: "
                + database
                + ": not an SQLite database; is this the right data directory?");
    assertThat(database).hasContent(notes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"log list", "dlq list"})
  void truncatedDatabaseIsNamed(String verb) throws Exception {
    Path database = cli.data().resolve("indelible.db");
    try (FileChannel channel = FileChannel.open(database, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    }
    long size = Files.size(database);

    assertThat(cli.runOn(Cli.bash("ls"), verb.split(" ")).complaint(2))
        .isEqualTo(
            "indelible: "
                + database
                + ": the database file is damaged or truncated; keep it, and restore it from a copy");
    assertThat(database).hasSize(size);
  }

  @ParameterizedTest
  @ValueSource(strings = {"log list", "log verify", "status"})
  void databaseWithoutALedgerIsNamed(String verb) throws Exception {
    Files.delete(cli.data().resolve("indelible.db"));
    cli.sql("CREATE TABLE recipes (title TEXT)");

    Result result = cli.run(verb.split(" "));

    boolean lists = verb.equals("log list");
    assertThat(result.out() + result.err())
        .contains(
            lists
                ? "a database without a ledger; is this the right file?"
                : "the file has no ledger in it");
    assertThat(result.exit()).isEqualTo(lists ? 2 : 1);
  }

  @Test
  void exposedKeyStopsRecordingUntilItIsPrivate() throws Exception {
    Path key = cli.data().resolve("keys/audit.pem");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

    assertThat(cli.run("check", Cli.bash("ls")).complaint(2))
        .isEqualTo(
            "indelible: "
                + key
                + ": others can reach this key (mode rw-r--r--); run 'chmod 600 "
                + key
                + "', and replace the key if they may have read it");
    cli.assertIntact(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "gate"})
  void typoInTheRulesIsNamedWithFileAndLine(String verb) throws Exception {
    Path rules = cli.data().resolve("policy/rules.yaml");
    Files.writeString(rules, "version: 1\nrules:\n  - id: R1\n    severty: refuse\n");

    assertThat(cli.runOn(Cli.bash("ls"), verb).complaint(2))
        .isEqualTo(
            "indelible: "
                + rules
                + ", line 4, column 5: unknown key \"severty\"; did you mean \"severity\"?");
    cli.assertIntact(1);
  }

  @Test
  void helpIsNotAFailure() {
    for (List<String> asked :
        List.of(List.of("--help"), List.of("help"), List.of("log", "verify", "--help"))) {
      assertThat(Cli.runWithoutData(asked.toArray(String[]::new)).ok().out()).startsWith("Usage: ");
    }
  }

  @Test
  void helpOfEveryVerbFitsEightyColumns() {
    CommandLine command = new CommandLine(new Root(Console.system()));
    Verbs.addNamed(command);
    assertHelpFits(command);
  }

  /** Also checks that picocli does not wrap the lines of the footer, which are wrapped already. */
  private static void assertHelpFits(CommandLine verb) {
    String name = verb.getCommandSpec().qualifiedName();
    List<String> lines = verb.getUsageMessage().lines().toList();
    assertThat(lines).as(name).allMatch(line -> line.length() <= 80);
    assertThat(lines).as(name).containsAll(List.of(verb.getCommandSpec().usageMessage().footer()));
    verb.getSubcommands().values().forEach(UsageTest::assertHelpFits);
  }

  @Test
  void commandWithoutAVerbListsTheVerbs() {
    assertThat(Cli.runWithoutData().ok().out()).contains("check", "gate", "log", "status");
  }

  @Test
  void versionIsOneLine() {
    assertThat(Cli.runWithoutData("--version").ok().out()).startsWith("indelible ").hasLineCount(1);
  }
}
