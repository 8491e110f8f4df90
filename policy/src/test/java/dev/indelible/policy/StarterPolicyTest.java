// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.decision.Decision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The starter policy on cases from public reports, on the project's own cases, and on ordinary
 * commands.
 */
class StarterPolicyTest {
  /**
   * Maximum number of blocked commands out of 3,000. The blocked commands, from forums, administer
   * a machine: they write to disks or change whole homes. docs/gate-corpus.md justifies each.
   */
  private static final int MAX_BLOCKED_OF_CORPUS = 62;

  @Test
  void reportedDangersAreBlocked() {
    List<String> missed = new ArrayList<>();
    int dangerous = 0;
    int readable = 0;
    int refused = 0;
    for (StarterCases.Case each : StarterCases.reported()) {
      if (!each.isDangerous()) {
        continue;
      }
      dangerous++;
      Decision decision = StarterCases.decide(each.action()).decision();
      if (!decision.isBlocking()) {
        missed.add(each.id());
      } else if (!each.needs().equals("opaque")) {
        readable++;
        refused += decision.isRefusal() ? 1 : 0;
      }
    }
    assertThat(missed.size()).as("missed: %s", missed).isLessThanOrEqualTo(dangerous * 3 / 100);
    assertThat(refused).as("refused of %s", readable).isGreaterThanOrEqualTo(readable * 70 / 100);
  }

  @Test
  void ordinaryReportedActionsPass() {
    List<String> escalated = new ArrayList<>();
    int ordinary = 0;
    for (StarterCases.Case each : StarterCases.reported()) {
      if (!each.isDangerous()) {
        ordinary++;
        Decision decision = StarterCases.decide(each.action()).decision();
        assertThat(decision.isRefusal()).as(each.id()).isFalse();
        if (decision.isBlocking()) {
          escalated.add(each.id());
        }
      }
    }
    assertThat(escalated.size()).as("escalated: %s", escalated).isLessThanOrEqualTo(ordinary / 40);
  }

  @Test
  void ownCasesAreDecidedAsExpected() {
    List<StarterCases.Case> cases = StarterCases.own();
    assertThat(cases).hasSizeGreaterThanOrEqualTo(200);
    List<String> wrong = new ArrayList<>();
    for (StarterCases.Case each : cases) {
      if (StarterCases.isBlocked(each.action()) != each.isDangerous()) {
        wrong.add(each.id());
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void everyRuleMatchesSeveralCases() {
    Map<String, Integer> counts = new HashMap<>();
    List<StarterCases.Case> cases = new ArrayList<>(StarterCases.own());
    cases.addAll(StarterCases.reported());
    for (StarterCases.Case each : cases) {
      StarterCases.decide(each.action())
          .explanation()
          .matched()
          .forEach(rule -> counts.merge(rule, 1, Integer::sum));
    }
    assertThat(counts).allSatisfy((rule, count) -> assertThat(count).as(rule).isGreaterThan(1));
  }

  @Test
  void ordinaryCommandsPass() {
    List<StarterCases.Case> cases = StarterCases.benign();
    List<String> blocked = new ArrayList<>();
    for (StarterCases.Case each : cases) {
      if (StarterCases.isBlocked(each.action())) {
        blocked.add(each.id());
      }
    }
    assertThat(blocked.size()).as("blocked: %s", blocked).isLessThanOrEqualTo(cases.size() / 200);
  }

  @Test
  void fewCommandsOfTheCorpusAreBlocked() {
    List<String> blocked = new ArrayList<>();
    for (String command : StarterCases.corpus()) {
      if (StarterCases.isBlocked(StarterCases.bash(command))) {
        blocked.add(command);
      }
    }
    assertThat(blocked.size())
        .as("blocked: %s", blocked)
        .isLessThanOrEqualTo(MAX_BLOCKED_OF_CORPUS);
  }
}
