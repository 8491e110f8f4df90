// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.checkpoint.VerificationException.Reason;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signed notes (C2SP signed-note v1.0.0): accepted and refused texts, and verification. */
class SignedNoteTest {
  private static final String TEXT = "a note\n\nwith an empty line\n";
  private static final VerifierKey LOG = Keys.LOG.verifierKey();
  private static final VerifierKey OTHER = Keys.OTHER.verifierKey();
  private static final String LINE = Keys.LOG.sign(TEXT).line() + "\n";

  @Test
  void specificationNoteVerifies() throws Exception {
    byte[] note =
        Keys.utf8(
            "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq"
                + "6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n");
    VerifierKey key =
        VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
    SignedNote read = SignedNote.parse(note);
    assertThat(read.text()).isEqualTo("This is an example message.\n");
    assertThat(read.verify(List.of(key))).containsOnlyKeys(key);
    assertThat(read.bytes()).isEqualTo(note);
  }

  @Test
  void signaturesFollowTheLastEmptyLine() throws Exception {
    SignedNote note = SignedNote.sign(TEXT, List.of(Keys.LOG, Keys.OTHER));
    SignedNote read = SignedNote.parse(note.bytes());
    assertThat(read).isEqualTo(note).hasSameHashCodeAs(note);
    assertThat(read.text()).isEqualTo(TEXT);
    assertThat(read.verify(List.of(OTHER, LOG))).containsOnlyKeys(LOG, OTHER);
  }

  static Stream<Arguments> wrongNotes() {
    String good = TEXT + "\n" + LINE;
    return Stream.of(
        Arguments.of("nothing", ""),
        Arguments.of("a newline", "\n"),
        Arguments.of("text alone", TEXT),
        Arguments.of("no signatures", TEXT + "\n"),
        Arguments.of("no empty line", "a note\n" + LINE),
        Arguments.of("no newline at the end", good.substring(0, good.length() - 1)),
        Arguments.of("an empty line at the end", good + "\n"),
        Arguments.of("text after the signatures", good + "x\n"),
        Arguments.of("text before the signatures", TEXT + "\nx\n" + LINE),
        Arguments.of("a carriage return", good.replace("\n", "\r\n")),
        Arguments.of("a tab", good.replace("a note", "a\tnote")),
        Arguments.of("a null", good.replace("a note", "a\0note")),
        Arguments.of("an escape", good.replace("a note", "a\u001bnote")),
        Arguments.of("a hyphen", good.replace('\u2014', '-')),
        Arguments.of("an en dash", good.replace('\u2014', '\u2013')),
        Arguments.of("no dash", good.replace("\u2014 ", "")),
        Arguments.of("no space after the dash", good.replace("\u2014 ", "\u2014")),
        Arguments.of("two spaces after the dash", good.replace("\u2014 ", "\u2014  ")),
        Arguments.of("a space before the dash", good.replace("\u2014 ", " \u2014 ")),
        Arguments.of("two spaces after the name", good.replace("audit ", "audit  ")),
        Arguments.of("a space at the end", good.replaceAll("\n$", " \n")),
        Arguments.of("a no-break space in the name", good.replace("audit ", "au\u00a0dit ")),
        Arguments.of("a plus in the name", good.replace("audit ", "au+dit ")),
        Arguments.of("no name", good.replace("log.example/audit", "")),
        Arguments.of("no signature", TEXT + "\n\u2014 name\n"),
        Arguments.of("an empty signature", TEXT + "\n\u2014 name \n"),
        Arguments.of("a key id without a signature", TEXT + "\n\u2014 name AAAAAA==\n"),
        Arguments.of("less than a key id", TEXT + "\n\u2014 name AAAA\n"),
        Arguments.of("no padding", TEXT + "\n\u2014 name AAAAAAA\n"),
        Arguments.of("bits in the padding", TEXT + "\n\u2014 name AAAAAAB=\n"),
        Arguments.of("padding in the middle", TEXT + "\n\u2014 name AAAA=AAA\n"),
        Arguments.of("base64url", TEXT + "\n\u2014 name AAAAAA-_\n"),
        Arguments.of("a line break in base64", TEXT + "\n\u2014 name AAAA\nAAAA\n"),
        Arguments.of("101 signatures", TEXT + "\n" + LINE.repeat(101)),
        Arguments.of("101 unknown signatures", TEXT + "\n" + "\u2014 name AAAAAAA=\n".repeat(101)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongNotes")
  void malformedNoteIsRefused(String what, String note) {
    assertThatExceptionOfType(CheckpointParseException.class)
        .as(what)
        .isThrownBy(() -> SignedNote.parse(Keys.utf8(note)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x80, 0xc0, 0xc1, 0xe2, 0xed, 0xf5, 0xff})
  void noteNotInUtf8IsRefused(int octet) {
    ByteArrayOutputStream note = new ByteArrayOutputStream();
    note.write(octet);
    note.writeBytes(Keys.utf8(TEXT + "\n" + LINE));
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> SignedNote.parse(note.toByteArray()))
        .withMessageContaining("UTF-8");
  }

  @Test
  void overlongFormsAndSurrogatesAreNotUtf8() {
    for (int[] octets : new int[][] {{0xc0, 0x8a}, {0xed, 0xa0, 0x80}, {0xf4, 0x90, 0x80, 0x80}}) {
      ByteArrayOutputStream note = new ByteArrayOutputStream();
      Arrays.stream(octets).forEach(note::write);
      note.writeBytes(Keys.utf8(TEXT + "\n" + LINE));
      assertThatExceptionOfType(CheckpointParseException.class)
          .isThrownBy(() -> SignedNote.parse(note.toByteArray()));
    }
  }

  @Test
  void oversizeNoteIsRefused() {
    byte[] note = Keys.utf8("x".repeat(StrictText.MAX_BYTES) + "\n\n" + LINE);
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> SignedNote.parse(note))
        .withMessageContaining("limit");
  }

  @Test
  void aHundredSignaturesAreRead() throws Exception {
    List<NoteSignature> signatures = new ArrayList<>();
    for (int i = 0; i < 99; i++) {
      signatures.add(new NoteSignature("someone" + i, i, new byte[5000]));
    }
    signatures.add(Keys.LOG.sign(TEXT));
    SignedNote read = SignedNote.parse(new SignedNote(TEXT, signatures).bytes());
    assertThat(read.signatures()).hasSize(100);
    assertThat(read.verify(List.of(LOG))).containsOnlyKeys(LOG);
  }

  /** Flipping any bit of a signed note makes verification fail. */
  @Test
  void noteWithAnyBitFlippedDoesNotVerify() {
    byte[] right = SignedNote.sign(TEXT, List.of(Keys.LOG)).bytes();
    for (byte[] wrong : Keys.oneBitChanges(right)) {
      assertThat(isAccepted(wrong, LOG)).isFalse();
    }
    for (int length = 0; length < right.length; length++) {
      assertThat(isAccepted(Arrays.copyOf(right, length), LOG)).isFalse();
    }
  }

  private static boolean isAccepted(byte[] note, VerifierKey key) {
    try {
      SignedNote.parse(note).verify(List.of(key));
      return true;
    } catch (CheckpointParseException | VerificationException e) {
      return false;
    }
  }

  /** A single invalid signature of a known key makes the whole note fail. */
  @Test
  void wrongSignatureOfAKnownKeyIsRefused() {
    for (int length : new int[] {1, 32, 63, 64, 65, 72}) {
      byte[] wrong = Arrays.copyOf(Keys.LOG.sign("another text\n").signature(), length);
      SignedNote note =
          SignedNote.sign(TEXT, List.of(Keys.OTHER))
              .with(new NoteSignature(LOG.name(), LOG.id(), wrong));
      refused(note, List.of(OTHER, LOG), Reason.BAD_SIGNATURE);
    }
  }

  /** The JDK's verifier accepts a valid signature with an extra byte; ours must not. */
  @Test
  void signatureOf65BytesIsRefused() {
    byte[] longer = Arrays.copyOf(Keys.LOG.sign(TEXT).signature(), 65);
    SignedNote note =
        new SignedNote(TEXT, List.of(new NoteSignature(LOG.name(), LOG.id(), longer)));
    refused(note, List.of(LOG), Reason.BAD_SIGNATURE);
  }

  @Test
  void signaturesOfUnknownKeysAreIgnored() throws Exception {
    SignedNote note =
        SignedNote.sign(TEXT, List.of(Keys.LOG))
            .with(new NoteSignature(LOG.name(), LOG.id() + 1, new byte[1]))
            .with(new NoteSignature(LOG.name() + "x", LOG.id(), new byte[64]));
    assertThat(note.verify(List.of(LOG, OTHER))).containsOnlyKeys(LOG);
    refused(note, List.of(OTHER), Reason.NO_KNOWN_SIGNATURE);
    refused(note, List.of(), Reason.NO_KNOWN_SIGNATURE);
  }

  @Test
  void keyThatSignedTwiceCountsOnce() throws Exception {
    SignedNote note = new SignedNote(TEXT, Collections.nCopies(3, Keys.LOG.sign(TEXT)));
    assertThat(note.verify(List.of(LOG, LOG))).containsOnlyKeys(LOG);
    byte[] wrong = Keys.LOG.sign("x\n").signature();
    SignedNote once = note.with(new NoteSignature(LOG.name(), LOG.id(), wrong));
    refused(once, List.of(LOG), Reason.BAD_SIGNATURE);
  }

  /** Two keys with equal names and equal 32-bit ids, found by search. */
  @Test
  void ambiguousKeysAreRefused() {
    NoteSigner one = NoteSigner.of("log.example", Keys.key(8575));
    NoteSigner other = NoteSigner.of("log.example", Keys.key(35865));
    assertThat(one.verifierKey().id()).isEqualTo(other.verifierKey().id());
    assertThat(one.verifierKey()).isNotEqualTo(other.verifierKey());
    SignedNote note = SignedNote.sign(TEXT, List.of(one));
    refused(note, List.of(one.verifierKey(), other.verifierKey()), Reason.AMBIGUOUS_KEYS);
    refused(note, List.of(other.verifierKey()), Reason.BAD_SIGNATURE);
  }

  @Test
  void repeatedSignatureIsAddedOnce() {
    SignedNote note = SignedNote.sign(TEXT, List.of(Keys.LOG));
    assertThat(note.with(Keys.LOG.sign(TEXT))).isEqualTo(note);
    assertThat(note.with(Keys.OTHER.sign(TEXT)).signatures()).hasSize(2);
  }

  @Test
  void invalidNoteCannotBeCreated() {
    for (String text : List.of("", "no newline", "tab\t\n", "\ud800\n", "cr\r\n")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> SignedNote.sign(text, List.of(Keys.LOG)));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new SignedNote(TEXT, List.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SignedNote(TEXT, Collections.nCopies(101, Keys.LOG.sign(TEXT))));
    assertThatIllegalArgumentException().isThrownBy(() -> new NoteSignature("n", 1, new byte[0]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NoteSignature("a name", 1, new byte[64]));
  }

  static void refused(SignedNote note, List<VerifierKey> keys, Reason reason) {
    assertThatExceptionOfType(VerificationException.class)
        .isThrownBy(() -> note.verify(keys))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
