// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Fuzz targets for the parsers of this package. A parser either refuses the input with its own
 * exception and a short message, or returns a value that encodes to the input again. No input
 * verifies under a key that signed nothing.
 */
final class CheckpointFuzz {
  private static final List<VerifierKey> STRANGERS =
      List.of(NoteSigner.of(Keys.ORIGIN, Keys.key(666)).verifierKey(), Keys.witness(66));

  private CheckpointFuzz() {}

  static void signedNote(byte[] input) {
    try {
      SignedNote note = SignedNote.parse(input);
      assertThat(note.bytes()).isEqualTo(input);
      note.verify(STRANGERS);
      throw new AssertionError("a note verified under keys that never signed");
    } catch (CheckpointParseException e) {
      assertShort(e);
    } catch (VerificationException e) {
      assertThat(e.reason()).isNotNull();
    }
  }

  static void checkpoint(byte[] input) {
    try {
      assertThat(SignedCheckpoint.parse(input).bytes()).isEqualTo(input);
    } catch (CheckpointParseException e) {
      assertShort(e);
    }
    String text = new String(input, StandardCharsets.UTF_8);
    try {
      assertThat(Checkpoint.parse(text).text()).isEqualTo(text);
    } catch (CheckpointParseException e) {
      assertShort(e);
    }
  }

  /** Parses the input as the bytes after the key id in a witness's signature line. */
  static void cosignature(byte[] input) {
    if (input.length == 0) {
      return;
    }
    VerifierKey witness = Keys.witness(66);
    NoteSignature line = new NoteSignature(witness.name(), witness.id(), input);
    assertThat(witness.verifies(Keys.checkpoint(1).text(), line)).isFalse();
    try {
      assertThat(Cosignature.of(line).line()).isEqualTo(line);
    } catch (CheckpointParseException e) {
      assertShort(e);
    }
  }

  static void verifierKey(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    try {
      assertThat(VerifierKey.parse(text).vkey()).isEqualTo(text);
    } catch (CheckpointParseException e) {
      assertShort(e);
    }
  }

  static void privateKey(byte[] input) {
    try {
      NoteSigner.fromSkey(new String(input, StandardCharsets.UTF_8));
    } catch (CheckpointParseException e) {
      assertThat(e).hasMessageContaining("not shown");
    }
  }

  static void proof(byte[] input) {
    try {
      TlogProof proof = TlogProof.parse(input);
      assertThat(proof.bytes()).isEqualTo(input);
      proof.verify(input, WitnessPolicy.ofLogs(List.of(Keys.LOG.verifierKey())));
      throw new AssertionError("a record in no log was proven");
    } catch (CheckpointParseException e) {
      assertShort(e);
    } catch (VerificationException e) {
      assertThat(e.reason()).isNotNull();
    }
  }

  static void policy(byte[] input) {
    try {
      WitnessPolicy.parse(input).verify(Keys.signed(1));
    } catch (CheckpointParseException e) {
      assertShort(e);
    } catch (VerificationException e) {
      assertThat(e.reason()).isNotNull();
    }
  }

  static void request(byte[] input) {
    try {
      assertThat(AddCheckpointRequest.parse(input).bytes()).isEqualTo(input);
    } catch (CheckpointParseException e) {
      assertShort(e);
    }
  }

  static void response(byte[] input) {
    for (int status : new int[] {200, 409, 422}) {
      try {
        assertThat(AddCheckpointResponse.parse(status, input).bytes()).isEqualTo(input);
      } catch (CheckpointParseException e) {
        assertShort(e);
      }
    }
  }

  /**
   * Reads an anchor file, writes the readable entries to a second file, and reads equal entries
   * from it.
   */
  static void anchor(byte[] input) {
    ByteArrayOutputStream appended = new ByteArrayOutputStream();
    List<SignedCheckpoint> read = new ArrayList<>();
    int entries = 0;
    for (AnchorReader.Entry entry : anchors(input)) {
      assertThat(entry.reason().isEmpty()).isEqualTo(entry.checkpoint().isPresent());
      assertThat(entry.reason()).hasSizeLessThan(600).doesNotContain("\n");
      entry.checkpoint().ifPresent(read::add);
      entry.checkpoint().map(AnchorReader::entry).ifPresent(appended::writeBytes);
      entries++;
    }
    // Each entry has at least one line, followed by an empty line or the end of the file.
    assertThat(entries).isLessThanOrEqualTo(input.length / 3 + 1);
    assertThat(anchors(appended.toByteArray()))
        .isEqualTo(
            read.stream().map(each -> new AnchorReader.Entry(Optional.of(each), "")).toList());
    // An entry that is appended to arbitrary content can be read.
    SignedCheckpoint last = Keys.signed(3);
    appended.reset();
    appended.writeBytes(input);
    appended.writeBytes(Keys.utf8("\n\n"));
    appended.writeBytes(AnchorReader.entry(last));
    List<AnchorReader.Entry> more = anchors(appended.toByteArray());
    assertThat(more.get(more.size() - 1).checkpoint()).contains(last);
  }

  private static List<AnchorReader.Entry> anchors(byte[] file) {
    List<AnchorReader.Entry> entries = new ArrayList<>();
    try (AnchorReader reader = new AnchorReader(new ByteArrayInputStream(file))) {
      Optional<AnchorReader.Entry> entry = reader.next();
      while (entry.isPresent()) {
        entries.add(entry.get());
        entry = reader.next();
      }
    } catch (IOException e) {
      throw new AssertionError("bytes in memory can be read", e);
    }
    return entries;
  }

  private static void assertShort(CheckpointParseException e) {
    assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(600).doesNotContain("\n");
  }
}
