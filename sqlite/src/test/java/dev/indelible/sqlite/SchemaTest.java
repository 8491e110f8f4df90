// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.checkpoint.NoteSignature;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.SinkException;
import dev.indelible.drain.SinkUnavailableException;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that hold the log's ledger, an application's tables, a newer ledger, or no database. */
class SchemaTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.in(directory);
  }

  /** Reader and sink refuse a ledger of a newer version and do not change it. */
  @ParameterizedTest
  @ValueSource(strings = {"WAL", "DELETE"})
  void newerLedgerIsRefusedAndUnchanged(String journalMode) throws Exception {
    log.append(TestLog.refusal("agent:a", "x"));
    Sql.run(
        log.file,
        "UPDATE indelible_schema SET version = 7",
        "PRAGMA journal_mode = " + journalMode);
    TreeMap<String, String> before = files();

    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessage(
            log.file
                + ": the ledger has schema version 7, but this Indelible supports versions up to 3;"
                + " use a newer Indelible");
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "y")))
        .isInstanceOf(SinkException.class)
        .isNotInstanceOf(SinkUnavailableException.class)
        .hasMessageStartingWith(log.file + ": the ledger has schema version 7");
    assertThat(files()).isEqualTo(before);
  }

  /**
   * Events wait while the ledger has a newer version, and the status states the cause (promises D2
   * and D11).
   */
  @Test
  void eventsWaitIfTheLedgerIsNewer() throws Exception {
    log.create();
    Sql.run(log.file, "UPDATE indelible_schema SET version = 4");
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("agent:a", "x"));
    await()
        .atMost(TestLog.PATIENCE)
        .until(() -> audit.queue().metrics().health().reason().contains("use a newer Indelible"));
    assertThat(audit.queue().metrics().health().state()).isEqualTo(AuditHealth.State.FAILED);
    Sql.run(log.file, "UPDATE indelible_schema SET version = 3");
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(log.requireIntact()).hasSize(1);
  }

  /** A ledger of version 2 has a tree and checkpoints, but no table of cosignatures. */
  @Test
  void ledgerOfVersionTwoIsReadAndMigrated() throws Exception {
    log.append(TestLog.refusals("agent:a", 3));
    String note = Sql.text(log.file, "SELECT note FROM indelible_checkpoints");
    Sql.run(
        log.file, "DROP TABLE indelible_cosignatures", "UPDATE indelible_schema SET version = 2");
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThat(new String(ledger.lastCheckpoint().orElseThrow().note(), StandardCharsets.UTF_8))
          .isEqualTo(note);
      ledger.forEachCosigned(
          stored -> {
            throw new AssertionError("nothing is cosigned");
          });
    }
    assertThatThrownBy(() -> new SqliteCosignatures(log.file).keep(3, "w+00000000", "line"))
        .isInstanceOf(LedgerException.class)
        .hasMessageStartingWith(log.file + ": a cosignature cannot be stored: ");

    log.append(TestLog.refusal("agent:a", "y"));

    assertThat(log.requireIntact()).hasSize(4);
    assertThat(Sql.number(log.file, "SELECT version FROM indelible_schema")).isEqualTo(3);
    assertThat(Sql.text(log.file, "SELECT note FROM indelible_checkpoints WHERE size = 3"))
        .isEqualTo(note);
    new SqliteCosignatures(log.file).keep(3, "w+00000000", "\u2014 w AAAAAAAA");
    assertThat(Sql.number(log.file, "SELECT count(*) FROM indelible_cosignatures")).isEqualTo(1);
  }

  /**
   * Cosignatures are read as additional lines of the checkpoint's note. Its other lines do not
   * change.
   */
  @Test
  void cosignaturesAreKeptWithTheirCheckpoint() throws Exception {
    log.append(TestLog.refusals("agent:a", 3));
    log.append(TestLog.refusals("agent:a", 2));
    String note = Sql.text(log.file, "SELECT note FROM indelible_checkpoints WHERE size = 3");
    SqliteCosignatures cosignatures = new SqliteCosignatures(log.file);
    cosignatures.keep(3, "w+00000000", "\u2014 w AAAAAAAA");
    cosignatures.keep(3, "v+00000000", "\u2014 v AAAAAAAA");
    cosignatures.keep(3, "w+00000000", "\u2014 w AAAAAAAB");
    cosignatures.keep(4, "w+00000000", "\u2014 w AAAAAAAA");
    List<String> cosigned = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      ledger.forEachCosigned(
          stored -> cosigned.add(new String(stored.note(), StandardCharsets.UTF_8)));
    }
    assertThat(cosigned).containsExactly(note + "\u2014 v AAAAAAAA\n" + "\u2014 w AAAAAAAB\n");
    assertThat(Sql.text(log.file, "SELECT note FROM indelible_checkpoints WHERE size = 3"))
        .isEqualTo(note);
    assertThat(log.requireIntact()).hasSize(5);
  }

  /** A checkpoint keeps at most as many cosignatures as a note can have. */
  @Test
  void excessCosignaturesAreNotKept() throws Exception {
    log.append(TestLog.refusals("agent:a", 3));
    SqliteCosignatures cosignatures = new SqliteCosignatures(log.file);
    for (int i = 119; i >= 0; i--) {
      cosignatures.keep(3, "w%03d+00000000".formatted(i), "\u2014 w%03d AAAAAAAA".formatted(i));
    }
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      List<StoredCheckpoint> read = new ArrayList<>();
      read.add(ledger.lastCheckpoint().orElseThrow());
      ledger.forEachCosigned(read::add);
      ledger.forEachCheckpoint(3, 3, read::add);
      assertThat(read).hasSize(3);
      for (StoredCheckpoint stored : read) {
        List<NoteSignature> lines = SignedCheckpoint.parse(stored.note()).note().signatures();
        assertThat(lines).hasSize(SignedNote.MAX_SIGNATURES);
        assertThat(lines.get(0).name()).startsWith("indelible/");
        assertThat(lines.subList(1, 100))
            .extracting(NoteSignature::name)
            .isSorted()
            .startsWith("w021")
            .endsWith("w119");
      }
    }
    assertThat(log.requireIntact()).hasSize(3);
  }

  /** Storing a cosignature does not create a missing database. */
  @Test
  void cosignaturesDoNotCreateAMissingLedger() {
    assertThatThrownBy(() -> new SqliteCosignatures(log.file).keep(3, "w+00000000", "line"))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("the ledger and its checkpoints are missing");
    assertThat(directory).isEmptyDirectory();
  }

  /** An application's table that has the name of a ledger table is neither used nor changed. */
  @ParameterizedTest
  @ValueSource(strings = {"signed_events", "signed_events_dlq"})
  void foreignTableWithALedgerNameIsUnchanged(String table) throws Exception {
    Sql.run(
        log.file,
        "CREATE TABLE " + table + " (id TEXT, payload TEXT)",
        "INSERT INTO " + table + " VALUES ('theirs', 'theirs')");
    TreeMap<String, String> before = files();
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessage(log.file + ": a database without a ledger; is this the right file?");
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "x")))
        .isInstanceOf(SinkException.class)
        .isNotInstanceOf(SinkUnavailableException.class)
        .hasMessageStartingWith(log.file.toString())
        .hasMessageContaining("table " + table)
        .hasMessageContaining("not Indelible's");
    assertThat(files()).isEqualTo(before);
  }

  /** A ledger in an application's file does not change the application's tables. */
  @Test
  void ledgerLeavesAnApplicationsTablesAlone() throws Exception {
    Sql.run(
        log.file,
        "PRAGMA user_version = 42",
        "PRAGMA application_id = 4711",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT)",
        "INSERT INTO orders VALUES (1, 'tea')");
    log.append(TestLog.refusals("agent:a", 3));
    assertThat(log.requireIntact()).hasSize(3);
    assertThat(Sql.number(log.file, "PRAGMA user_version")).isEqualTo(42);
    assertThat(Sql.number(log.file, "PRAGMA application_id")).isEqualTo(4711);
    assertThat(Sql.text(log.file, "SELECT what FROM orders")).isEqualTo("tea");
    log.append(TestLog.refusals("agent:a", 3));
    assertThat(log.requireIntact()).hasSize(6);
  }

  /** SQLite can store text as UTF-16. Then the stored bytes differ from the hashed bytes. */
  @ParameterizedTest
  @ValueSource(strings = {"UTF-16le", "UTF-16be"})
  void fileInUtf16IsRefusedAndUnchanged(String encoding) throws Exception {
    Sql.run(log.file, "PRAGMA encoding = '" + encoding + "'", "CREATE TABLE orders (id INTEGER)");
    TreeMap<String, String> before = files();
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:ä", "öä")))
        .isInstanceOf(SinkException.class)
        .isNotInstanceOf(SinkUnavailableException.class)
        .hasMessageContaining(encoding)
        .hasMessageContaining("UTF-8");
    assertThat(files()).isEqualTo(before);
  }

  /** A file that is not a database is not overwritten. */
  @Test
  void fileThatIsNotADatabaseIsUnchanged() throws Exception {
    Files.writeString(log.file, "This is somebody's text. ".repeat(100));
    TreeMap<String, String> before = files();
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "x")))
        .isInstanceOf(SinkException.class)
        .hasMessageStartingWith(log.file + ": ")
        .hasMessageContaining("not an SQLite database");
    assertThat(files()).isEqualTo(before);
  }

  /** A reader creates no file. The error states that there is no ledger, and what creates one. */
  @Test
  void missingFileIsAnErrorAndIsNotCreated() {
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessageStartingWith(log.file + ": no ledger here");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void directoryIsNotALedger() throws Exception {
    Files.createDirectory(log.file);
    assertThatThrownBy(() -> SqliteLedger.open(log.file)).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "x")))
        .isInstanceOf(SinkException.class);
  }

  @Test
  void emptyFileBecomesALedger() throws Exception {
    Files.createFile(log.file);
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("a database without a ledger");
    log.append(TestLog.refusal("agent:a", "x"));
    assertThat(log.requireIntact()).hasSize(1);
  }

  /** An empty schema table states no version. */
  @Test
  void ledgerWithoutAVersionIsNotWrittenTo() throws Exception {
    log.append(TestLog.refusal("agent:a", "x"));
    Sql.run(log.file, "DELETE FROM indelible_schema");
    List<String> before = PlainChain.fingerprint(log.file);
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "y")))
        .isInstanceOf(SinkException.class);
    assertThat(PlainChain.fingerprint(log.file)).isEqualTo(before);
  }

  /** A file name may have characters with a meaning in a URL, a pragma or a shell. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "with space.db",
        "what?.db",
        "mode=memory.db",
        "a?mode=memory&cache=shared",
        "x.db?immutable=1",
        "50%.db",
        "%3F%00.db",
        "#1.db",
        "per;cent;'quote\".db",
        ":memory:",
        "back\\slash.db",
        "plus+and&.db",
        "äöü-例え-🔑.db",
      })
  void specialCharactersInAFileNameWork(String name) throws Exception {
    Path file;
    try {
      file = Files.createDirectories(directory.resolve("in " + name)).resolve(name);
    } catch (InvalidPathException e) {
      assumeTrue(false, "this platform cannot name such a file: " + e.getMessage());
      return;
    }
    TestLog named = new TestLog(file);
    List<DeferredAuditEvent> events = TestLog.refusals("agent:a", 2);
    named.append(events);
    assertThat(file).isRegularFile();
    try (var siblings = Files.list(file.getParent())) {
      assertThat(siblings).containsExactly(file);
    }
    assertThat(named.verify().rows()).isEqualTo(2);
    // SQLite itself opens a copy under a name without special characters.
    Path plain = directory.resolve("plain.db");
    Files.copy(file, plain);
    assertThat(new TestLog(plain).requireIntact()).hasSize(2);
  }

  /** A relative path names the file of the corresponding absolute path. */
  @Test
  void relativePathNamesTheSameFile() throws Exception {
    Path relative = Path.of("").toAbsolutePath().relativize(log.file);
    new TestLog(relative).append(TestLog.refusal("agent:a", "x"));
    assertThat(log.requireIntact()).hasSize(1);
    assertThat(new TestLog(relative).verify().rows()).isEqualTo(1);
  }

  /** A ledger on a read-only disk can be verified. */
  @Test
  void ledgerInAReadOnlyDirectoryVerifies() throws Exception {
    assumeTrue(
        Files.getFileStore(directory).supportsFileAttributeView("posix"), "no POSIX permissions");
    Path disk = Files.createDirectory(directory.resolve("disk"));
    TestLog there = TestLog.in(disk);
    there.append(TestLog.refusals("agent:a", 3));
    Files.setPosixFilePermissions(there.file, PosixFilePermissions.fromString("r--r--r--"));
    Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      assumeTrue(!Files.isWritable(disk), "skipped: this user (root) may write everywhere");
      assertThat(there.verify().rows()).isEqualTo(3);
      assertThat(there.verify().verdict().name()).isEqualTo("INTACT");
    } finally {
      Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  /** Verification changes no byte of the file. */
  @Test
  void verifyingChangesNothing() throws Exception {
    log.append(TestLog.refusals("agent:a", 3));
    byte[] before = Files.readAllBytes(log.file);
    log.verify();
    assertThat(Files.readAllBytes(log.file)).isEqualTo(before);
  }

  /**
   * Returns the bytes of every file in the directory, by name, without the files that SQLite keeps
   * beside a database.
   */
  private TreeMap<String, String> files() throws Exception {
    TreeMap<String, String> files = new TreeMap<>();
    try (var found = Files.list(directory)) {
      for (Path file : found.filter(f -> !f.toString().matches(".*-(wal|shm)")).toList()) {
        files.put(
            file.getFileName().toString(),
            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return files;
  }
}
