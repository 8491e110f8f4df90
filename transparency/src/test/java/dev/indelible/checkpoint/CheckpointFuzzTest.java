// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fuzz targets for Jazzer: a parser refuses malformed input with its own exception. By default only
 * stored inputs are run; docs/testing.md explains how to fuzz for longer.
 */
class CheckpointFuzzTest {
  private static final byte[] CHECKPOINT =
      Keys.signed(5).with(Keys.cosign(1, Keys.checkpoint(5), 1)).bytes();

  static List<byte[]> notes() {
    return List.of(
        CHECKPOINT, SignedNote.sign("a\n\n\u00e9\n", List.of(Keys.LOG, Keys.OTHER)).bytes());
  }

  static List<byte[]> checkpoints() {
    return List.of(CHECKPOINT, Keys.utf8(Keys.checkpoint(9).text()));
  }

  static List<byte[]> cosignatures() {
    return List.of(
        Keys.cosign(1, Keys.checkpoint(5), 1).signature(), Keys.LOG.sign("a\n").signature());
  }

  static List<byte[]> verifierKeys() {
    return List.of(Keys.utf8(Keys.witness(1).vkey()), Keys.utf8(Keys.LOG.verifierKey().vkey()));
  }

  static List<byte[]> privateKeys() {
    return List.of(Keys.utf8(Keys.skey()));
  }

  static List<byte[]> proofs() {
    return List.of(Keys.proof(3, 9).bytes(), Keys.proof(0, 1).withExtra(new byte[] {1, 2}).bytes());
  }

  static List<byte[]> policies() {
    String policy =
        "# policy\nlog %s url\nwitness a %s\nwitness b %s u\ngroup g 2 a b\nquorum g\n"
            .formatted(Keys.LOG.verifierKey(), Keys.witness(1), Keys.witness(2));
    return List.of(
        Keys.utf8(policy), Keys.utf8("log " + Keys.LOG.verifierKey() + "\nquorum none\n"));
  }

  static List<byte[]> requests() {
    AddCheckpointRequest request =
        new AddCheckpointRequest(3, Keys.tree(7).consistencyProof(3).path(), Keys.signed(7));
    return List.of(request.bytes(), CHECKPOINT);
  }

  static List<byte[]> responses() {
    return List.of(
        Keys.utf8(Keys.cosign(1, Keys.checkpoint(5), 1).line() + "\n"), Keys.utf8("123\n"));
  }

  static List<byte[]> anchors() {
    SignedCheckpoint cosigned = Keys.signed(5).with(Keys.cosign(1, Keys.checkpoint(5), 1));
    String several = Keys.signed(3) + "\n" + cosigned + "\n" + Keys.signed(9);
    return List.of(CHECKPOINT, Keys.utf8(several));
  }

  @DictionaryEntries({
    "\\x0a\\x0a",
    "\\x0a\\xe2\\x80\\x94 ",
    "log.example/audit",
    "A==\\x0a",
    "AAAAAAA=",
    "+"
  })
  @MethodSource("notes")
  @FuzzTest(maxDuration = "10m")
  void anyNote(byte[] input) {
    CheckpointFuzz.signedNote(input);
  }

  @DictionaryEntries({
    "\\x0a\\x0a",
    "\\x0a\\xe2\\x80\\x94 ",
    "\\x0a05\\x0a",
    "\\x0a-1\\x0a",
    "\\x0a9223372036854775808\\x0a"
  })
  @MethodSource("checkpoints")
  @FuzzTest(maxDuration = "10m")
  void anyCheckpoint(byte[] input) {
    CheckpointFuzz.checkpoint(input);
  }

  @MethodSource("cosignatures")
  @FuzzTest(maxDuration = "10m")
  void anyCosignature(byte[] input) {
    CheckpointFuzz.cosignature(input);
  }

  @DictionaryEntries({"+", "log.example", "AQ==", "530d903a"})
  @MethodSource("verifierKeys")
  @FuzzTest(maxDuration = "10m")
  void anyVerifierKey(byte[] input) {
    CheckpointFuzz.verifierKey(input);
  }

  @DictionaryEntries({"PRIVATE+KEY+", "+", "AQ=="})
  @MethodSource("privateKeys")
  @FuzzTest(maxDuration = "10m")
  void anyPrivateKey(byte[] input) {
    CheckpointFuzz.privateKey(input);
  }

  @DictionaryEntries({
    "c2sp.org/tlog-proof@v1\\x0a",
    "extra ",
    "index ",
    "\\x0a\\x0a",
    "\\x0a\\xe2\\x80\\x94 ",
    "=\\x0a"
  })
  @MethodSource("proofs")
  @FuzzTest(maxDuration = "10m")
  void anyProof(byte[] input) {
    CheckpointFuzz.proof(input);
  }

  @DictionaryEntries({
    "log ",
    "witness ",
    "group ",
    "quorum ",
    "none",
    " all ",
    " any ",
    "#",
    "\\x09"
  })
  @MethodSource("policies")
  @FuzzTest(maxDuration = "10m")
  void anyPolicy(byte[] input) {
    CheckpointFuzz.policy(input);
  }

  @DictionaryEntries({
    "old ",
    "old 0\\x0a",
    "\\x0a\\x0a",
    "\\x0a\\xe2\\x80\\x94 ",
    "=\\x0a",
    "9223372036854775807"
  })
  @MethodSource("requests")
  @FuzzTest(maxDuration = "10m")
  void anyRequest(byte[] input) {
    CheckpointFuzz.request(input);
  }

  @DictionaryEntries({"\\xe2\\x80\\x94 ", "=\\x0a", "0\\x0a", "9223372036854775808\\x0a"})
  @MethodSource("responses")
  @FuzzTest(maxDuration = "10m")
  void anyResponse(byte[] input) {
    CheckpointFuzz.response(input);
  }

  @DictionaryEntries({
    "\\x0a\\x0a",
    "\\x0a\\x0a\\xe2\\x80\\x94 ",
    "\\xe2\\x80\\x94",
    "=\\x0a\\x0alog.example/audit\\x0a9\\x0a"
  })
  @MethodSource("anchors")
  @FuzzTest(maxDuration = "10m")
  void anyAnchor(byte[] input) {
    CheckpointFuzz.anchor(input);
  }
}
