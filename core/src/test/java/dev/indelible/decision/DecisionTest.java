// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.action.ActionsOfAllKinds;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** The JSON of decisions, and which decisions permit an action. */
class DecisionTest {
  private static final List<BiFunction<String, String, Decision>> WITH_RULE =
      List.of(Warn::new, Refuse::new, Escalate::new);

  /** An escalation also blocks the action. */
  @Test
  void onlyAllowAndWarnPermit() {
    assertThat(new Allow())
        .returns(true, Decision::isPermitted)
        .returns(false, Decision::isBlocking);
    assertThat(new Warn("R", "")).returns(true, Decision::isPermitted);
    assertThat(new Refuse("R", "")).returns(true, Decision::isBlocking);
    assertThat(new Escalate("R", "")).returns(true, Decision::isBlocking);
    assertThat(new Refuse("R", "").isRefusal()).isTrue();
    assertThat(new Escalate("R", "").isRefusal()).isFalse();
  }

  @Test
  void documentedJsonIsWritten() {
    assertThat(text(new Allow())).isEqualTo("{\"decision\":\"allow\"}");
    for (BiFunction<String, String, Decision> maker : WITH_RULE) {
      Decision decision = maker.apply("R001", "no");
      assertThat(text(decision))
          .isEqualTo(
              "{\"decision\":\""
                  + decision.verdict()
                  + "\",\"reason\":\"no\",\"rule_id\":\"R001\"}");
      assertThat(decision.ruleId()).contains("R001");
      assertThat(decision.reason()).contains("no");
    }
    assertThat(WITH_RULE.stream().map(maker -> maker.apply("R", "").verdict()))
        .containsExactly("warn", "refuse", "escalate");
  }

  @Test
  void writtenDecisionIsCanonical() throws Exception {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 3_000; i++) {
      String rule = "R" + ActionsOfAllKinds.randomText(random);
      String reason = ActionsOfAllKinds.randomText(random);
      Decision decision = WITH_RULE.get(i % 3).apply(rule, reason);
      byte[] written = text(decision).getBytes(UTF_8);
      assertThat(written).isEqualTo(CanonicalJson.canonicalize(written));
      assertThat(CanonicalJson.read(written).get("reason").stringValue()).isEqualTo(reason);
      assertThat(CanonicalJson.read(written).get("rule_id").stringValue()).isEqualTo(rule);
    }
  }

  /** The constructor rejects a rule id or reason that would not fit into a payload (promise D1). */
  @Test
  void ruleAndReasonAreBounded() {
    String wide = "\u20ac";
    for (BiFunction<String, String, Decision> maker : WITH_RULE) {
      assertThat(maker.apply("r".repeat(256), "x".repeat(16_384)).ruleId()).isPresent();
      assertThat(maker.apply(wide.repeat(85) + "r", wide.repeat(5_461) + "x").ruleId()).isPresent();
      assertRefused(maker, "r".repeat(257), "", "rule_id is 257 bytes; at most 256");
      assertRefused(maker, wide.repeat(86), "", "rule_id is 258 bytes; at most 256");
      assertRefused(maker, "R", "x".repeat(16_385), "reason is 16385 bytes; at most 16384");
      assertRefused(maker, "", "", "rule_id is empty; a decision names the rule that made it");
      assertRefused(maker, "\udc00", "", "rule_id: lone surrogate at char 0; it has no UTF-8 form");
      assertRefused(
          maker, "R", "ab\ud800", "reason: lone surrogate at char 2; it has no UTF-8 form");
    }
  }

  private static void assertRefused(
      BiFunction<String, String, Decision> maker, String rule, String reason, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> maker.apply(rule, reason))
        .withMessage(message);
  }

  private static String text(Decision decision) {
    CanonicalWriter out = new CanonicalWriter();
    decision.write(out);
    return new String(out.toBytes(), UTF_8);
  }
}
