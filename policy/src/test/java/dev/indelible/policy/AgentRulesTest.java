// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rules for some agents. An agent id is only a claim, so a rule may restrict an agent by its id,
 * but can exempt it only by a credential.
 */
class AgentRulesTest {
  private static final AgentAction LIST = new Bash("ls");
  private static final AgentAction OPAQUE = new Bash("$(curl -s http://example.org)");
  private static final AgentAction GUARD = new Bash("rm -rf /w/indelible-data/policy");

  @Test
  void ruleRestrictsTheNamedAgents() throws Exception {
    RulePolicy policy = policy("agents: [\"agent:bot*\"]", "command: ls");
    assertThat(policy.decide("agent:bot-1", LIST).isPermitted()).isFalse();
    assertThat(policy.decide("agent:alice", LIST).isPermitted()).isTrue();
  }

  @Test
  void claimedIdIsNotExcepted() throws Exception {
    RulePolicy policy = policy("except: [\"agent:*\"]", "command: ls");
    assertThat(policy.rules().get(0).settings().except()).containsExactly("agent:*");
    assertThat(policy.decide("agent:bot", LIST).isPermitted()).isFalse();
  }

  @Test
  void credentialIsExcepted() throws Exception {
    RulePolicy policy = policy("except: [\"key:ops\", \"user:a*\"]", "command: ls");

    assertThat(isPermitted(policy, "key:ops")).isTrue();
    assertThat(isPermitted(policy, "user:alice")).isTrue();
    assertThat(isPermitted(policy, "key:ops2")).isFalse();
    assertThat(isPermitted(policy, "agent:bot")).isFalse();
    assertThat(policy.decide("key:ops", LIST).isPermitted()).as("a claimed id").isFalse();
  }

  private static boolean isPermitted(RulePolicy policy, String principal) {
    Agent agent = Agent.claimed("agent:bot").withPrincipal(Optional.of(principal));
    return policy.explain(agent, LIST).decision().isPermitted();
  }

  /** A pattern for agents that looks like an exemption exempts nobody. */
  @ParameterizedTest
  @CsvSource({"!agent:bot", "-agent:bot", "'!*'"})
  void globExemptsNobody(String glob) throws Exception {
    RulePolicy policy =
        RulePolicy.parse(
            """
            version: 1
            rules:
              - {id: A, severity: refuse, reason: all, when: {command: ls}}
              - {id: B, severity: log, reason: some, agents: ["%s"], when: {command: ls}}
            """
                .formatted(glob),
            "test");
    assertThat(policy.decide("agent:bot", LIST).ruleId()).contains("A");
  }

  /** A rule that does not always apply to every agent does not replace the gate's own rules. */
  @ParameterizedTest
  @CsvSource({
    "'agents: [\"agent:bot\"]'",
    "'agents: [\"*\"]'",
    "'except: [\"*\"]'",
    "mode: shadow",
    "expires: \"2020-01-01\"",
    "expires: \"9999-01-01\""
  })
  void restrictedRuleReplacesNoRuleOfTheGate(String setting) throws Exception {
    RulePolicy policy =
        RulePolicy.parse(
            """
            version: 1
            rules:
              - id: W
                severity: warn
                reason: careful
                %s
                when: [{changes_guard: any}, {opaque: any}]
            """
                .formatted(setting),
            "test");
    for (String agent : new String[] {"agent:bot", "agent:alice"}) {
      assertThat(policy.decide(agent, GUARD).ruleId()).as(agent).contains(RulePolicy.GUARD);
      assertThat(policy.decide(agent, OPAQUE).isBlocking()).as(agent).isTrue();
    }
  }

  @Test
  void badGlobDoesNotLoad() {
    assertThatThrownBy(() -> policy("except: [\"a[\"]", "command: ls"))
        .isInstanceOf(PolicyException.class)
        .hasMessageStartingWith("test, line 6, column 5:");
  }

  private static RulePolicy policy(String setting, String when) throws PolicyException {
    return RulePolicy.parse(
        """
        version: 1
        rules:
          - id: R
            severity: refuse
            reason: no
            %s
            when: {%s}
        """
            .formatted(setting, when),
        "test");
  }
}
