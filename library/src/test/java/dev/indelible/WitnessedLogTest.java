// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.indelible.action.Bash;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.NoteSignature;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.health.AuditHealth;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.queue.DrainReport;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.VerificationReport.Verdict;
import dev.indelible.witness.WitnessDirectory;
import dev.indelible.witness.WitnessServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A log with witnesses over HTTP on this machine gets cosignatures, and never waits for them. The
 * class is long because all cases share two installations.
 */
@Timeout(300)
class WitnessedLogTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path temporary;
  private final List<AutoCloseable> running = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : running) {
      each.close();
    }
  }

  /** A witness with its directory and its own port. */
  private final class RunningWitness implements AutoCloseable {
    private final WitnessDirectory directory;
    private final VerifierKey key;
    private WitnessDirectory.Open open;
    private WitnessServer server;

    RunningWitness(String name) throws Exception {
      this(name, SignatureType.COSIGNATURE);
    }

    RunningWitness(String name, SignatureType type) throws Exception {
      directory = new WitnessDirectory(temporary.resolve("witness-" + name));
      key = directory.init("witness.example/" + name, type);
      start(0);
      running.add(this);
    }

    void start(int port) throws Exception {
      open = directory.open();
      server =
          WitnessServer.start(
              open.witness(), new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    String line(String called) {
      return "witness %s %s http://127.0.0.1:%d\n"
          .formatted(called, key.vkey(), server.address().getPort());
    }

    @Override
    public void close() throws IOException {
      server.close();
      open.close();
    }
  }

  private static String origin(String name) {
    return name + ".example/audit";
  }

  /** Returns the vkey of a log, which a witness needs. */
  private VerifierKey logKey(String name) throws Exception {
    DataDirectory data = new DataDirectory(temporary.resolve(name));
    data.prepare();
    return new VerifierKey(
        origin(name), SignatureType.ED25519, data.keys().openOrCreate().verificationKey());
  }

  private Indelible openLog(String name) throws Exception {
    return Indelible.builder(temporary.resolve(name))
        .policy(new StarterRules())
        .origin(origin(name))
        .withoutTallies()
        .open();
  }

  private void witnesses(String log, String policy) throws Exception {
    Files.writeString(new DataDirectory(temporary.resolve(log)).witnesses(), policy);
  }

  private static void record(Indelible log, int events) {
    for (int i = 0; i < events; i++) {
      log.gate().check("agent:alice", new Bash("ls " + i));
    }
  }

  private StoredCheckpoint lastCheckpoint(String log) throws Exception {
    try (SqliteLedger ledger =
        SqliteLedger.open(new DataDirectory(temporary.resolve(log)).database())) {
      return ledger.lastCheckpoint().orElseThrow();
    }
  }

  private static void awaitCosigned(Indelible log) {
    await().atMost(PATIENCE).until(() -> log.rowsNotCosigned().equals(OptionalLong.of(0)));
  }

  private static void awaitTrouble(Indelible log, String says) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                log.witnessing().orElseThrow().witnesses().stream()
                    .anyMatch(each -> each.trouble().orElse("").contains(says)));
  }

  private static void awaitConcern(Indelible log, String says) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(log.metrics().health().reason()).contains(says));
    assertThat(log.metrics().health().state()).isEqualTo(AuditHealth.State.DEGRADED);
  }

  private void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file));
        if (!Files.isDirectory(target)) {
          Files.copy(file, target);
        }
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  /** A log with two signatures is cosigned by a witness of each type, and the quorum needs both. */
  @Test
  void mlDsa44WitnessCosignsALogWithTwoKeys() throws Exception {
    RunningWitness first = new RunningWitness("ed");
    RunningWitness second = new RunningWitness("pq", SignatureType.ML_DSA_44_COSIGNATURE);
    first.directory.trust(logKey("a"));
    second.directory.trust(logKey("a"));
    witnesses("a", first.line("ed") + second.line("pq") + "group both all ed pq\nquorum both\n");

    try (Indelible a =
        Indelible.builder(temporary.resolve("a"))
            .policy(new StarterRules())
            .origin(origin("a"))
            .mlDsa44()
            .open()) {
      record(a, 3);
      awaitCosigned(a);
      assertThat(a.log().verify().verdict()).isEqualTo(Verdict.INTACT);
    }
    SignedCheckpoint signed = SignedCheckpoint.parse(lastCheckpoint("a").note());
    assertThat(signed.note().signatures().subList(0, 2))
        .allMatch(line -> line.name().equals(origin("a")));
    assertThat(signed.note().verify(List.of(second.key))).hasSize(1);
  }

  /** Two installations can be witnesses of each other. */
  @Test
  void twoInstallationsWitnessEachOther() throws Exception {
    RunningWitness ofA = new RunningWitness("a");
    RunningWitness ofB = new RunningWitness("b");
    ofB.directory.trust(logKey("a"));
    ofA.directory.trust(logKey("b"));
    witnesses("a", ofB.line("b") + "quorum b\n");
    witnesses("b", ofA.line("a") + "quorum a\n");

    try (Indelible a = openLog("a");
        Indelible b = openLog("b")) {
      record(a, 300);
      record(b, 3);
      awaitCosigned(a);
      awaitCosigned(b);
      record(a, 10);
      a.queue().drainPending(Duration.ofMinutes(1));
      awaitCosigned(a);
      assertThat(a.witnessing().orElseThrow().cosigned()).hasValue(310);
      assertThat(a.metrics().health().state()).isEqualTo(AuditHealth.State.RECORDING);
    }
    requireCosigned("a", ofB.key);
    requireCosigned("b", ofA.key);
    Chain.readIntact(temporary.resolve("a"));
    // The witness serves the log's checkpoint to monitors (promise D11).
    assertThat(Files.readAllBytes(memoryOf(ofB, origin("a"))))
        .isEqualTo(lastCheckpoint("a").note());
  }

  private static Path memoryOf(RunningWitness witness, String origin) throws Exception {
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(origin.getBytes(StandardCharsets.UTF_8));
    return witness.directory.path().resolve("memory").resolve(HexFormat.of().formatHex(hash));
  }

  private void requireCosigned(String log, VerifierKey witness) throws Exception {
    SignedCheckpoint last = SignedCheckpoint.parse(lastCheckpoint(log).note());
    WitnessPolicy policy = WitnessPolicy.of(List.of(logKey(log)), List.of(witness), 1);
    Checkpoint checkpoint = policy.verify(last).checkpoint();
    assertThat(checkpoint.origin()).isEqualTo(origin(log));
  }

  /**
   * One witness works, one is down, one never answers and one sends invalid cosignatures (D1). The
   * faulty ones delay nothing.
   */
  @Test
  void faultyWitnessesDoNotDelayTheLog() throws Exception {
    RunningWitness good = new RunningWitness("good");
    good.directory.trust(logKey("a"));
    RunningWitness down = new RunningWitness("down");
    down.close();
    CountDownLatch end = new CountDownLatch(1);
    HttpServer slow = serve(end, null);
    NoteSignature wrong = new NoteSignature("witness.example/liar", liar().id(), new byte[76]);
    HttpServer liar = serve(end, wrong.line() + "\n");
    witnesses(
        "a",
        good.line("good")
            + down.line("down")
            + "witness slow %s http://127.0.0.1:%d/\n"
                .formatted(key(3, "slow").vkey(), slow.getAddress().getPort())
            + "witness liar %s http://127.0.0.1:%d/\n"
                .formatted(liar().vkey(), liar.getAddress().getPort())
            + "group any any good down slow liar\nquorum any\n");
    try {
      Indelible log = openLog("a");
      record(log, 50);
      awaitCosigned(log);
      awaitTrouble(log, "cannot be reached");
      awaitTrouble(log, "not valid under its key");
      awaitTrouble(log, "did not answer");
      record(log, 50);
      assertThat(log.queue().drainPending(Duration.ofMinutes(1))).isTrue();
      awaitCosigned(log);
      assertThat(log.metrics().health().state()).isEqualTo(AuditHealth.State.RECORDING);
      long start = System.nanoTime();
      DrainReport report = log.closeAndFlush(Duration.ofSeconds(5));
      Chain.requireReconciled(report);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(7));
    } finally {
      end.countDown();
      slow.stop(0);
      liar.stop(0);
    }
    requireCosigned("a", good.key);
    String note = new String(lastCheckpoint("a").note(), StandardCharsets.UTF_8);
    assertThat(note).doesNotContain("liar", "slow");
    Chain.readIntact(temporary.resolve("a"));
  }

  private static VerifierKey key(int seed, String name) {
    byte[] bytes = new byte[32];
    bytes[0] = (byte) seed;
    return new VerifierKey(
        "witness.example/" + name,
        SignatureType.COSIGNATURE,
        SigningKey.fromSeed(bytes).verificationKey());
  }

  private static VerifierKey liar() {
    return key(4, "liar");
  }

  /** Starts a server that answers with this body, or only after the latch is released. */
  private HttpServer serve(CountDownLatch end, String body) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 8);
    ExecutorService threads = Executors.newCachedThreadPool();
    running.add(threads::shutdownNow);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            if (body == null) {
              end.await(2, TimeUnit.MINUTES);
              return;
            }
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    server.start();
    return server;
  }

  @Test
  void missedQuorumIsReported() throws Exception {
    RunningWitness good = new RunningWitness("good");
    good.directory.trust(logKey("a"));
    RunningWitness down = new RunningWitness("down");
    down.directory.trust(logKey("a"));
    down.server.close();
    int port = down.server.address().getPort();
    witnesses("a", good.line("x") + down.line("y") + "group both all x y\nquorum both\n");
    try (Indelible log = openLog("a")) {
      // Before the first append the number is unknown, and not 0.
      assertThat(log.rowsNotCosigned()).isEmpty();
      record(log, 5);
      awaitTrouble(log, "cannot be reached");
      await().atMost(PATIENCE).until(() -> log.rowsNotCosigned().equals(OptionalLong.of(5)));
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  log.witnessing()
                      .orElseThrow()
                      .witnesses()
                      .get(0)
                      .cosigned()
                      .equals(OptionalLong.of(5)));
      assertThat(log.witnessing().orElseThrow().cosigned()).hasValue(0);
      down.open.close();
      down.start(port);
      awaitCosigned(log);
    }
  }

  /** A log without witnesses reports no number of uncosigned rows. */
  @Test
  void logWithoutWitnessesReportsNoQuorum() throws Exception {
    try (Indelible log = openLog("a")) {
      record(log, 5);
      assertThat(log.queue().drainPending(Duration.ofMinutes(1))).isTrue();
      assertThat(log.witnessing()).isEmpty();
      assertThat(log.rowsNotCosigned()).isEmpty();
    }
  }

  /** A witness that starts later is asked only for the last checkpoint. */
  @Test
  void witnessIsAskedFromTheSizeItKnows() throws Exception {
    RunningWitness witness = new RunningWitness("w");
    witness.directory.trust(logKey("a"));
    try (Indelible log = openLog("a")) {
      record(log, 600);
    }
    witnesses("a", witness.line("w") + "quorum w\n");
    try (Indelible log = openLog("a")) {
      record(log, 1);
      awaitCosigned(log);
    }
    // The log forgets the size that the witness saw.
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:sqlite:" + new DataDirectory(temporary.resolve("a")).database());
        Statement statement = connection.createStatement()) {
      statement.execute("DELETE FROM indelible_cosignatures");
    }
    try (Indelible log = openLog("a")) {
      record(log, 600);
      awaitCosigned(log);
      assertThat(log.metrics().health().state()).isEqualTo(AuditHealth.State.RECORDING);
    }
    requireCosigned("a", witness.key);
  }

  /** A witness restored from an old copy is detected, and is asked from the size in that copy. */
  @Test
  void rolledBackWitnessIsAskedFromItsSize() throws Exception {
    RunningWitness witness = new RunningWitness("w");
    witness.directory.trust(logKey("a"));
    witnesses("a", witness.line("w") + "quorum w\n");
    Path backup = temporary.resolve("backup");
    Path memory = witness.directory.path().resolve("memory");
    try (Indelible log = openLog("a")) {
      record(log, 10);
      awaitCosigned(log);
      copy(memory, Files.createDirectory(backup));
      record(log, 10);
      log.queue().drainPending(Duration.ofMinutes(1));
      awaitCosigned(log);
      int port = witness.server.address().getPort();
      witness.close();
      delete(memory);
      Files.createDirectory(memory);
      copy(backup, memory);
      witness.start(port);
      record(log, 10);
      log.queue().drainPending(Duration.ofMinutes(1));
      awaitCosigned(log);
      assertThat(log.metrics().health().state()).isEqualTo(AuditHealth.State.RECORDING);
    }
    requireCosigned("a", witness.key);
  }

  /**
   * The owner restores an old copy of the whole log, which then grows differently under its key.
   */
  @Test
  void witnessReportsARolledBackLog() throws Exception {
    RunningWitness witness = new RunningWitness("w");
    witness.directory.trust(logKey("a"));
    witnesses("a", witness.line("w") + "quorum w\n");
    try (Indelible log = openLog("a")) {
      record(log, 10);
      awaitCosigned(log);
    }
    Path backup = temporary.resolve("backup");
    copy(temporary.resolve("a"), Files.createDirectory(backup));
    try (Indelible log = openLog("a")) {
      record(log, 10);
      log.queue().drainPending(Duration.ofMinutes(1));
      awaitCosigned(log);
    }
    delete(temporary.resolve("a"));
    Files.createDirectory(temporary.resolve("a"));
    copy(backup, temporary.resolve("a"));

    // The log is shorter than the witness's checkpoint.
    try (Indelible log = openLog("a")) {
      record(log, 1);
      awaitConcern(log, "the log was rolled back, or the witness is wrong: it saw 20 rows");
      assertThat(log.queue().drainPending(Duration.ofMinutes(1))).isTrue();
      assertThat(log.rowsNotCosigned().orElseThrow()).isPositive();
    }
    // The log is longer than the witness's checkpoint.
    try (Indelible log = openLog("a")) {
      record(log, 30);
      awaitTrouble(log, "the log was forked, or the witness is wrong");
      awaitConcern(log, "witness w contradicts the log");
      assertThat(log.queue().drainPending(Duration.ofMinutes(1))).isTrue();
    }
    assertThatThrownBy(() -> requireCosigned("a", witness.key)).hasMessageContaining("quorum");
  }

  @Test
  void malformedPolicyIsRefused() throws Exception {
    logKey("a");
    witnesses("a", "quorum nobody\n");
    assertThatThrownBy(() -> openLog("a"))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("witnesses: policy, line 1");
    witnesses("a", "witness w " + liar().vkey() + " ftp://x/\nquorum w\n");
    assertThatThrownBy(() -> openLog("a"))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("witness w: its URL is not of the form http");
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      many.append("witness w%d %s http://w%d/\n".formatted(i, key(100 + i, "w" + i).vkey(), i));
    }
    witnesses("a", many + "quorum w0\n");
    assertThatThrownBy(() -> openLog("a"))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("witnesses: 100 witnesses have a URL; a checkpoint can have the")
        .hasMessageContaining("cosignatures of 99 at most");
  }
}
