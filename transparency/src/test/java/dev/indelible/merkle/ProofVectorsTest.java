// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.testkit.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The valid and invalid proofs of the transparency-dev/merkle test suite. */
@Tag("any-jdk")
class ProofVectorsTest {
  @Test
  void inclusionCasesHaveTheirVerdicts() throws Exception {
    int checked = 0;
    for (Path file : cases("merkle/inclusion")) {
      JsonNode test = new JsonMapper().readTree(Files.readString(file));
      assertThat(refuses(() -> inclusion(test)))
          .as("%s: %s", file, test.get("desc").stringValue())
          .isEqualTo(test.get("wantErr").booleanValue());
      checked++;
    }
    assertThat(checked).isEqualTo(98);
  }

  @Test
  void consistencyCasesHaveTheirVerdicts() throws Exception {
    int checked = 0;
    for (Path file : cases("merkle/consistency")) {
      JsonNode test = new JsonMapper().readTree(Files.readString(file));
      assertThat(refuses(() -> consistency(test)))
          .as("%s: %s", file, test.get("desc").stringValue())
          .isEqualTo(test.get("wantErr").booleanValue());
      checked++;
    }
    assertThat(checked).isEqualTo(98);
  }

  private static void inclusion(JsonNode test) throws InvalidProofException {
    new InclusionProof(number(test, "leafIdx"), number(test, "treeSize"), path(test))
        .verify(hash(test.get("leafHash")), hash(test.get("root")));
  }

  private static void consistency(JsonNode test) throws InvalidProofException {
    new ConsistencyProof(number(test, "size1"), number(test, "size2"), path(test))
        .verify(root(test.get("root1")), root(test.get("root2")));
  }

  private interface Check {
    void run() throws InvalidProofException;
  }

  /** Returns true if a hash is malformed or the proof does not verify. */
  private static boolean refuses(Check checked) {
    try {
      checked.run();
      return false;
    } catch (InvalidProofException | NotAHashException e) {
      return true;
    }
  }

  private static final class NotAHashException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private static List<Hash> path(JsonNode test) {
    List<Hash> path = new ArrayList<>();
    test.get("proof").values().forEach(each -> path.add(hash(each)));
    return path;
  }

  private static Hash hash(JsonNode base64) {
    byte[] bytes = Base64.getDecoder().decode(base64.stringValue(""));
    if (bytes.length != Hash.BYTES) {
      throw new NotAHashException();
    }
    return Hash.of(bytes);
  }

  /**
   * Returns the root of a case. Some consistency cases contain a word in place of a root, because
   * only equality matters. Then the root is the hash of the word.
   */
  private static Hash root(JsonNode base64) {
    byte[] bytes = Base64.getDecoder().decode(base64.stringValue(""));
    return bytes.length == Hash.BYTES ? Hash.of(bytes) : Hash.ofLeaf(bytes);
  }

  /** Parses 64 unsigned bits. A value above 2^63-1 becomes negative. */
  private static long number(JsonNode test, String name) {
    return Long.parseUnsignedLong(test.get(name).bigIntegerValue().toString());
  }

  private static List<Path> cases(String folder) throws IOException {
    try (Stream<Path> files = Files.walk(Vectors.path(folder))) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }
}
