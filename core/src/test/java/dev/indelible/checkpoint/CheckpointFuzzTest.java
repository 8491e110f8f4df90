// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import dev.indelible.Mutations;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Wrong input is refused as such, and never anything worse. */
class CheckpointFuzzTest {
  private static final int MUTANTS = 5_000;

  private static final byte[] CHECKPOINT =
      Keys.signed(5).with(Keys.cosign(1, Keys.checkpoint(5), 1)).bytes();

  @Test
  void signedNotes() {
    Mutations.run(
        CheckpointFuzz::signedNote,
        MUTANTS,
        List.of(
            CHECKPOINT, SignedNote.sign("a\n\n\u00e9\n", List.of(Keys.LOG, Keys.OTHER)).bytes()));
  }

  @Test
  void checkpoints() {
    Mutations.run(
        CheckpointFuzz::checkpoint,
        MUTANTS,
        List.of(CHECKPOINT, Keys.utf8(Keys.checkpoint(9).text())));
  }

  @Test
  void verifierKeys() {
    Mutations.run(
        CheckpointFuzz::verifierKey,
        MUTANTS,
        List.of(Keys.utf8(Keys.witness(1).vkey()), Keys.utf8(Keys.LOG.verifierKey().vkey())));
  }

  @Test
  void privateKeys() {
    Mutations.run(CheckpointFuzz::privateKey, MUTANTS, List.of(Keys.utf8(Keys.skey())));
  }

  @Test
  void proofs() {
    Mutations.run(
        CheckpointFuzz::proof,
        MUTANTS,
        List.of(Keys.proof(3, 9).bytes(), Keys.proof(0, 1).withExtra(new byte[] {1, 2}).bytes()));
  }

  @Test
  void policies() {
    String policy =
        "# policy\nlog %s url\nwitness a %s\nwitness b %s u\ngroup g 2 a b\nquorum g\n"
            .formatted(Keys.LOG.verifierKey(), Keys.witness(1), Keys.witness(2));
    Mutations.run(
        CheckpointFuzz::policy,
        MUTANTS,
        List.of(Keys.utf8(policy), Keys.utf8("log " + Keys.LOG.verifierKey() + "\nquorum none\n")));
  }

  @Test
  void requests() {
    AddCheckpointRequest request =
        new AddCheckpointRequest(3, Keys.tree(7).consistencyProof(3).path(), Keys.signed(7));
    Mutations.run(CheckpointFuzz::request, MUTANTS, List.of(request.bytes(), CHECKPOINT));
  }

  @Test
  void responses() {
    Mutations.run(
        CheckpointFuzz::response,
        MUTANTS,
        List.of(
            Keys.utf8(Keys.cosign(1, Keys.checkpoint(5), 1).line() + "\n"), Keys.utf8("123\n")));
  }
}
