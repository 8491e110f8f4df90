// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.ModularProgram;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Links a program with jlink that uses only this module and its two libraries. */
class ModulePathTest {
  private static final String MAIN =
      """
      import dev.indelible.checkpoint.CheckpointSigner;
      import dev.indelible.checkpoint.NoteSigner;
      import dev.indelible.checkpoint.WitnessPolicy;
      import dev.indelible.crypto.SigningKey;
      import dev.indelible.merkle.Hash;
      import dev.indelible.merkle.CompactRange;
      import dev.indelible.checkpoint.Checkpoint;
      import dev.indelible.checkpoint.SignedCheckpoint;
      import dev.indelible.checkpoint.SignedNote;
      import java.util.List;

      public class Main {
        public static void main(String[] args) throws Exception {
          CompactRange tree = CompactRange.empty();
          tree.append(Hash.ofLeaf("entry".getBytes()));
          NoteSigner signer = NoteSigner.of("log.example/audit", SigningKey.generate());
          Checkpoint checkpoint = Checkpoint.of("log.example/audit", tree.size(), tree.root());
          byte[] note = SignedNote.sign(checkpoint.text(), List.of(signer)).bytes();
          WitnessPolicy policy = WitnessPolicy.ofLogs(List.of(signer.verifierKey()));
          System.out.println(policy.verify(SignedCheckpoint.parse(note)).checkpoint().size());
        }
      }
      """;

  @TempDir Path directory;

  @Test
  void linkedProgramVerifiesACheckpoint() throws Exception {
    ModularProgram program =
        new ModularProgram(
            directory,
            List.of("bcprov-", "slf4j-api-"),
            List.of("dev.indelible.transparency"),
            MAIN);

    assertThat(program.runLinked().lines()).endsWith("1");
  }
}
