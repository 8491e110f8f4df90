// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.checkpoint.VerificationException.Reason;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Witness policies (C2SP tlog-policy): the syntax, and the checkpoints that satisfy a policy. */
class WitnessPolicyTest {
  private static final String LOG = "log " + Keys.LOG.verifierKey() + "\n";

  /**
   * The example of the specification: two of X1 to X3, and one of Y1 to Y3. Y1 is witness 4, Y3 is
   * witness 6.
   */
  private static final String TWO_LEVELS =
      "# Two operators\n\n"
          + LOG
          + witness("X1", 1)
          + "  witness\tX2  "
          + Keys.witness(2)
          + " https://witness.example/2 \t\n"
          + witness("X3", 3)
          + "group X-witnesses 2 X1 X2 X3\n"
          + witness("Y1", 4)
          + witness("Y2", 5)
          + witness("Y3", 6)
          + "group Y-witnesses any Y1 Y2 Y3\n"
          + "group X-and-Y all X-witnesses Y-witnesses\n"
          + "quorum X-and-Y\n"
          + " \t# the end\n";

  private static String witness(String name, int number) {
    return "witness " + name + " " + Keys.witness(number) + "\n";
  }

  private static WitnessPolicy parse(String text) throws CheckpointParseException {
    return WitnessPolicy.parse(Keys.utf8(text));
  }

  private static SignedCheckpoint cosignedBy(String witnesses) {
    SignedCheckpoint signed = Keys.signed(3);
    for (char number : witnesses.toCharArray()) {
      signed = signed.with(Keys.cosign(number - '0', signed.unverified(), 1000 + number - '0'));
    }
    return signed;
  }

  @Test
  void specificationPolicyIsRead() throws Exception {
    WitnessPolicy policy = parse(TWO_LEVELS);
    assertThat(policy.logs())
        .extracting(WitnessPolicy.Log::key)
        .containsExactly(Keys.LOG.verifierKey());
    assertThat(policy.witnesses())
        .extracting(WitnessPolicy.Witness::name)
        .containsExactly("X1", "X2", "X3", "Y1", "Y2", "Y3");
    assertThat(policy.witnesses().get(1).url()).contains("https://witness.example/2");
    assertThat(policy.witnesses().get(2).url()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "'',false",
    "1,false",
    "12,false",
    "124,true",
    "135,true",
    "236,true",
    "123,false",
    "456,false",
    "1456,false",
    "123456,true",
    "789,false",
    "12789,false",
    "12478,true"
  })
  void quorumFollowsThePolicy(String witnesses, boolean enough) throws Exception {
    WitnessPolicy policy = parse(TWO_LEVELS);
    SignedCheckpoint signed = cosignedBy(witnesses);
    if (enough) {
      WitnessPolicy.Witnessed witnessed = policy.verify(signed);
      assertThat(witnessed.checkpoint()).isEqualTo(Keys.checkpoint(3));
      assertThat(witnessed.log()).isEqualTo(Keys.LOG.verifierKey());
      witnessed
          .cosigned()
          .forEach(
              (witness, time) -> assertThat(witness.key().name()).endsWith("w" + (time - 1000)));
    } else {
      refused(policy, signed, Reason.NO_QUORUM);
    }
  }

  @Test
  void quorumMayBeOneWitnessOrNone() throws Exception {
    WitnessPolicy one = parse(LOG + witness("w", 1) + "quorum w\n");
    assertThat(one.verify(cosignedBy("1")).cosigned()).hasSize(1);
    refused(one, cosignedBy("2"), Reason.NO_QUORUM);
    WitnessPolicy none = parse(LOG + "quorum none\n");
    assertThat(none.verify(cosignedBy("")).cosigned()).isEmpty();
    assertThat(parse("quorum none\n").logs()).isEmpty();
  }

  /** A forged cosignature of a known witness is refused, even if the others reach the quorum. */
  @Test
  void invalidCosignatureOfAKnownWitnessIsRefused() throws Exception {
    WitnessPolicy policy = parse(TWO_LEVELS);
    NoteSignature forged =
        new NoteSignature(Keys.witness(3).name(), Keys.witness(3).id(), new byte[72]);
    refused(policy, cosignedBy("124").with(forged), Reason.BAD_SIGNATURE);
    NoteSignature forAnotherCheckpoint = Keys.cosign(3, Keys.checkpoint(4), 5);
    refused(policy, cosignedBy("124").with(forAnotherCheckpoint), Reason.BAD_SIGNATURE);
  }

  @Test
  void witnessesCannotReplaceTheLogsSignature() throws Exception {
    WitnessPolicy policy = parse(TWO_LEVELS);
    Checkpoint checkpoint = Keys.checkpoint(3);
    SignedCheckpoint unsigned = SignedCheckpoint.sign(checkpoint, Keys.OTHER);
    for (int i = 1; i <= 6; i++) {
      unsigned = unsigned.with(Keys.cosign(i, checkpoint, 9));
    }
    refused(policy, unsigned, Reason.NO_KNOWN_SIGNATURE);
    Checkpoint foreign = Checkpoint.of("other.example", 3, checkpoint.root());
    refused(policy, SignedCheckpoint.sign(foreign, Keys.LOG), Reason.UNKNOWN_ORIGIN);
    refused(policy, SignedCheckpoint.sign(foreign, Keys.OTHER), Reason.UNKNOWN_ORIGIN);
  }

  @Test
  void witnessThatCosignsTwiceCountsOnce() throws Exception {
    WitnessPolicy two =
        WitnessPolicy.of(
            List.of(Keys.LOG.verifierKey()), List.of(Keys.witness(1), Keys.witness(2)), 2);
    SignedCheckpoint twice = cosignedBy("1").with(Keys.cosign(1, Keys.checkpoint(3), 77));
    refused(two, twice, Reason.NO_QUORUM);
    assertThat(two.verify(twice.with(Keys.cosign(2, Keys.checkpoint(3), 78))).cosigned())
        .hasSize(2);
  }

  @Test
  void policyIsCreatedFromKeys() throws Exception {
    WitnessPolicy none = WitnessPolicy.ofLogs(List.of());
    refused(none, cosignedBy(""), Reason.UNKNOWN_ORIGIN);
    none.alsoTrusting(List.of(Keys.LOG.verifierKey())).verify(cosignedBy(""));
    List<VerifierKey> keys = List.of(Keys.witness(1), Keys.witness(2));
    for (int threshold : new int[] {-1, 0, 3}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> WitnessPolicy.of(List.of(), keys, threshold));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> WitnessPolicy.of(List.of(), List.of(Keys.witness(1), Keys.witness(1)), 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WitnessPolicy.of(List.of(), List.of(Keys.LOG.verifierKey()), 1));
  }

  static Stream<Arguments> wrongPolicies() {
    String w = witness("a", 1) + witness("b", 2) + witness("c", 3);
    String sameKeyOtherName =
        new VerifierKey("x", SignatureType.COSIGNATURE, Keys.witness(1).key()).vkey();
    String witnessKeyOfLogType = Keys.witness(1).vkey().replaceFirst("\\+B", "+A");
    return Stream.of(
        Arguments.of("nothing", ""),
        Arguments.of("comments alone", "# quorum none\n"),
        Arguments.of("no quorum", LOG + w),
        Arguments.of("two quorums", "quorum none\nquorum none\n"),
        Arguments.of("no newline at the end", "quorum none"),
        Arguments.of("a carriage return", "quorum none\r\n"),
        Arguments.of("a null", "quorum none\0\n"),
        Arguments.of("a delete", "# \u007f\nquorum none\n"),
        Arguments.of("a vertical tab", "quorum\u000bnone\n"),
        Arguments.of("an unknown keyword", "quorums none\n"),
        Arguments.of("upper case", "Quorum none\n"),
        Arguments.of("a comment at the end of a line", "quorum none # none\n"),
        Arguments.of("a quorum of nothing", "quorum\n"),
        Arguments.of("a quorum of two", w + "quorum a b\n"),
        Arguments.of("an unknown quorum", w + "quorum d\n"),
        Arguments.of("a quorum defined later", "quorum a\n" + w),
        Arguments.of("a log without key", "log\nquorum none\n"),
        Arguments.of("a log with too much", LOG.strip() + " url more\nquorum none\n"),
        Arguments.of("a log twice", LOG + LOG + "quorum none\n"),
        Arguments.of(
            "a log's key under another name",
            LOG + "log " + NoteSigner.of("x", Keys.LOG_KEY).verifierKey() + "\nquorum none\n"),
        Arguments.of("a wrong vkey", LOG.replace("log.example", "lug.example") + "quorum none\n"),
        Arguments.of("a witness without name", "witness " + Keys.witness(1) + "\nquorum none\n"),
        Arguments.of("a witness without key", "witness a\nquorum none\n"),
        Arguments.of("a witness with too much", w.strip() + " url more\nquorum none\n"),
        Arguments.of("a name twice", w + witness("a", 4) + "quorum none\n"),
        Arguments.of("a key twice", w + "witness d " + sameKeyOtherName + "\nquorum none\n"),
        Arguments.of("a witness called none", witness("none", 1) + "quorum none\n"),
        Arguments.of(
            "a log's key as witness", "witness a " + Keys.LOG.verifierKey() + "\nquorum a\n"),
        Arguments.of("a wrong type of key", "witness a " + witnessKeyOfLogType + "\nquorum a\n"),
        Arguments.of("a group called none", w + "group none any a\nquorum none\n"),
        Arguments.of("a group with the name of a witness", w + "group a any b\nquorum none\n"),
        Arguments.of("a group defined twice", w + "group g any a\ngroup g any b\nquorum g\n"),
        Arguments.of("a group without members", w + "group g any\nquorum none\n"),
        Arguments.of("a group without threshold", w + "group g a b\nquorum none\n"),
        Arguments.of("a group that contains itself", w + "group g any g\nquorum none\n"),
        Arguments.of("a group that contains none", w + "group g any none\nquorum none\n"),
        Arguments.of("an unknown member", w + "group g any a d\nquorum none\n"),
        Arguments.of("a member defined later", "group g any a\n" + w + "quorum none\n"),
        Arguments.of("a member twice", w + "group g 2 a a\nquorum none\n"),
        Arguments.of("a member of two groups", w + "group g any a b\ngroup h any a c\nquorum h\n"),
        Arguments.of("threshold 0", w + "group g 0 a b\nquorum g\n"),
        Arguments.of("threshold above the number of members", w + "group g 3 a b\nquorum g\n"),
        Arguments.of("threshold -1", w + "group g -1 a b\nquorum g\n"),
        Arguments.of("threshold +1", w + "group g +1 a b\nquorum g\n"),
        Arguments.of("threshold 01", w + "group g 01 a b\nquorum g\n"),
        Arguments.of("threshold 2^32+1", w + "group g 4294967297 a b\nquorum g\n"),
        Arguments.of("threshold ALL", w + "group g ALL a b\nquorum g\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongPolicies")
  void malformedPolicyIsRefused(String what, String policy) {
    assertThatExceptionOfType(CheckpointParseException.class)
        .as(what)
        .isThrownBy(() -> parse(policy))
        .withMessageContaining("policy");
  }

  @Test
  void errorNamesTheLine() {
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> parse("# one\n\nquorum x\n"))
        .withMessage("policy, line 3: \"quorum x\": \"x\" is not defined on an earlier line");
  }

  /** Names are compared by their bytes, so different encodings are different names. */
  @Test
  void namesAreComparedByBytes() throws Exception {
    byte[] latin =
        (witness("w", 1) + "quorum w\n").getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    for (int i = 0; i < latin.length; i++) {
      if (latin[i] == 'w' && (latin[i + 1] == ' ' || latin[i + 1] == '\n')) {
        latin[i] = (byte) 0xff;
      }
    }
    assertThat(WitnessPolicy.parse(latin).witnesses().get(0).name()).isEqualTo("\u00ff");
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> parse(witness("K", 1) + "quorum \u212a\n"));
  }

  @Test
  void policyMayReachTheLimits() throws Exception {
    String hundred =
        IntStream.range(0, 100).mapToObj(i -> witness("w" + i, i)).collect(Collectors.joining());
    assertThat(parse(hundred + "quorum w99\n").witnesses()).hasSize(100);
    String chain = witness("g0", 1);
    StringBuilder groups = new StringBuilder(chain);
    for (int i = 1; i <= 1024; i++) {
      groups.append(
          "group g%d all g%d%n".formatted(i, i - 1).replace(System.lineSeparator(), "\n"));
    }
    WitnessPolicy deep = parse(LOG + groups + "quorum g1024\n");
    deep.verify(cosignedBy("1"));
    refused(deep, cosignedBy(""), Reason.NO_QUORUM);
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> parse(groups + "group h all g1024\nquorum h\n"))
        .withMessageContaining("limit");
  }

  static void refused(WitnessPolicy policy, SignedCheckpoint signed, Reason reason) {
    assertThatExceptionOfType(VerificationException.class)
        .isThrownBy(() -> policy.verify(signed))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
