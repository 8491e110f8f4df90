// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SignatureKey;
import dev.indelible.merkle.Hash;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The answers of a witness (C2SP tlog-witness v1.0.0), and the checkpoints that it must never
 * cosign.
 */
class WitnessTest {
  private static final String ORIGIN = "log.example/audit";

  @TempDir Path temporary;
  private WitnessDirectory directory;
  private WitnessDirectory.Open open;
  private final TestedLog log = new TestedLog(ORIGIN, 1).grow("a", 70);

  @BeforeEach
  void start() throws Exception {
    directory = new WitnessDirectory(temporary.resolve("witness"));
    directory.init("witness.example/w1", SignatureType.COSIGNATURE);
    directory.trust(log.key());
    open = directory.open();
  }

  @AfterEach
  void stop() throws Exception {
    open.close();
  }

  private WitnessAnswer ask(String request) {
    return open.witness().addCheckpoint(request.getBytes(StandardCharsets.UTF_8));
  }

  private static String body(WitnessAnswer answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  private void requireConflict(String request, long size) {
    WitnessAnswer answer = ask(request);
    assertThat(answer.status()).as(body(answer)).isEqualTo(409);
    assertThat(answer.contentType()).isEqualTo("text/x.tlog.size");
    assertThat(body(answer)).isEqualTo(size + "\n");
  }

  private void requireRefused(String request, int status) {
    WitnessAnswer answer = ask(request);
    assertThat(answer.status()).as(body(answer)).isEqualTo(status);
    assertThat(body(answer)).doesNotContain("— witness.example");
  }

  private void requireCosigned(String request) throws Exception {
    WitnessAnswer answer = ask(request);
    assertThat(answer.status()).as(body(answer)).isEqualTo(200);
    requireCosignature(request.substring(request.indexOf("\n\n") + 2), body(answer));
  }

  /** Verifies the bytes of a cosignature as tlog-cosignature v1 defines them. */
  private void requireCosignature(String checkpoint, String lines) throws Exception {
    SignatureKey key = directory.key().key();
    assertThat(lines).startsWith("— witness.example/w1 ").endsWith("\n");
    byte[] bytes = Base64.getDecoder().decode(lines.strip().split(" ")[2]);
    assertThat(bytes).hasSize(76);
    byte[] id = ByteBuffer.allocate(4).putInt(directory.key().id()).array();
    assertThat(Arrays.copyOf(bytes, 4)).isEqualTo(id);
    long time = ByteBuffer.wrap(bytes, 4, 8).getLong();
    assertThat(time).isBetween(1_600_000_000L, 10_000_000_000L);
    String text = checkpoint.substring(0, checkpoint.lastIndexOf("\n\n") + 1);
    String message = "cosignature/v1\ntime " + time + "\n" + text;
    assertThat(
            key.verifies(
                message.getBytes(StandardCharsets.UTF_8), Arrays.copyOfRange(bytes, 12, 76)))
        .isTrue();
  }

  @Test
  void growingLogIsCosigned() throws Exception {
    requireCosigned(log.request(0));
    log.grow("a", 1);
    requireCosigned(log.request(70));
    log.grow("a", 300);
    requireCosigned(log.request(71));
  }

  @Test
  void repeatedCheckpointIsCosigned() throws Exception {
    requireCosigned(log.request(0));
    requireCosigned(log.request(70));
  }

  @Test
  void wrongOldSizeIsAnsweredWithTheLastSize() throws Exception {
    requireConflict(log.request(5), 0);
    requireCosigned(log.request(0));
    requireConflict(log.request(0), 70);
    log.grow("a", 10);
    requireConflict(log.request(69), 70);
    requireCosigned(log.request(70));
  }

  /** The fork grew from a rolled-back copy of the log, under the log's key. */
  @Test
  void forkIsNotCosigned() throws Exception {
    requireCosigned(log.request(0));
    TestedLog fork = log.rolledBack(50).grow("b", 20);
    requireConflict(fork.request(50), 70);
    requireConflict(fork.request(0), 70);
    // tlog-witness v1.0.0 answers 409 here; later versions answer 422.
    requireConflict(fork.request(70), 70);
    fork.grow("b", 30);
    requireRefused(fork.request(70), 422);
    requireRefused(
        TestedLog.request(70, log.grow("a", 30).proof(70, 100), fork.checkpoint(100)), 422);
    requireCosigned(log.request(70));
  }

  @Test
  void rolledBackLogIsNotCosigned() throws Exception {
    requireCosigned(log.request(0));
    TestedLog before = log.rolledBack(50);
    requireConflict(before.request(50), 70);
    requireRefused(TestedLog.request(70, List.of(), before.checkpoint(50)), 400);
  }

  @Test
  void everyWrongProofIsRefused() throws Exception {
    requireCosigned(log.request(0));
    log.grow("a", 30);
    List<Hash> right = log.proof(70, 100);
    for (int i = 0; i < right.size(); i++) {
      List<Hash> wrong = new ArrayList<>(right);
      byte[] bytes = wrong.get(i).bytes();
      bytes[i % 32] ^= 1;
      wrong.set(i, Hash.of(bytes));
      requireRefused(TestedLog.request(70, wrong, log.checkpoint(100)), 422);
      wrong.remove(i);
      requireRefused(TestedLog.request(70, wrong, log.checkpoint(100)), 422);
    }
    List<Hash> longer = new ArrayList<>(right);
    longer.add(right.get(0));
    requireRefused(TestedLog.request(70, longer, log.checkpoint(100)), 422);
    requireRefused(TestedLog.request(70, List.of(), log.checkpoint(100)), 422);
    requireCosigned(log.request(70));
    requireRefused(TestedLog.request(100, right, log.checkpoint(100)), 422);
  }

  /** A request with old size 0 must have an empty proof. */
  @Test
  void nonEmptyProofFromSizeZeroIsRefused() throws Exception {
    requireRefused(TestedLog.request(0, log.proof(1, 70), log.checkpoint(70)), 422);
    TestedLog empty = new TestedLog(ORIGIN, 1);
    requireCosigned(empty.request(0));
    requireCosigned(log.request(0));
    requireConflict(empty.request(0), 70);
  }

  @Test
  void emptyTreeWithWrongRootIsRefused() {
    String lie = "log.example/audit\n0\n" + log.root(1).base64() + "\n";
    requireRefused(TestedLog.request(0, List.of(), signed(lie)), 422);
  }

  @Test
  void untrustedLogIsNotFound() {
    requireRefused(new TestedLog("other.example", 1).grow("a", 3).request(0), 404);
  }

  @Test
  void logTrustedLaterIsCosigned() throws Exception {
    TestedLog other = new TestedLog("other.example", 2).grow("a", 3);
    requireRefused(other.request(0), 404);
    assertThat(directory.trust(other.key())).isTrue();
    assertThat(directory.trust(other.key())).isFalse();
    requireCosigned(other.request(0));
    requireCosigned(log.request(0));
  }

  @Test
  void checkpointWithoutATrustedKeyIsForbidden() throws Exception {
    requireRefused(new TestedLog(ORIGIN, 2).grow("a", 3).request(0), 403);
    // An invalid signature with the name and id of the trusted key.
    String forged = log.request(0).replace("\n70\n", "\n71\n");
    requireRefused(forged, 403);
    // A valid signature, and a forged one beside it.
    String right = log.checkpoint(70);
    String other = log.grow("a", 1).checkpoint(71);
    String line = other.substring(other.indexOf("— "));
    requireRefused(TestedLog.request(0, List.of(), right + line), 403);
  }

  /** A log may sign with keys that a witness does not know. */
  @Test
  void signaturesOfUnknownKeysAreNotKept() throws Exception {
    String checkpoint = log.checkpoint(70);
    String unknown = "— other.example " + Base64.getEncoder().encodeToString(new byte[68]) + "\n";
    requireCosigned(TestedLog.request(0, List.of(), checkpoint + unknown));
    String kept = body(open.witness().checkpoint(WitnessMemory.nameOf(ORIGIN)));
    assertThat(kept).startsWith(checkpoint).doesNotContain("other.example");
    SignedCheckpoint parsed = SignedCheckpoint.parse(kept.getBytes(StandardCharsets.UTF_8));
    assertThat(parsed.note().verify(List.of(directory.key(), log.key()))).hasSize(2);
  }

  @Test
  void malformedRequestIsABadRequest() {
    String right = log.request(0);
    for (String wrong :
        List.of(
            "",
            "\n",
            "old 0\n",
            "old 0\n\n",
            right.substring(0, right.length() - 1),
            right.substring(1),
            right.replace("old 0", "old 00"),
            right.replace("old 0", "old -1"),
            right.replace("old 0", "old +0"),
            right.replace("old 0", "old 71"),
            right.replace("old 0", "old 9223372036854775808"),
            right.replace("old 0\n", "old 0\r\n"),
            right.replace("old 0\n", "old 0\nAAAA\n"),
            right.replace("\n70\n", "\n070\n"),
            right.replace("old 0\n", "old 0\n" + (log.root(1).base64() + "\n").repeat(64)))) {
      requireRefused(wrong, 400);
    }
    byte[] notText = right.getBytes(StandardCharsets.UTF_8);
    notText[10] = (byte) 0xff;
    assertThat(open.witness().addCheckpoint(notText).status()).isEqualTo(400);
  }

  /** A restarted witness remembers the last cosigned checkpoint of each log. */
  @Test
  void restartedWitnessRemembers() throws Exception {
    requireCosigned(log.request(0));
    open.close();
    open = directory.open();
    requireConflict(log.rolledBack(50).grow("b", 40).request(0), 70);
    log.grow("a", 5);
    requireCosigned(log.request(70));
  }

  /** A damaged memory is an error; it does not count as an empty memory. */
  @Test
  void damagedMemoryCosignsNothing() throws Exception {
    requireCosigned(log.request(0));
    Path file = directory.path().resolve("memory").resolve(WitnessMemory.nameOf(ORIGIN));
    byte[] right = Files.readAllBytes(file);
    for (int i = 0; i < right.length; i += 7) {
      byte[] wrong = right.clone();
      wrong[i] ^= 1;
      Files.write(file, wrong);
      // The witness verifies only its own signature line, so other signature lines may change.
      if (i < new String(right, StandardCharsets.UTF_8).indexOf("— log.example")) {
        requireRefused(log.request(0), 500);
      }
    }
    Files.write(file, Arrays.copyOf(right, right.length / 2));
    requireRefused(log.request(0), 500);
    Files.write(file, new byte[0]);
    requireRefused(log.request(0), 500);
    Files.write(file, right);
    requireConflict(log.request(0), 70);
  }

  @Test
  void misnamedMemoryCosignsNothing() throws Exception {
    TestedLog other = new TestedLog("other.example", 2).grow("a", 3);
    directory.trust(other.key());
    requireCosigned(log.request(0));
    Path memory = directory.path().resolve("memory");
    Files.copy(
        memory.resolve(WitnessMemory.nameOf(ORIGIN)),
        memory.resolve(WitnessMemory.nameOf("other.example")));
    requireRefused(other.request(0), 500);
  }

  /** A checkpoint that cannot be stored is not cosigned. */
  @Test
  void unwritableMemoryCosignsNothing() throws Exception {
    Path memory = directory.path().resolve("memory");
    Path taken = memory.resolve(".new-" + WitnessMemory.nameOf(ORIGIN));
    Files.createDirectories(taken.resolve("in the way"));
    requireRefused(log.request(0), 500);
    Files.delete(taken.resolve("in the way"));
    Files.delete(taken);
    requireCosigned(log.request(0));
  }

  /**
   * Two forks of one log send requests at the same time, many times. All cosigned checkpoints
   * belong to one fork.
   */
  @Test
  void oneOfTwoConcurrentForksIsCosigned() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 50; round++) {
        TestedLog one = new TestedLog("race.example/" + round, 1).grow("a", 10);
        TestedLog two = one.rolledBack(5).grow("b", 7);
        directory.trust(one.key());
        List<Callable<WitnessAnswer>> asked =
            List.of(
                () -> ask(one.request(0)),
                () -> ask(two.request(0)),
                () -> ask(one.request(0)),
                () -> ask(two.request(0)));
        List<Integer> cosigned = new ArrayList<>();
        List<Future<WitnessAnswer>> answers = threads.invokeAll(asked);
        for (int i = 0; i < answers.size(); i++) {
          if (answers.get(i).get().status() == 200) {
            cosigned.add(i);
          }
        }
        assertThat(cosigned).hasSize(1);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void secondProcessOfAWitnessIsRefused() {
    assertThatThrownBy(directory::open)
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("running already");
  }

  @Test
  void witnessKeepsItsNameAndKey() throws Exception {
    VerifierKey key = directory.key();
    assertThat(key.vkey()).startsWith("witness.example/w1+");
    assertThat(key.type()).isEqualTo(SignatureType.COSIGNATURE);
    assertThat(directory.init("witness.example/w1", SignatureType.COSIGNATURE)).isEqualTo(key);
    assertThatThrownBy(() -> directory.init("witness.example/w2", SignatureType.COSIGNATURE))
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("is of the witness witness.example/w1");
    assertThat(Files.getPosixFilePermissions(directory.path().resolve("keys/audit.pem")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(Files.getPosixFilePermissions(directory.path()))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }

  /** A witness without its memory would cosign any checkpoint. */
  @Test
  void witnessWithoutMemoryDoesNotStart() throws Exception {
    open.close();
    Files.delete(directory.path().resolve("memory"));
    assertThatThrownBy(directory::open)
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("create a new witness");
    assertThatThrownBy(new WitnessDirectory(temporary.resolve("nothing"))::open)
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("no witness here");
  }

  @Test
  void witnessKeyIsRefusedAsALogsKey() throws Exception {
    VerifierKey own = directory.key();
    assertThatThrownBy(() -> directory.trust(own))
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("is the key of a witness, not of a log");
  }

  @Test
  void unreadableListOfLogsTrustsNone() throws Exception {
    Files.writeString(directory.path().resolve("logs"), "# mine\nlog.example+00000000+AAAA\n");
    requireRefused(log.request(0), 500);
    open.close();
    assertThatThrownBy(directory::open)
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("logs: ");
  }

  private String signed(String text) {
    return dev.indelible.checkpoint.SignedNote.sign(
            text, List.of(dev.indelible.checkpoint.NoteSigner.of(ORIGIN, TestedLog.key(1))))
        .toString();
  }
}
