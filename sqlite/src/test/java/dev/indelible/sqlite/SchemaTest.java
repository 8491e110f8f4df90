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
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.queue.AuditHealth;
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

/** Whose file it is: ours, an application's, a newer version's, or nobody's. */
class SchemaTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.in(directory);
  }

  /** A ledger of a newer version is refused by reader and sink, and is not touched. */
  @ParameterizedTest
  @ValueSource(strings = {"WAL", "DELETE"})
  void aLedgerOfANewerVersionIsRefusedAndUntouched(String journalMode) throws Exception {
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
                + ": the ledger is of schema version 7 and this Indelible knows up to 3; use a"
                + " newer Indelible");
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "y")))
        .isInstanceOf(SinkException.class)
        .isNotInstanceOf(SinkUnavailableException.class)
        .hasMessageStartingWith(log.file + ": the ledger is of schema version 7");
    assertThat(files()).isEqualTo(before);
  }

  /** D2, D11: events wait in front of a newer ledger, and the state says why. */
  @Test
  void eventsWaitInFrontOfANewerLedger() throws Exception {
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

  /** A ledger of version 2, with a tree and checkpoints and no place for cosignatures. */
  @Test
  void aLedgerOfVersionTwoIsReadAndBroughtUpToDate() throws Exception {
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
        .hasMessageStartingWith(log.file + ": a cosignature cannot be kept: ");

    log.append(TestLog.refusal("agent:a", "y"));

    assertThat(log.requireIntact()).hasSize(4);
    assertThat(Sql.number(log.file, "SELECT version FROM indelible_schema")).isEqualTo(3);
    assertThat(Sql.text(log.file, "SELECT note FROM indelible_checkpoints WHERE size = 3"))
        .isEqualTo(note);
    new SqliteCosignatures(log.file).keep(3, "w+00000000", "\u2014 w AAAAAAAA");
    assertThat(Sql.number(log.file, "SELECT count(*) FROM indelible_cosignatures")).isEqualTo(1);
  }

  /**
   * Cosignatures are read as further lines of their checkpoint's note, and change nothing of it.
   */
  @Test
  void cosignaturesAreKeptBesideTheirCheckpoint() throws Exception {
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

  /** A checkpoint keeps no more cosignatures than a note can have. */
  @Test
  void cosignaturesBeyondANoteAreNotKept() throws Exception {
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

  /** A cosignature makes no database where there is none. */
  @Test
  void cosignaturesOfALedgerThatIsGoneAreNotKept() {
    assertThatThrownBy(() -> new SqliteCosignatures(log.file).keep(3, "w+00000000", "line"))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("the ledger is gone");
    assertThat(directory).isEmptyDirectory();
  }

  /** A table of our name that is not ours is neither used nor changed. */
  @ParameterizedTest
  @ValueSource(strings = {"signed_events", "signed_events_dlq"})
  void aForeignTableOfOurNameIsLeftAlone(String table) throws Exception {
    Sql.run(
        log.file,
        "CREATE TABLE " + table + " (id TEXT, payload TEXT)",
        "INSERT INTO " + table + " VALUES ('theirs', 'theirs')");
    TreeMap<String, String> before = files();
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessage(log.file + ": a database without a ledger in it; is this the right file?");
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "x")))
        .isInstanceOf(SinkException.class)
        .isNotInstanceOf(SinkUnavailableException.class)
        .hasMessageStartingWith(log.file.toString())
        .hasMessageContaining("table " + table)
        .hasMessageContaining("not Indelible's");
    assertThat(files()).isEqualTo(before);
  }

  /** A ledger in an application's own file leaves what is the application's as it is. */
  @Test
  void aLedgerInAnApplicationsFileLeavesItsThingsAlone() throws Exception {
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

  /** SQLite can keep text as UTF-16; the bytes that are hashed would then not be those stored. */
  @ParameterizedTest
  @ValueSource(strings = {"UTF-16le", "UTF-16be"})
  void anApplicationsFileInUtf16IsRefusedAndUntouched(String encoding) throws Exception {
    Sql.run(log.file, "PRAGMA encoding = '" + encoding + "'", "CREATE TABLE orders (id INTEGER)");
    TreeMap<String, String> before = files();
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:ä", "öä")))
        .isInstanceOf(SinkException.class)
        .isNotInstanceOf(SinkUnavailableException.class)
        .hasMessageContaining(encoding)
        .hasMessageContaining("UTF-8");
    assertThat(files()).isEqualTo(before);
  }

  /** What is no database is not made into one by writing to it. */
  @Test
  void aFileThatIsNoDatabaseIsNotWrittenTo() throws Exception {
    Files.writeString(log.file, "This is somebody's text. ".repeat(100));
    TreeMap<String, String> before = files();
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "x")))
        .isInstanceOf(SinkException.class)
        .hasMessageStartingWith(log.file + ": ")
        .hasMessageContaining("not an SQLite database");
    assertThat(files()).isEqualTo(before);
  }

  /** A reader makes nothing: no ledger is an error that says what to expect. */
  @Test
  void noFileIsAnErrorAndMakesNone() {
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessageStartingWith(log.file + ": no ledger here");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void aDirectoryIsNoLedger() throws Exception {
    Files.createDirectory(log.file);
    assertThatThrownBy(() -> SqliteLedger.open(log.file)).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "x")))
        .isInstanceOf(SinkException.class);
  }

  @Test
  void anEmptyFileIsNoLedgerYetAndBecomesOne() throws Exception {
    Files.createFile(log.file);
    assertThatThrownBy(() -> SqliteLedger.open(log.file))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("a database without a ledger in it");
    log.append(TestLog.refusal("agent:a", "x"));
    assertThat(log.requireIntact()).hasSize(1);
  }

  /** A schema table that says nothing is not a version. */
  @Test
  void aLedgerThatLostItsVersionIsNotReadAsFine() throws Exception {
    log.append(TestLog.refusal("agent:a", "x"));
    Sql.run(log.file, "DELETE FROM indelible_schema");
    List<String> before = PlainChain.fingerprint(log.file);
    assertThatThrownBy(() -> log.append(TestLog.refusal("agent:a", "y")))
        .isInstanceOf(SinkException.class);
    assertThat(PlainChain.fingerprint(log.file)).isEqualTo(before);
  }

  /** Names that mean something in a URL, a pragma or a shell are only names. */
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
  void aFileNameIsOnlyAName(String name) throws Exception {
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
    // SQLite itself is asked under a name without any meaning.
    Path plain = directory.resolve("plain.db");
    Files.copy(file, plain);
    assertThat(new TestLog(plain).requireIntact()).hasSize(2);
  }

  /** A relative path is as good as any. */
  @Test
  void aRelativePathIsTheSameFile() throws Exception {
    Path relative = Path.of("").toAbsolutePath().relativize(log.file);
    new TestLog(relative).append(TestLog.refusal("agent:a", "x"));
    assertThat(log.requireIntact()).hasSize(1);
    assertThat(new TestLog(relative).verify().rows()).isEqualTo(1);
  }

  /** A ledger on a disk that is read-only can be verified. */
  @Test
  void aLedgerInAReadOnlyDirectoryCanBeVerified() throws Exception {
    assumeTrue(
        Files.getFileStore(directory).supportsFileAttributeView("posix"), "no POSIX permissions");
    Path disk = Files.createDirectory(directory.resolve("disk"));
    TestLog there = TestLog.in(disk);
    there.append(TestLog.refusals("agent:a", 3));
    Files.setPosixFilePermissions(there.file, PosixFilePermissions.fromString("r--r--r--"));
    Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      assumeTrue(
          !Files.isWritable(disk), "permissions do not bind this user (root); nothing to test");
      assertThat(there.verify().rows()).isEqualTo(3);
      assertThat(there.verify().verdict().name()).isEqualTo("INTACT");
    } finally {
      Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  /** Verifying changes no byte of what it verifies. */
  @Test
  void verifyingChangesNothing() throws Exception {
    log.append(TestLog.refusals("agent:a", 3));
    byte[] before = Files.readAllBytes(log.file);
    log.verify();
    assertThat(Files.readAllBytes(log.file)).isEqualTo(before);
  }

  /** Every file here, by name, with its bytes; what SQLite keeps beside it left out. */
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
