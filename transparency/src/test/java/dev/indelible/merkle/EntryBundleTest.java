// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Entry bundles (C2SP tlog-tiles, log entries). */
class EntryBundleTest {
  private static final TilePath TWO = new TilePath(TilePath.ENTRIES, 0, 2);

  @Test
  void entryFollowsItsLength() throws Exception {
    byte[] longest = new byte[EntryBundle.MAX_ENTRY_BYTES];
    Arrays.fill(longest, (byte) 9);
    byte[] bytes = EntryBundle.of(List.of(new byte[] {1, 2, 3}, longest)).bytes();
    assertThat(Arrays.copyOf(bytes, 7)).containsExactly(0, 3, 1, 2, 3, 0xff, 0xff);
    assertThat(bytes).hasSize(2 + 3 + 2 + 65_535);
    assertThat(EntryBundle.parse(TWO, bytes).entries())
        .containsExactly(new byte[] {1, 2, 3}, longest);
  }

  @Test
  void emptyEntriesRoundTrip() throws Exception {
    EntryBundle bundle = EntryBundle.parse(TWO, new byte[4]);
    assertThat(bundle.entries()).containsExactly(new byte[0], new byte[0]);
    assertThat(bundle.bytes()).containsExactly(0, 0, 0, 0);
  }

  @Test
  void truncatedOrExtendedBundleIsRefused() {
    byte[] bytes = EntryBundle.of(List.of(new byte[] {1, 2, 3}, new byte[] {4})).bytes();
    for (int length = 0; length < bytes.length + 4; length++) {
      byte[] wrong = Arrays.copyOf(bytes, length);
      if (length != bytes.length) {
        assertThatExceptionOfType(TileParseException.class)
            .as("%d bytes", length)
            .isThrownBy(() -> EntryBundle.parse(TWO, wrong))
            .withMessageContaining("tile/entries/000.p/2");
      }
    }
    assertThatExceptionOfType(TileParseException.class)
        .isThrownBy(() -> EntryBundle.parse(new TilePath(TilePath.ENTRIES, 0, 1), bytes));
    assertThatExceptionOfType(TileParseException.class)
        .isThrownBy(() -> EntryBundle.parse(new TilePath(0, 0, 2), bytes));
  }

  @Test
  void invalidBundleCannotBeCreated() {
    assertThatIllegalArgumentException().isThrownBy(() -> EntryBundle.of(List.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EntryBundle.of(Collections.nCopies(257, new byte[0])));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EntryBundle.of(List.of(new byte[65_536])))
        .withMessageContaining("65536");
  }
}
