// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Parses arbitrary input as an action. The parser either rejects it with a {@link
 * JsonFormatException}, or the recorded form of the action parses back to an equal action.
 */
class ActionFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void parsedActionIsRecordedUnchanged(byte[] input) throws JsonFormatException {
    AgentAction action;
    try {
      action = ActionParser.parse(CanonicalJson.read(input), "action");
    } catch (JsonFormatException e) {
      return;
    }
    DeferredAuditEvent event =
        DeferredAuditEvent.of("agent:a", action, new Refuse("R001", "no"), Optional.empty());
    JsonNode recorded = CanonicalJson.read(event.content().bytes()).get("action");
    if (recorded != null && !ActionParser.parse(recorded, "action").equals(action)) {
      throw new AssertionError(action + " is recorded as " + recorded);
    }
  }
}
