// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.checkpoint.AddCheckpointResponse.Conflict;
import dev.indelible.checkpoint.AddCheckpointResponse.Cosigned;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InvalidProofException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests to a witness, its responses, and the checks that it makes (C2SP tlog-witness v1.0.0).
 */
class AddCheckpointTest {
  private static AddCheckpointRequest request(int oldSize, int newSize) {
    List<Hash> proof =
        oldSize == 0 ? List.of() : Keys.tree(newSize).consistencyProof(oldSize).path();
    return new AddCheckpointRequest(oldSize, proof, Keys.signed(newSize));
  }

  @Test
  void specificationRequestRoundTrips() throws Exception {
    String body =
        """
        old 20852014
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

        example.com/behind-the-sofa
        20852163
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

        \u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
        """;
    AddCheckpointRequest request = AddCheckpointRequest.parse(Keys.utf8(body));
    assertThat(request.oldSize()).isEqualTo(20852014);
    assertThat(request.proof()).hasSize(4);
    assertThat(request.checkpoint().unverified().size()).isEqualTo(20852163);
    assertThat(request.bytes()).isEqualTo(Keys.utf8(body));
  }

  @Test
  void checkpointThatContinuesTheLastHasNoConflict() throws Exception {
    assertThat(request(0, 5).conflictWith(null)).isEmpty();
    assertThat(request(3, 5).conflictWith(Keys.checkpoint(3))).isEmpty();
    assertThat(request(5, 5).conflictWith(Keys.checkpoint(5))).isEmpty();

    assertThat(request(3, 5).conflictWith(null)).contains(new Conflict(0));
    assertThat(request(3, 5).conflictWith(Keys.checkpoint(4))).contains(new Conflict(4));
    Checkpoint fork = Checkpoint.of(Keys.checkpoint(5).origin(), 5, Hash.ofLeaf(new byte[] {9}));
    assertThat(request(5, 5).conflictWith(fork)).contains(new Conflict(5));
    Checkpoint other = Checkpoint.of(fork.origin(), 3, fork.root());
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> request(3, 5).conflictWith(other));
  }

  @Test
  void consistentGrowthVerifies() throws Exception {
    for (int newSize = 0; newSize <= 12; newSize++) {
      for (int oldSize = 0; oldSize <= newSize; oldSize++) {
        AddCheckpointRequest request =
            AddCheckpointRequest.parse(request(oldSize, newSize).bytes());
        request.verifyGrowth(Keys.checkpoint(oldSize).root());
        if (oldSize > 0) {
          refused(request, Hash.ofLeaf(new byte[] {9}));
        }
      }
    }
  }

  @Test
  void unprovenGrowthIsRefused() {
    Hash any = Keys.checkpoint(1).root();
    refused(new AddCheckpointRequest(0, List.of(any), Keys.signed(3)), any);
    refused(new AddCheckpointRequest(0, List.of(any), Keys.signed(0)), Hash.EMPTY_TREE);
    refused(new AddCheckpointRequest(2, List.of(), Keys.signed(3)), Keys.checkpoint(2).root());
    refused(new AddCheckpointRequest(3, List.of(), Keys.signed(3)), Keys.checkpoint(2).root());
    refused(new AddCheckpointRequest(3, List.of(any), Keys.signed(3)), Keys.checkpoint(3).root());
    SignedCheckpoint empty = SignedCheckpoint.sign(Checkpoint.of(Keys.ORIGIN, 0, any), Keys.LOG);
    refused(new AddCheckpointRequest(0, List.of(), empty), Hash.EMPTY_TREE);
  }

  static Stream<Arguments> wrongRequests() {
    String good = new String(request(3, 7).bytes(), java.nio.charset.StandardCharsets.UTF_8);
    String hash = request(3, 7).proof().get(0).base64();
    return Stream.of(
        Arguments.of("nothing", ""),
        Arguments.of("a checkpoint alone", Keys.signed(3).toString()),
        Arguments.of("no old size", good.replace("old 3\n", "")),
        Arguments.of("another word", good.replace("old 3", "new 3")),
        Arguments.of("no space", good.replace("old 3", "old3")),
        Arguments.of("two spaces", good.replace("old 3", "old  3")),
        Arguments.of("05", good.replace("old 3", "old 05")),
        Arguments.of("-1", good.replace("old 3", "old -1")),
        Arguments.of("+7", good.replace("old 3", "old +7")),
        Arguments.of("no number", good.replace("old 3", "old ")),
        Arguments.of("above 2^63-1", good.replace("old 3", "old 9223372036854775808")),
        Arguments.of("above the new size", good.replace("old 3", "old 8")),
        Arguments.of("a truncated hash", good.replace(hash, hash.substring(1))),
        Arguments.of("a hash of 33 bytes", good.replace(hash, hash.replace("=", "A"))),
        Arguments.of("a hash without padding", good.replace(hash, hash.replace("=", ""))),
        Arguments.of("a hash in base64url", good.replace(hash, "_".repeat(43) + "=")),
        Arguments.of("bits in the padding", good.replace(hash, "A".repeat(42) + "B=")),
        Arguments.of("a space after a hash", good.replace(hash, hash + " ")),
        Arguments.of("2^64-1", good.replace("old 3", "old 18446744073709551615")),
        Arguments.of("a control character", good.replace("old 3", "old 3\u0001")),
        Arguments.of("a tab", good.replace("old 3", "old\t3")),
        Arguments.of("a byte order mark", "\ufeff" + good),
        Arguments.of("64 hashes", good.replace(hash + "\n", (hash + "\n").repeat(61))),
        Arguments.of("an extra empty line", good.replace("old 3\n", "old 3\n\n")),
        Arguments.of("no empty line", good.replaceFirst("\n\n", "\n")),
        Arguments.of("no checkpoint", good.substring(0, good.indexOf("\n\n") + 2)),
        Arguments.of("a carriage return", good.replace("\n", "\r\n")),
        Arguments.of("no newline at the end", good.substring(0, good.length() - 1)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongRequests")
  void malformedRequestIsRefused(String what, String request) {
    assertThatExceptionOfType(CheckpointParseException.class)
        .as(what)
        .isThrownBy(() -> AddCheckpointRequest.parse(Keys.utf8(request)));
  }

  @Test
  void invalidRequestCannotBeCreated() {
    SignedCheckpoint signed = Keys.signed(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AddCheckpointRequest(-1, List.of(), signed));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AddCheckpointRequest(4, List.of(), signed));
    List<Hash> many = Collections.nCopies(64, Hash.EMPTY_TREE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AddCheckpointRequest(1, many, signed));
  }

  @Test
  void responsesRoundTrip() throws Exception {
    Cosigned cosigned =
        new Cosigned(
            List.of(Keys.cosign(1, Keys.checkpoint(3), 7), Keys.cosign(2, Keys.checkpoint(3), 8)));
    assertThat(AddCheckpointResponse.parse(200, cosigned.bytes())).isEqualTo(cosigned);
    assertThat(cosigned.status()).isEqualTo(200);
    assertThat(new Conflict(42).bytes()).isEqualTo(Keys.utf8("42\n"));
    assertThat(AddCheckpointResponse.parse(409, Keys.utf8("0\n"))).isEqualTo(new Conflict(0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Cosigned(List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> new Conflict(-1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "7", " 7\n", "7 \n", "07\n", "-7\n", "+7\n", "7\n\n", "x\n"})
  void malformedSizeIsRefused(String body) {
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> AddCheckpointResponse.parse(409, Keys.utf8(body)));
  }

  @Test
  void malformedCosignatureLineIsRefused() {
    String line = Keys.cosign(1, Keys.checkpoint(3), 7).line();
    for (String body :
        new String[] {
          "",
          "\n",
          line,
          line + "\n\n",
          "x\n",
          "\n" + line + "\n",
          line + "\r\n",
          line + "=\n",
          line.replace("\u2014", "-") + "\n",
          (line + "\n").repeat(101)
        }) {
      assertThatExceptionOfType(CheckpointParseException.class)
          .as(body)
          .isThrownBy(() -> AddCheckpointResponse.parse(200, Keys.utf8(body)));
    }
  }

  @Test
  void invalidUtf8IsRefused() {
    for (byte[] right :
        List.of(request(3, 7).bytes(), new Conflict(7).bytes(), Keys.utf8("\u2014 a AAAAAAA=\n"))) {
      byte[] wrong = Arrays.copyOf(right, right.length + 2);
      wrong[right.length] = (byte) 0xc0;
      wrong[right.length + 1] = '\n';
      for (int status : new int[] {200, 409}) {
        assertThatExceptionOfType(CheckpointParseException.class)
            .isThrownBy(() -> AddCheckpointResponse.parse(status, wrong))
            .withMessageContaining("UTF-8");
      }
      assertThatExceptionOfType(CheckpointParseException.class)
          .isThrownBy(() -> AddCheckpointRequest.parse(wrong))
          .withMessageContaining("UTF-8");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 201, 204, 301, 400, 403, 404, 422, 429, 500})
  void everyOtherStatusIsRefused(int status) {
    byte[] body = Keys.utf8(Keys.cosign(1, Keys.checkpoint(3), 7).line() + "\n");
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> AddCheckpointResponse.parse(status, body))
        .withMessageContaining("status " + status);
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> AddCheckpointResponse.parse(status, new byte[] {(byte) 0xff, 27}))
        .withMessageContaining("status " + status);
  }

  private static void refused(AddCheckpointRequest request, Hash oldRoot) {
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> request.verifyGrowth(oldRoot));
  }
}
