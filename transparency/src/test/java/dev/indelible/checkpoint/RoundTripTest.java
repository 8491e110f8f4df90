// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InclusionProof;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Tag;

/** Random values of every type are written and read back equal. */
@Tag("any-jdk")
class RoundTripTest {
  private static final int TIMES = 100;

  /** Permitted characters that a careless parser would handle wrongly. */
  private static final List<String> LETTERS =
      List.of(
          "a",
          "Z",
          "0",
          "9",
          "/",
          "=",
          "-",
          ".",
          "#",
          "\u2014",
          "\u00e9",
          "\u202e",
          "\ud83d\ude00",
          "\ufeff",
          "\u007f",
          "\ufffd");

  /** Characters that are permitted in a line but not in the name of a key. */
  private static final List<String> SPACES =
      List.of(" ", "+", "\u00a0", "\u2003", "\u2028", "\u0085");

  private static SplittableRandom random(RepetitionInfo repetition) {
    return new SplittableRandom(repetition.getCurrentRepetition());
  }

  @RepeatedTest(TIMES)
  void notesRoundTrip(RepetitionInfo repetition) throws Exception {
    SplittableRandom random = random(repetition);
    StringBuilder text = new StringBuilder();
    do {
      text.append(random.nextInt(4) == 0 ? "" : line(random)).append('\n');
    } while (random.nextInt(5) > 0);
    SignedNote note = new SignedNote(text.toString(), list(random, 100, () -> signature(random)));
    assertThat(SignedNote.parse(note.bytes())).isEqualTo(note);
  }

  @RepeatedTest(TIMES)
  void checkpointsRoundTrip(RepetitionInfo repetition) throws Exception {
    SplittableRandom random = random(repetition);
    SignedCheckpoint signed = signed(random, size(random));
    assertThat(Checkpoint.parse(signed.unverified().text())).isEqualTo(signed.unverified());
    SignedCheckpoint read = SignedCheckpoint.parse(signed.bytes());
    assertThat(read).isEqualTo(signed);
    assertThat(read.unverified()).isEqualTo(signed.unverified());
  }

  @RepeatedTest(TIMES)
  void keysRoundTrip(RepetitionInfo repetition) throws Exception {
    SplittableRandom random = random(repetition);
    SignatureType type = random.nextBoolean() ? SignatureType.ED25519 : SignatureType.COSIGNATURE;
    VerifierKey key =
        new VerifierKey(name(random), type, Keys.key(random.nextInt()).verificationKey());
    assertThat(VerifierKey.parse(key.vkey())).isEqualTo(key);
  }

  @RepeatedTest(TIMES)
  void cosignaturesRoundTrip(RepetitionInfo repetition) throws Exception {
    SplittableRandom random = random(repetition);
    Cosignature cosignature =
        new Cosignature(name(random), random.nextInt(), size(random), bytes(random, 64));
    assertThat(Cosignature.of(cosignature.line())).isEqualTo(cosignature);
    assertThat(NoteSignature.parse(cosignature.line().line())).isEqualTo(cosignature.line());
  }

  @RepeatedTest(TIMES)
  void proofsRoundTrip(RepetitionInfo repetition) throws Exception {
    SplittableRandom random = random(repetition);
    long size = size(random);
    List<Hash> path = list(random, TlogProof.MAX_HASHES, () -> Hash.of(bytes(random, 32)));
    TlogProof proof =
        TlogProof.of(new InclusionProof(size(random), size, path), signed(random, size));
    if (random.nextBoolean()) {
      proof = proof.withExtra(bytes(random, random.nextInt(1, 100)));
    }
    TlogProof read = TlogProof.parse(proof.bytes());
    assertThat(read.bytes()).isEqualTo(proof.bytes());
    assertThat(read.index()).isEqualTo(proof.index());
    assertThat(read.path()).isEqualTo(proof.path());
    assertThat(read.checkpoint()).isEqualTo(proof.checkpoint());
    assertThat(read.extra().isPresent()).isEqualTo(proof.extra().isPresent());
    if (read.extra().isPresent()) {
      assertThat(read.extra().get()).isEqualTo(proof.extra().get());
    }
  }

  @RepeatedTest(TIMES)
  void requestsAndAnswersRoundTrip(RepetitionInfo repetition) throws Exception {
    SplittableRandom random = random(repetition);
    long size = size(random);
    List<Hash> path =
        list(random, AddCheckpointRequest.MAX_HASHES, () -> Hash.of(bytes(random, 32)));
    AddCheckpointRequest request =
        new AddCheckpointRequest(Math.min(size, size(random)), path, signed(random, size));
    assertThat(AddCheckpointRequest.parse(request.bytes())).isEqualTo(request);
    for (AddCheckpointResponse answer :
        List.of(
            new AddCheckpointResponse.Conflict(size),
            new AddCheckpointResponse.Cosigned(list(random, 100, () -> signature(random))))) {
      assertThat(AddCheckpointResponse.parse(answer.status(), answer.bytes())).isEqualTo(answer);
    }
  }

  private static SignedCheckpoint signed(SplittableRandom random, long size) {
    List<String> extensions =
        random.nextBoolean() ? List.of() : list(random, 5, () -> line(random));
    Checkpoint checkpoint =
        new Checkpoint(line(random), size, Hash.of(bytes(random, 32)), extensions);
    SignedCheckpoint signed = SignedCheckpoint.sign(checkpoint, Keys.LOG);
    for (NoteSignature signature : list(random, 20, () -> signature(random))) {
      signed = signed.with(signature);
    }
    return signed;
  }

  private static NoteSignature signature(SplittableRandom random) {
    return new NoteSignature(name(random), random.nextInt(), bytes(random, random.nextInt(1, 100)));
  }

  /** Returns a number from 0 to 2^63-1. All bit lengths are equally likely. */
  private static long size(SplittableRandom random) {
    return random.nextLong() >>> random.nextInt(1, 64);
  }

  private static byte[] bytes(SplittableRandom random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static String name(SplittableRandom random) {
    return String.join("", list(random, 20, () -> any(LETTERS, random)));
  }

  private static String line(SplittableRandom random) {
    return String.join(
        "", list(random, 20, () -> any(random.nextInt(4) == 0 ? SPACES : LETTERS, random)));
  }

  private static String any(List<String> of, SplittableRandom random) {
    return of.get(random.nextInt(of.size()));
  }

  /** Returns a list of 1 to {@code most} elements. */
  private static <T> List<T> list(SplittableRandom random, int most, Supplier<T> each) {
    List<T> list = new ArrayList<>();
    for (int left = random.nextInt(most); left >= 0; left--) {
      list.add(each.get());
    }
    return list;
  }
}
