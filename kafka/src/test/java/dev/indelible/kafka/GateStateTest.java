// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("any-jdk")
class GateStateTest {
  private static final UUID JOURNAL = new UUID(1, 2);

  @TempDir private Path directory;

  @Test
  void stateIsReadBack() throws Exception {
    GateState state = new GateState(4_096, new UUID(3, 4), "tenant α", List.of(7L, 0L, 9L));
    state.write(directory, JOURNAL);
    assertThat(GateState.read(directory, JOURNAL)).isEqualTo(state);
    assertThat(GateState.read(directory, JOURNAL).with("tenant α", 3)).isEqualTo(state);
  }

  @Test
  void otherPartitionsBeginAnotherRun() throws Exception {
    GateState state = new GateState(4_096, new UUID(3, 4), "", List.of(7L, 8L));
    GateState more = state.with("", 3);
    assertThat(more.position()).isEqualTo(4_096);
    assertThat(more.numbers()).containsExactly(0L, 0L, 0L);
    assertThat(more.run()).isNotEqualTo(state.run());
    assertThat(state.with("tenant", 2).run()).isNotEqualTo(state.run());
  }

  @Test
  void lostStateBeginsAnotherRun() throws Exception {
    GateState one = GateState.read(directory, JOURNAL);
    assertThat(one.position()).isZero();
    assertThat(GateState.read(directory, JOURNAL).run()).isNotEqualTo(one.run());
  }

  @Test
  void damagedStateIsNotGuessed() throws Exception {
    Files.writeString(directory.resolve(JOURNAL.toString()), "indelible gate 1\nposition x\n");
    assertThatThrownBy(() -> GateState.read(directory, JOURNAL))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is damaged; restore it, or remove it");
  }
}
