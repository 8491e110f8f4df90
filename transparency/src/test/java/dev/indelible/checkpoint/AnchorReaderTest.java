// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Complete entries of an anchor file are read even if truncated entries are beside them. */
class AnchorReaderTest {
  private static List<AnchorReader.Entry> read(byte[] file) throws Exception {
    List<AnchorReader.Entry> entries = new ArrayList<>();
    try (AnchorReader reader = new AnchorReader(new ByteArrayInputStream(file))) {
      for (Optional<AnchorReader.Entry> entry = reader.next();
          entry.isPresent();
          entry = reader.next()) {
        entries.add(entry.get());
      }
    }
    return entries;
  }

  private static byte[] file(SignedCheckpoint... checkpoints) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (SignedCheckpoint checkpoint : checkpoints) {
      out.writeBytes(AnchorReader.entry(checkpoint));
    }
    return out.toByteArray();
  }

  private static List<Long> sizes(List<AnchorReader.Entry> entries) {
    return entries.stream()
        .flatMap(entry -> entry.checkpoint().stream())
        .map(checkpoint -> checkpoint.unverified().size())
        .toList();
  }

  @Test
  void appendedEntriesAreRead() throws Exception {
    SignedCheckpoint cosigned =
        Keys.signed(9).with(Keys.cosign(1, Keys.checkpoint(9), 1_700_000_000));
    List<AnchorReader.Entry> entries = read(file(Keys.signed(7), cosigned, Keys.signed(10)));
    assertThat(entries)
        .extracting(AnchorReader.Entry::checkpoint)
        .containsExactly(
            Optional.of(Keys.signed(7)), Optional.of(cosigned), Optional.of(Keys.signed(10)));
    assertThat(read(new byte[0])).isEmpty();
    assertThat(read(Keys.utf8("\n\n\n"))).isEmpty();
  }

  /** A file with a single checkpoint has no empty line at its end. */
  @Test
  void singleCheckpointIsRead() throws Exception {
    assertThat(sizes(read(Keys.signed(7).bytes()))).containsExactly(7L);
  }

  /** A complete entry is read even if the entry before it is truncated, at any byte. */
  @Test
  void truncatedEntryDoesNotAffectOthers() throws Exception {
    byte[] first = file(Keys.signed(7));
    byte[] cut = file(Keys.signed(9));
    for (int length = 1; length < cut.length; length++) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(first);
      out.write(cut, 0, length);
      List<AnchorReader.Entry> before = read(out.toByteArray());
      assertThat(sizes(before)).startsWith(7L);
      out.writeBytes(Keys.utf8("\n\n"));
      out.writeBytes(file(Keys.signed(10)));
      List<AnchorReader.Entry> after = read(out.toByteArray());
      assertThat(sizes(after)).startsWith(7L).endsWith(10L);
      // An entry truncated within the dash of its signature line is read as two entries.
      assertThat(after.size()).isBetween(3, 4);
    }
  }

  @Test
  void otherTextIsReportedAsUnreadable() throws Exception {
    for (String wrong : List.of("hello\n", "\u2014 log AAAA\n", "a\nb\nc\n\n\u2014 log AAAA\n")) {
      List<AnchorReader.Entry> entries = read(Keys.utf8(wrong));
      assertThat(entries).as(wrong).hasSize(1);
      assertThat(entries.get(0).checkpoint()).isEmpty();
      assertThat(entries.get(0).reason()).isNotEmpty();
    }
    byte[] much = new byte[3 * StrictText.MAX_BYTES];
    Arrays.fill(much, (byte) 'x');
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(much);
    out.writeBytes("\n\n".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(file(Keys.signed(7)));
    assertThat(sizes(read(out.toByteArray()))).containsExactly(7L);
  }
}
