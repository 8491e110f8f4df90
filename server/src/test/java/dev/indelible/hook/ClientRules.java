// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Decides what each client does with a hook's answer. Written from the client's own parser. */
enum ClientRules {
  CLAUDE_CODE {
    @Override
    boolean runsTool(String event, int status, String out, String err) throws JsonFormatException {
      if (status == 2) {
        return false;
      }
      if (out.isEmpty()) {
        return status == 0 || isOpen("exit status " + status);
      }
      JsonNode answer = CanonicalJson.read(out);
      JsonNode specific = answer.path("hookSpecificOutput");
      requireOnly(
          answer,
          "hookSpecificOutput",
          "systemMessage",
          "continue",
          "stopReason",
          "decision",
          "reason");
      if (!answer.path("continue").asBoolean(true)) {
        return false;
      }
      if (specific.isObject()) {
        assertThat(specific.path("hookEventName").stringValue()).isEqualTo(event);
      }
      return !specific.path("permissionDecision").asString("").equals("deny");
    }
  },

  /** If the parser rejects an answer, Codex treats the hook as failed and runs the tool. */
  CODEX {
    @Override
    boolean runsTool(String event, int status, String out, String err) throws JsonFormatException {
      if (status == 2) {
        return err.isBlank();
      }
      if (status != 0) {
        return isOpen("exit status " + status);
      }
      if (out.isEmpty()) {
        return true;
      }
      JsonNode answer = CanonicalJson.read(out);
      requireOnly(answer, "hookSpecificOutput", "systemMessage");
      JsonNode specific = answer.path("hookSpecificOutput");
      if (specific.isMissingNode()) {
        return true;
      }
      assertThat(specific.path("hookEventName").stringValue()).isEqualTo(event);
      if (event.equals("PermissionRequest")) {
        requireOnly(specific, "hookEventName", "decision");
        JsonNode decision = specific.path("decision");
        requireOnly(decision, "behavior", "message");
        assertThat(decision.path("behavior").stringValue()).isIn("allow", "deny");
        return decision.path("behavior").stringValue().equals("allow");
      }
      requireOnly(
          specific,
          "hookEventName",
          "permissionDecision",
          "permissionDecisionReason",
          "additionalContext");
      if (specific.has("permissionDecision")) {
        assertThat(specific.path("permissionDecision").stringValue()).isEqualTo("deny");
        assertThat(specific.path("permissionDecisionReason").stringValue()).isNotBlank();
        return false;
      }
      return true;
    }
  },

  GEMINI {
    @Override
    boolean runsTool(String event, int status, String out, String err) throws JsonFormatException {
      if (status == 2) {
        assertThat(err).isNotBlank();
        return false;
      }
      JsonNode answer = CanonicalJson.read(out);
      requireOnly(answer, "decision", "reason", "systemMessage");
      return !List.of("deny", "block").contains(answer.path("decision").asString(""));
    }
  },

  CURSOR {
    @Override
    boolean runsTool(String event, int status, String out, String err) throws JsonFormatException {
      if (status == 2) {
        return false;
      }
      JsonNode answer = CanonicalJson.read(out);
      requireOnly(answer, "permission", "user_message", "agent_message");
      assertThat(answer.path("permission").stringValue()).isIn("allow", "deny", "ask");
      return answer.path("permission").stringValue().equals("allow");
    }
  },

  /**
   * Copilot reads an answer only if the exit status is 0. Copilot 1.0.102 blocks after any other
   * status; its documentation states that it runs the tool, so an answer must not rely on it.
   */
  COPILOT {
    @Override
    boolean runsTool(String event, int status, String out, String err) throws JsonFormatException {
      if (status != 0 || out.isEmpty()) {
        return true;
      }
      JsonNode answer = CanonicalJson.read(out);
      requireOnly(answer, "permissionDecision", "permissionDecisionReason");
      assertThat(answer.path("permissionDecisionReason").stringValue()).isNotBlank();
      return !answer.path("permissionDecision").stringValue().equals("deny");
    }
  },

  /** The plugin throws, and so blocks the tool, unless the answer allows it. */
  OPENCODE {
    @Override
    boolean runsTool(String event, int status, String out, String err) throws JsonFormatException {
      return status == 0 && CanonicalJson.read(out).path("allow").asBoolean(false);
    }
  };

  /**
   * Returns true if the client runs the tool after a hook's answer.
   *
   * @throws AssertionError if the client's parser rejects the answer
   */
  abstract boolean runsTool(String event, int status, String out, String err)
      throws JsonFormatException;

  /**
   * Returns true if the client runs the tool after the answer of a hook that is run as a command.
   */
  final boolean runsTool(String event, HookAnswer answer) throws JsonFormatException {
    String out = answer.exitStatus() == 0 ? text(answer) : "";
    return runsTool(event, answer.exitStatus(), out, answer.err());
  }

  static String text(HookAnswer answer) {
    return new String(answer.out(), StandardCharsets.UTF_8);
  }

  static ClientRules of(String agent) {
    return valueOf(agent.toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
  }

  private static boolean isOpen(String why) {
    throw new AssertionError("the client runs the tool after " + why);
  }

  private static void requireOnly(JsonNode object, String... known) {
    assertThat(Set.of(known)).containsAll(object.propertyNames());
  }
}
