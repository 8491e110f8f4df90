// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyDirectory.KeyRecord;
import dev.indelible.crypto.KeyDirectory.Loss;
import dev.indelible.crypto.KeyDirectory.Replacement;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.DirectoryException;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.policy.Policy;
import dev.indelible.policy.RulePolicy;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * On an existing log, a missing key or missing rules are an error with advice (promise D11). The
 * class is long because it has a case for each loss.
 */
class LostKeyTest {
  private static final String ADVICE = "'indelible keys replace --lost --reason TEXT'";

  @TempDir Path temp;
  private DataDirectory data;
  private Path keys;
  private VerificationKey first;

  @BeforeEach
  void createLog() throws Exception {
    data = new DataDirectory(temp.resolve("data"));
    keys = data.path().resolve("keys");
    record();
    first = data.keys().read().verificationKey();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"missing", "empty", "public", "garbage", "other", "dangling", "link", "directory"})
  void openWritesNothingWithoutTheKey(String how) throws Exception {
    breakKeys(how);
    Map<String, String> before = files();

    assertThatExceptionOfType(OpenException.class)
        .isThrownBy(() -> Indelible.open(data.path()))
        .withMessageContaining(ADVICE)
        .withMessageContaining("the ledger has rows")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThatThrownBy(data::rotateKey)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining(ADVICE);
    assertThatThrownBy(data::signingKeys).isInstanceOf(KeyException.class);
    assertThatThrownBy(data::prepareKey).isInstanceOf(KeyException.class);

    assertThat(files()).isEqualTo(before);
  }

  /** After the key is restored, the chain has no note of tampering, and no event is missing. */
  @Test
  void restoredKeyContinuesTheLog() throws Exception {
    Files.move(keys, temp.resolve("away"));
    assertThatThrownBy(this::record).isInstanceOf(OpenException.class);
    Files.move(temp.resolve("away"), keys);
    record();
    assertThat(types()).doesNotContain(SystemEvent.TAMPER);
    assertThat(verify(VerificationOptions.of(data.keys().accepted())).verdict())
        .isEqualTo(Verdict.INTACT);
  }

  /** After a rotation, the last row may be signed by a key whose public key file is missing. */
  @Test
  void lostEarlierPublicKeyReportsNoTampering() throws Exception {
    data.rotateKey();
    Files.delete(keys.resolve(first.keyId() + ".pub.pem"));
    record();
    assertThat(types()).doesNotContain(SystemEvent.TAMPER);
    assertThat(verify(VerificationOptions.rootedIn(ring(first))).verdict())
        .isEqualTo(Verdict.INTACT);
  }

  @Test
  void unreadableLedgerGetsNoNewKey() throws Exception {
    delete(keys);
    Files.writeString(data.database(), "this is not a database\n".repeat(50));
    assertThatThrownBy(this::record)
        .hasMessageContaining("the ledger cannot be read, so it may have rows");
    assertThat(keys).doesNotExist();
  }

  /**
   * A log is opened with a wrong key while its ledger is unreadable (D11). The ledger becomes
   * readable later.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void wrongKeySignsNothingOnceLedgerIsReadable(boolean isExternal) throws Exception {
    SigningKey own = data.keys().read();
    SigningKey wrong = SigningKey.generate();
    Path key = keys.resolve("audit.pem");
    if (isExternal) {
      Files.delete(key);
    } else {
      Files.writeString(key, wrong.toPem());
    }
    Path away = Files.move(data.database(), temp.resolve("away"));
    Files.writeString(data.database(), "this is not a database\n".repeat(50));
    IndelibleBuilder builder = Indelible.builder(data.path());
    Indelible log = isExternal ? builder.signer(wrong).open() : builder.open();
    assertThat(log.gate().check("agent:a", new Bash("ls")).isPermitted()).isTrue();
    int rows;
    try (LedgerReader ledger = SqliteLedger.open(away)) {
      rows = (int) ledger.size();
    }

    Files.move(away, data.database(), StandardCopyOption.ATOMIC_MOVE);

    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () ->
                assertThat(log.health().entries())
                    .anyMatch(
                        entry ->
                            entry.source().equals(HealthEntry.RECORDING)
                                && entry.reason().contains("is not a key of this log")
                                && entry.reason().contains(ADVICE)));
    if (!isExternal) {
      assertThat(log.health().entries()).anyMatch(entry -> entry.source().equals(HealthEntry.KEYS));
    }
    assertThat(log.closeAndFlush(Duration.ofMillis(1)).isComplete()).isFalse();
    assertThat(types()).hasSize(rows);

    Files.deleteIfExists(keys.resolve("elsewhere"));
    Files.writeString(key, own.toPem());
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    record();
    assertThat(types()).doesNotContain(SystemEvent.TAMPER);
    try (LedgerReader ledger = SqliteLedger.open(data.database())) {
      assertThat(ledger.size()).isGreaterThanOrEqualTo(rows + 2);
    }
    assertThat(verify(VerificationOptions.of(ring(first))).verdict()).isEqualTo(Verdict.INTACT);
  }

  /** The log's own key signs as soon as the ledger can be read. */
  @Test
  void ownKeySignsOnceLedgerIsReadable() throws Exception {
    Path away = Files.move(data.database(), temp.resolve("away"));
    Files.writeString(data.database(), "this is not a database\n".repeat(50));
    Indelible log = Indelible.open(data.path());
    log.gate().check("agent:a", new Bash("ls"));
    Files.move(away, data.database(), StandardCopyOption.ATOMIC_MOVE);

    close(log);
    assertThat(verify(VerificationOptions.of(ring(first))).verdict()).isEqualTo(Verdict.INTACT);
  }

  /** Without the database, only the file last-checkpoint shows that a log was here. */
  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true", "true, true"})
  void missingLedgerIsNotReplacedByANewOne(boolean hasKey, boolean hasJournal) throws Exception {
    if (!hasKey) {
      delete(keys);
    }
    if (!hasJournal) {
      delete(data.journal());
    }
    for (String file : List.of("indelible.db", "indelible.db-wal", "indelible.db-shm")) {
      Files.deleteIfExists(data.path().resolve(file));
    }
    byte[] last = Files.readAllBytes(data.lastCheckpoint());

    assertThatThrownBy(this::record)
        .isInstanceOf(OpenException.class)
        .hasMessageStartingWith(data.database() + ": the database is missing")
        .hasMessageContaining("restore the database from a backup")
        .hasMessageContaining("move that file, journal/ and keys/ away")
        .hasMessageContaining("needs its own key, anchor file and origin");
    assertThatThrownBy(data::prepareKey).isInstanceOf(DirectoryException.class);
    assertThat(Files.exists(keys)).isEqualTo(hasKey);
    assertThat(Files.exists(data.journal())).isEqualTo(hasJournal);
    assertThat(data.database()).doesNotExist();
    assertThat(data.lastCheckpoint()).hasBinaryContent(last);
  }

  @Test
  void newLogStartsOnceLastCheckpointIsMovedAway() throws Exception {
    delete(data.journal());
    for (String file : List.of("indelible.db", "indelible.db-wal", "indelible.db-shm")) {
      Files.deleteIfExists(data.path().resolve(file));
    }
    Files.move(data.lastCheckpoint(), temp.resolve("kept"));

    record();
    assertThat(verify(VerificationOptions.of(ring(first))).verdict()).isEqualTo(Verdict.INTACT);
    assertThat(data.lastCheckpoint()).exists();
  }

  /**
   * A start that is killed before the first row may leave a key. The next start works with and
   * without it.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void startAfterAKillBeforeTheFirstRowWorks(boolean keyMade) throws Exception {
    DataDirectory fresh = new DataDirectory(temp.resolve("fresh"));
    fresh.prepareKey();
    if (!keyMade) {
      delete(fresh.path().resolve("keys"));
    }
    Indelible log = Indelible.open(fresh.path());
    assertThat(log.gate().check("agent:a", new Bash("ls")).isPermitted()).isTrue();
    close(log);
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "empty", "dangling"})
  void missingRulesAreNotReplacedByStarterRules(String how) throws Exception {
    delete(data.policy());
    if (how.equals("empty")) {
      Files.createDirectory(data.policy());
    } else if (how.equals("dangling")) {
      Files.createSymbolicLink(data.policy(), temp.resolve("nowhere"));
    }
    Map<String, String> before = files();
    assertThatThrownBy(this::record)
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("policy");
    assertThat(files()).isEqualTo(before);
    // A given policy decides, and no rules are created in the directory.
    Policy own = RulePolicy.parse("version: 1\nrules: []\n", "own");
    close(Indelible.open(data.path(), own));
    assertThat(Files.exists(data.policy().resolve("rules.yaml"))).isFalse();
  }

  /** The report names the replacement as a key that no earlier key signed. */
  @Test
  void replacementIsNamedAndNotTrusted() throws Exception {
    Path half = keys.resolve(first.keyId() + ".pub.pem");
    String pem = Files.readString(half);
    delete(keys);
    Replacement replacement = data.replaceLostKey("the disk burned");
    Files.writeString(half, pem);
    record();
    assertThat(types()).contains(SystemEvent.KEY_REPLACED).doesNotContain(SystemEvent.TAMPER);

    VerificationReport inDirectory = verify(VerificationOptions.of(data.keys().accepted()));
    assertThat(inDirectory.verdict()).as(inDirectory::toString).isEqualTo(Verdict.INTACT);
    assertThat(messages(inDirectory, "keys"))
        .anyMatch(
            message ->
                message.contains("no key introduced key " + replacement.to().keyId())
                    && message.contains("states that key " + first.keyId() + " is lost")
                    && message.contains("the disk burned"));
    VerificationReport pinned = verify(VerificationOptions.rootedIn(ring(first)));
    assertThat(pinned.verdict()).as(pinned::toString).isEqualTo(Verdict.UNKNOWN);
    assertThat(messages(pinned, "keys")).anyMatch(message -> message.contains("no key introduced"));
    KeyRing both = ring(first).and(ring(replacement.to()));
    assertThat(verify(VerificationOptions.rootedIn(both)).verdict()).isEqualTo(Verdict.INTACT);
  }

  /** Without the old public key, the log still records and signs checkpoints. */
  @Test
  void replacementWorksWithoutTheOldPublicKey() throws Exception {
    delete(keys);
    VerificationKey second = data.replaceLostKey("gone").to();
    record();
    assertThat(types()).doesNotContain(SystemEvent.TAMPER);
    try (LedgerReader ledger = SqliteLedger.open(data.database())) {
      assertThat(ledger.lastCheckpoint().orElseThrow().size()).isEqualTo(ledger.size());
      assertThat(ledger.lastRow().orElseThrow().keyId()).contains(second.keyId());
    }
    assertThat(verify(VerificationOptions.of(data.keys().accepted())).verdict())
        .isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void existingKeyIsNotReplaced() throws Exception {
    assertThatThrownBy(() -> data.replaceLostKey("no reason"))
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("is not lost; change it with 'indelible keys rotate'");
    assertThat(types()).doesNotContain(SystemEvent.KEY_REPLACED);
  }

  /** The second replacement finds the key of the first one and keeps it. */
  @RepeatedTest(5)
  void concurrentReplacementsReplaceOnce() throws Exception {
    Files.delete(keys.resolve("audit.pem"));
    CyclicBarrier both = new CyclicBarrier(2);
    Callable<Optional<Replacement>> replace =
        () -> {
          both.await();
          try {
            return Optional.of(data.replaceLostKey("lost"));
          } catch (KeyException e) {
            return Optional.empty();
          }
        };
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Replacement> done = new ArrayList<>();
      for (Future<Optional<Replacement>> one : threads.invokeAll(List.of(replace, replace))) {
        one.get().ifPresent(done::add);
      }
      assertThat(done).hasSize(1);
      assertThat(data.keys().read().verificationKey()).isEqualTo(done.get(0).to());
    } finally {
      threads.shutdown();
    }
    assertThat(types()).filteredOn(SystemEvent.KEY_REPLACED::equals).hasSize(1);
    assertThat(files().keySet()).noneMatch(name -> name.contains(".unusable-"));
  }

  @Test
  void lossIsConfirmedUnderTheRotationLock() {
    Loss<LedgerException> loss =
        () -> {
          assertThatThrownBy(data::rotateKey).hasMessageContaining("is already being rotated");
          throw new KeyException("not lost");
        };
    assertThatThrownBy(() -> data.keys().replace(loss)).hasMessage("not lost");
  }

  /** The unusable file of the old key is kept. */
  @ParameterizedTest
  @ValueSource(strings = {"garbage", "other", "dangling"})
  void replacementKeepsTheUnusableFile(String how) throws Exception {
    breakKeys(how);
    data.replaceLostKey("broken");
    record();
    try (Stream<Path> files = Files.list(keys)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .anyMatch(name -> name.startsWith("audit.pem.unusable-"));
    }
  }

  /** The process is killed before or after the replacement is recorded. */
  @ParameterizedTest
  @ValueSource(strings = {"before", "after"})
  void killedReplacementIsCompletedByTheNext(String when) throws Exception {
    Files.delete(keys.resolve("audit.pem"));
    ChildJvm child =
        ChildJvm.running(Killed.class)
            .with("-Xmx64m")
            .errorsTo(temp.resolve("errors"))
            .start(data.path(), when);
    assertThat(child.readLineOrEnd()).isNull();
    assertThatThrownBy(this::record).isInstanceOf(OpenException.class).hasMessageContaining(ADVICE);

    Replacement replacement = data.replaceLostKey("killed");
    assertThat(replacement.resumed()).isEqualTo(when.equals("after"));
    record();
    assertThat(types()).filteredOn(SystemEvent.KEY_REPLACED::equals).hasSize(1);
    assertThat(data.keys().read().verificationKey()).isEqualTo(replacement.to());
    assertThat(verify(VerificationOptions.of(data.keys().accepted())).verdict())
        .isEqualTo(Verdict.INTACT);
  }

  /**
   * A rotation was interrupted after it was recorded. Its new key is still on disk, so no
   * replacement is needed.
   */
  @Test
  void replacementCompletesAnInterruptedRotation() throws Exception {
    VerificationKey second = data.rotateKey().to();
    Files.move(keys.resolve("audit.pem"), keys.resolve("next.pem"));
    assertThat(data.replaceLostKey("lost")).isEqualTo(new Replacement(second, true));
    assertThat(types()).doesNotContain(SystemEvent.KEY_REPLACED);
  }

  /**
   * The key of an external signer must also belong to the log, even if the log has no key files.
   */
  @Test
  void foreignSignerIsRefusedWithoutKeyFiles() throws Exception {
    SigningKey signer = data.keys().read();
    delete(keys);
    assertThatThrownBy(() -> Indelible.builder(data.path()).signer(SigningKey.generate()).open())
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("is not a key of this log");
    assertThat(keys).doesNotExist();
    close(Indelible.builder(data.path()).signer(signer).open());
  }

  private void breakKeys(String how) throws Exception {
    Path key = keys.resolve("audit.pem");
    switch (how) {
      case "missing" -> delete(keys);
      case "empty" -> {
        delete(keys);
        Files.createDirectory(
            keys,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      case "public" -> Files.delete(key);
      case "garbage" -> Files.writeString(key, "hunter2");
      case "other" -> Files.writeString(key, SigningKey.generate().toPem());
      case "dangling" -> {
        Files.delete(key);
        Files.createSymbolicLink(key, temp.resolve("nowhere"));
      }
      case "link" -> {
        delete(keys);
        Files.createSymbolicLink(keys, temp.resolve("nowhere"));
      }
      default -> {
        Files.delete(key);
        Files.createDirectory(key);
      }
    }
  }

  private void record() throws Exception {
    Indelible log = Indelible.open(data.path());
    log.gate().check("agent:a", new Bash("ls"));
    close(log);
  }

  private static void close(Indelible log) {
    assertThat(log.closeAndFlush(Duration.ofMinutes(2)).isComplete()).isTrue();
  }

  private VerificationReport verify(VerificationOptions options) throws LedgerException {
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      return new Verifier(ledger, options).verify();
    }
  }

  private static List<String> messages(VerificationReport report, String check) {
    return report.findings().stream()
        .filter(finding -> finding.check().equals(check))
        .map(Finding::message)
        .toList();
  }

  private List<String> types() throws LedgerException {
    List<String> types = new ArrayList<>();
    try (LedgerReader ledger = SqliteLedger.open(data.database())) {
      ledger.forEachRow(RowQuery.all(), row -> types.add(row.eventType()));
    }
    return types;
  }

  private static KeyRing ring(VerificationKey key) {
    return KeyRing.of(List.of(key));
  }

  /** Returns every file with its content, except the files that SQLite keeps for readers. */
  private Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(data.path())) {
      for (Path file : all.toList()) {
        String name = data.path().relativize(file).toString();
        if (!name.endsWith("-shm") && !name.endsWith("-wal")) {
          files.put(
              name,
              Files.isRegularFile(file)
                  ? HexFormat.of().formatHex(Files.readAllBytes(file))
                  : "not a file");
        }
      }
    }
    return files;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** A child process that exits in the middle of a replacement. */
  static final class Killed {
    private Killed() {}

    public static void main(String[] args) throws Exception {
      DataDirectory data = new DataDirectory(Path.of(args[0]));
      data.keys()
          .replace(
              () ->
                  new KeyRecord<LedgerException>() {
                    @Override
                    public boolean contains(VerificationKey key) {
                      return false;
                    }

                    @Override
                    public void add(SigningKey signer, Signer next) throws LedgerException {
                      if (args[1].equals("after")) {
                        try (KeyEvents events =
                            KeyEvents.ofLostKey(
                                SqliteWriter.open(data.database()),
                                CheckpointFile.at(data.lastCheckpoint()),
                                data.keys().accepted())) {
                          events.replace(next, Optional.empty(), "killed");
                        } catch (KeyException e) {
                          throw new IllegalStateException(e);
                        }
                      }
                      Runtime.getRuntime().halt(9);
                    }
                  });
    }
  }
}
