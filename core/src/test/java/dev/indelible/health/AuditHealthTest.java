// SPDX-License-Identifier: Apache-2.0
package dev.indelible.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.health.AuditHealth.State;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AuditHealthTest {
  private static final HealthEntry TALLIES = new HealthEntry("tallies", "no tally");
  private static final HealthEntry TREE = new HealthEntry("tree", "damaged");

  @ParameterizedTest
  @EnumSource
  void noStateHasAnEmptyReason(State state) {
    assertThat(new AuditHealth(state, "").reason()).isNotBlank();
  }

  @Test
  void entryMakesALogDegraded() {
    assertThat(AuditHealth.RECORDING.isWell()).isTrue();
    assertThat(AuditHealth.of(List.of())).isEqualTo(AuditHealth.RECORDING);
    AuditHealth health = AuditHealth.of(List.of(TALLIES, TREE));
    assertThat(health.state()).isEqualTo(State.DEGRADED);
    assertThat(health.isWell()).isFalse();
    assertThat(health.reason()).isEqualTo("no tally; damaged");
  }

  @Test
  void worseStateIsKept() {
    AuditHealth failed = new AuditHealth(State.FAILED, "no column payload");
    assertThat(failed.and(List.of(TREE)))
        .returns(State.FAILED, AuditHealth::state)
        .returns("no column payload; damaged", AuditHealth::reason);
  }

  @Test
  void sourceHasOneEntry() {
    AuditHealth health = AuditHealth.of(List.of(TREE));
    assertThat(health.and(List.of(new HealthEntry("tree", "other"))).entries())
        .containsExactly(TREE);
    assertThat(health.entry("tree")).contains(TREE);
    assertThat(health.entry("tallies")).isEmpty();
  }
}
