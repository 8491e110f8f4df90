// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.Bash;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mode of a whole policy. */
class PolicyModeTest {
  private static final String RULES =
      """
      version: 1
      rules:
        - id: A
          severity: refuse
          reason: nothing is listed
          when: {command: ls}
        - id: B
          severity: warn
          mode: shadow
          reason: careful
          when: {command: ls}
      """;

  @TempDir Path directory;

  @Test
  void ruleOfAShadowPolicyDecidesNothing() throws Exception {
    RulePolicy policy = RulePolicy.parse("mode: shadow\n" + RULES, "x");
    ExplainedDecision explained = policy.explain("agent:a", new Bash("ls"));
    assertThat(explained.decision().isPermitted()).isTrue();
    assertThat(explained.explanation().matched()).containsExactly("A (shadow)", "B (shadow)");
    assertThat(policy.rules()).extracting(rule -> rule.settings().mode()).containsOnly(Mode.SHADOW);
    assertThat(policy.remarks(Instant.now()))
        .first()
        .asString()
        .contains("the policy is in shadow mode");
  }

  @Test
  void enforceLeavesEachRuleItsMode() throws Exception {
    assertThat(RulePolicy.parse("mode: enforce\n" + RULES, "x").rules())
        .extracting(rule -> rule.settings().mode())
        .containsExactly(Mode.ENFORCE, Mode.SHADOW);
  }

  @Test
  void defaultOfAShadowPolicyDecidesNothing() throws Exception {
    RulePolicy policy = RulePolicy.parse("mode: shadow\ndefault: refuse\n" + RULES, "x");
    ExplainedDecision unmatched = policy.explain("agent:a", new Bash("true"));
    assertThat(unmatched.decision().isPermitted()).isTrue();
    assertThat(unmatched.explanation().matched()).containsExactly(RulePolicy.DEFAULT + " (shadow)");
    assertThat(policy.explain("agent:a", new Bash("ls")).explanation().matched())
        .doesNotContain(RulePolicy.DEFAULT + " (shadow)");
  }

  @Test
  void ownRulesOfTheGateStay() throws Exception {
    RulePolicy policy = RulePolicy.parse("mode: shadow\n" + RULES, "x");
    assertThat(policy.decide("agent:a", new Bash("rm -r indelible-data/policy")).ruleId())
        .contains(RulePolicy.GUARD);
  }

  @Test
  void modesOfTwoFilesMustNotDiffer() throws Exception {
    Files.writeString(directory.resolve("a.yaml"), "version: 1\nmode: shadow\nrules: []\n");
    Files.writeString(directory.resolve("b.yaml"), "version: 1\nrules: []\n");
    assertThat(RulePolicy.load(directory).rules()).isEmpty();
    Files.writeString(directory.resolve("b.yaml"), "version: 1\nmode: enforce\nrules: []\n");
    assertThatThrownBy(() -> RulePolicy.load(directory))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("mode is enforce here and shadow at");
    Files.writeString(directory.resolve("b.yaml"), "version: 1\nmode: shadowed\nrules: []\n");
    assertThatThrownBy(() -> RulePolicy.load(directory)).hasMessageContaining("did you mean");
  }

  @Test
  void movedRulesAreListed() throws Exception {
    RulePolicy before = RulePolicy.parse(RULES, "x");
    RulePolicy after =
        RulePolicy.parse(
            RULES.replace("    mode: shadow\n", "").replace("id: A\n", "id: A\n    mode: shadow\n"),
            "x");
    assertThat(before.modeChange(before)).isEmpty();
    Optional<SystemEvent> moved = after.modeChange(before);
    assertThat(moved.map(SystemEvent::eventType)).contains(SystemEvent.POLICY_MODE);
    assertThat(CanonicalJson.read(moved.orElseThrow().content().bytes()).path("details").toString())
        .isEqualTo(
            "{\"digest\":\"%s\",\"to_enforce\":[\"B\"],\"to_shadow\":[\"A\"]}"
                .formatted(after.digest()));
  }

  @Test
  void signatureBesideTheRulesIsRead() throws Exception {
    Path file = Files.writeString(directory.resolve("a.yaml"), RULES);
    assertThat(RulePolicy.load(directory).signature()).isEmpty();
    Files.writeString(directory.resolve(RulePolicy.SIGNATURE_FILE), "note");
    assertThat(RulePolicy.load(directory).signature()).contains("note");
    assertThat(RulePolicy.load(file).signature()).contains("note");
    assertThat(RulePolicy.isPart(directory.resolve(RulePolicy.SIGNATURE_FILE))).isTrue();
    assertThat(RulePolicy.isPart(directory.resolve("notes.txt"))).isFalse();
  }
}
