// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.merkle.Hash;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints (C2SP tlog-checkpoint v1.0.0): format, errors and verification. */
class CheckpointTest {
  private static final String ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  private static final String SPECIFICATION_EXAMPLE =
      "example.com/behind-the-sofa\n20852163\n" + ROOT + "\n";

  @Test
  void specificationCheckpointRoundTrips() throws Exception {
    Checkpoint checkpoint = Checkpoint.parse(SPECIFICATION_EXAMPLE);
    assertThat(checkpoint.origin()).isEqualTo("example.com/behind-the-sofa");
    assertThat(checkpoint.size()).isEqualTo(20852163);
    assertThat(checkpoint.root().base64()).isEqualTo(ROOT);
    assertThat(checkpoint.extensions()).isEmpty();
    assertThat(checkpoint.text()).isEqualTo(SPECIFICATION_EXAMPLE);
  }

  @Test
  void unusualOriginAndExtensionsRoundTrip() throws Exception {
    String text = "a log + its name\n0\n" + Hash.EMPTY_TREE.base64() + "\nextension 1\n-\n";
    Checkpoint checkpoint = Checkpoint.parse(text);
    assertThat(checkpoint.origin()).isEqualTo("a log + its name");
    assertThat(checkpoint.size()).isZero();
    assertThat(checkpoint.extensions()).containsExactly("extension 1", "-");
    assertThat(checkpoint.text()).isEqualTo(text);
    assertThat(Checkpoint.parse("o\n9223372036854775807\n" + ROOT + "\n").size())
        .isEqualTo(Long.MAX_VALUE);
  }

  static Stream<Arguments> wrongTexts() {
    return Stream.of(
        Arguments.of("nothing", ""),
        Arguments.of("a newline", "\n"),
        Arguments.of("one line", "o\n"),
        Arguments.of("two lines", "o\n1\n"),
        Arguments.of("no newline at the end", "o\n1\n" + ROOT),
        Arguments.of("no origin", "\n1\n" + ROOT + "\n"),
        Arguments.of("an empty line first", "\no\n1\n" + ROOT + "\n"),
        Arguments.of("no size", "o\n\n" + ROOT + "\n"),
        Arguments.of("no root", "o\n1\n\n"),
        Arguments.of("an empty extension", "o\n1\n" + ROOT + "\n\n"),
        Arguments.of("an empty extension before another", "o\n1\n" + ROOT + "\n\nx\n"),
        Arguments.of("a control character", "o\u0007\n1\n" + ROOT + "\n"),
        Arguments.of("a leading zero", size("05")),
        Arguments.of("two zeros", size("00")),
        Arguments.of("a minus", size("-1")),
        Arguments.of("minus zero", size("-0")),
        Arguments.of("a plus", size("+7")),
        Arguments.of("a space before", size(" 7")),
        Arguments.of("a space after", size("7 ")),
        Arguments.of("hex", size("0x7")),
        Arguments.of("a decimal point", size("7.0")),
        Arguments.of("an exponent", size("1e3")),
        Arguments.of("a digit separator", size("1_000")),
        Arguments.of("Arabic digits", size("\u0667")),
        Arguments.of("a word", size("seven")),
        Arguments.of("above 2^63-1", size("9223372036854775808")),
        Arguments.of("above 2^64-1", size("18446744073709551616")),
        Arguments.of("many digits", size("1".repeat(5000))),
        Arguments.of("31 bytes", root("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")),
        Arguments.of("33 bytes", root("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        Arguments.of("no padding", root(ROOT.replace("=", ""))),
        Arguments.of("too much padding", root(ROOT + "=")),
        Arguments.of("bits in the padding", root(ROOT.replace("I=", "J="))),
        Arguments.of("base64url", root(ROOT.replace('/', '_'))),
        Arguments.of("a space in base64", root(ROOT.replace("CsU", "Cs U"))),
        Arguments.of("hex", root("0a".repeat(32))));
  }

  private static String size(String size) {
    return "o\n" + size + "\n" + ROOT + "\n";
  }

  private static String root(String root) {
    return "o\n1\n" + root + "\n";
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongTexts")
  void malformedCheckpointIsRefused(String what, String text) {
    assertThatExceptionOfType(CheckpointParseException.class)
        .as(what)
        .isThrownBy(() -> Checkpoint.parse(text))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
    // A valid signature does not make a malformed text acceptable.
    if (text.endsWith("\n") && StrictText.isText(text)) {
      byte[] note = SignedNote.sign(text, List.of(Keys.LOG)).bytes();
      assertThatExceptionOfType(CheckpointParseException.class)
          .isThrownBy(() -> SignedCheckpoint.parse(note));
    }
  }

  @Test
  void errorQuotesTheFault() {
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> Checkpoint.parse(size("05")))
        .withMessage(
            "size of checkpoint: \"05\": not a decimal number without sign and leading zeros");
  }

  /** An error message replaces control characters, so quoted text cannot control a terminal. */
  @Test
  void errorQuotesNoControlCharacters() {
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> VerifierKey.parse("a\u001b[2J\u202e\u0085\n\u00e9"))
        .withMessage("vkey: \"a\\u{1b}[2J\\u{202e}\\u{85}\\n\u00e9\": not of the form name+id+key");
  }

  /** An error message quotes at most 100 characters. */
  @Test
  void errorQuotesALimitedLength() {
    for (String each : List.of("x", "\u0084", "\ud83d\ude00", "\udb40\udc01")) {
      assertThat(StrictText.quote(each.repeat(1_000))).hasSizeLessThan(120).endsWith("...\"");
      assertThatExceptionOfType(CheckpointParseException.class)
          .isThrownBy(() -> VerifierKey.parse(each.repeat(1_000)))
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
    }
    assertThat(StrictText.quote("\ud83d\ude00".repeat(40))).hasSize(82);
    assertThat(StrictText.quote("x".repeat(100))).isEqualTo("\"" + "x".repeat(100) + "\"");
  }

  @Test
  void checkpointVerifiesOnlyUnderItsLogsKey() throws Exception {
    SignedCheckpoint signed = Keys.signed(5);
    SignedCheckpoint read = SignedCheckpoint.parse(signed.bytes());
    assertThat(read).isEqualTo(signed).hasSameHashCodeAs(signed);
    assertThat(read.verify(Keys.LOG.verifierKey())).isEqualTo(Keys.checkpoint(5));
    refused(read, Keys.OTHER.verifierKey(), Reason.UNKNOWN_ORIGIN);
    refused(read, NoteSigner.of(Keys.ORIGIN, Keys.key(9)).verifierKey(), Reason.NO_KNOWN_SIGNATURE);
  }

  /** A key that is trusted for one origin is not trusted for another origin. */
  @Test
  void trustedKeySignsForNoOtherLog() {
    Checkpoint foreign = Checkpoint.of("another.example", 1, Hash.EMPTY_TREE);
    refused(
        SignedCheckpoint.sign(foreign, Keys.LOG), Keys.LOG.verifierKey(), Reason.UNKNOWN_ORIGIN);
  }

  @Test
  void originMayHaveKeysWithOtherNames() throws Exception {
    SignedCheckpoint signed = SignedCheckpoint.sign(Keys.checkpoint(3), Keys.OTHER);
    assertThat(
            signed.verify(Keys.ORIGIN, List.of(Keys.LOG.verifierKey(), Keys.OTHER.verifierKey())))
        .isEqualTo(Keys.checkpoint(3));
  }

  @Test
  void invalidCheckpointCannotBeCreated() {
    assertThatIllegalArgumentException().isThrownBy(() -> Checkpoint.of("", 1, Hash.EMPTY_TREE));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Checkpoint.of("a\nb", 1, Hash.EMPTY_TREE));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Checkpoint.of("\ud800", 1, Hash.EMPTY_TREE));
    assertThatIllegalArgumentException().isThrownBy(() -> Checkpoint.of("o", -1, Hash.EMPTY_TREE));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Checkpoint("o", 1, Hash.EMPTY_TREE, List.of("")));
  }

  private static void refused(SignedCheckpoint signed, VerifierKey key, Reason reason) {
    assertThatExceptionOfType(VerificationException.class)
        .isThrownBy(() -> signed.verify(key))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
