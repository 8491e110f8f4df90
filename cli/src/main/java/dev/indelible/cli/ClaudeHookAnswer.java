// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.decision.Decision;
import dev.indelible.decision.Warn;
import dev.indelible.json.CanonicalWriter;
import java.util.Optional;
import java.util.UUID;

/**
 * Writes a decision in the form that Claude Code reads from a hook's standard output. The Claude
 * Agent SDK 0.3.332 has it as the types {@code PreToolUseHookSpecificOutput} and {@code
 * PreSkillShellCommandHookSpecificOutput}.
 *
 * <p>An allowed action gets no answer, so that Claude Code's own permissions still apply.
 */
final class ClaudeHookAnswer {
  /** The longest text that Claude Code shows in full. */
  private static final int MAX_TEXT_CHARS = 10_000;

  private ClaudeHookAnswer() {}

  /**
   * Returns the JSON that answers the event; empty if the action is allowed.
   *
   * @param event the event that asks
   * @param eventId the event that records the decision
   */
  static Optional<byte[]> json(ClaudeHookEvent.Name event, Decision decision, UUID eventId) {
    if (decision instanceof Warn) {
      return Optional.of(warning(event, text(decision, eventId)));
    }
    if (decision.isPermitted()) {
      return Optional.empty();
    }
    return Optional.of(denial(event, text(decision, eventId)));
  }

  private static byte[] warning(ClaudeHookEvent.Name event, String text) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    if (event == ClaudeHookEvent.Name.PreToolUse) {
      // The answer to PreSkillShellCommand has no member for a text to the model.
      out.name("hookSpecificOutput")
          .beginObject()
          .member("additionalContext", text)
          .member("hookEventName", event.name())
          .endObject();
    }
    return out.member("systemMessage", text).endObject().toBytes();
  }

  private static byte[] denial(ClaudeHookEvent.Name event, String text) {
    return new CanonicalWriter()
        .beginObject()
        .name("hookSpecificOutput")
        .beginObject()
        .member("hookEventName", event.name())
        .member("permissionDecision", "deny")
        .member("permissionDecisionReason", text)
        .endObject()
        .endObject()
        .toBytes();
  }

  /**
   * Returns, for example, {@code refused by rule R001: no recursive delete (recorded as 0198…)}.
   */
  private static String text(Decision decision, UUID eventId) {
    String verb =
        switch (decision.verdict()) {
          case "warn" -> "warning by";
          case "escalate" -> "a person must approve this; stopped by";
          default -> "refused by";
        };
    String head = "%s rule %s: ".formatted(verb, decision.ruleId().orElseThrow());
    String tail = " (recorded as %s)".formatted(eventId);
    int width = MAX_TEXT_CHARS - head.length() - tail.length();
    return head + Console.excerpt(decision.reason().orElseThrow(), width) + tail;
  }
}
