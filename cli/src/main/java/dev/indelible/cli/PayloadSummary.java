// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/**
 * A payload in short form, for text output.
 *
 * @param verdict the decision; empty for a system event
 * @param rule the rule that decided; empty if none did
 * @param reason the rule's reason; empty without a rule
 * @param action the action, or the details of a system event
 */
record PayloadSummary(String verdict, String rule, String reason, String action) {
  static PayloadSummary of(byte[] payload) {
    JsonNode tree;
    try {
      tree = CanonicalJson.read(payload);
    } catch (JsonFormatException e) {
      return new PayloadSummary("", "", "", "(unreadable payload)");
    }
    JsonNode decision = tree.path("decision");
    return new PayloadSummary(
        text(decision, "decision"),
        text(decision, "rule_id"),
        text(decision, "reason"),
        tree.has("action") ? action(tree.path("action")) : details(tree.path("details")));
  }

  /** Returns the details of an event of the log itself, without the text of a policy. */
  private static String details(JsonNode details) {
    if (details.path("files").isEmpty()) {
      return details.toString();
    }
    return "%s, %s bytes in %s"
        .formatted(
            text(details, "digest"),
            details.path("length").asLong(0),
            details.path("files").size() == 1 ? "1 file" : details.path("files").size() + " files");
  }

  /** Prints the summary, one field per line; empty fields are left out. */
  void print(Console console, int width) {
    if (!verdict.isEmpty()) {
      console.field(width, "decision", verdict, text -> console.byMeaning(text, verdict));
    }
    if (!rule.isEmpty()) {
      console.field(width, "rule", rule);
      console.field(width, "reason", reason);
    }
    if (!action.isEmpty()) {
      console.field(width, "action", action);
    }
  }

  private static String action(JsonNode action) {
    String kind = text(action, "kind");
    return switch (kind) {
      case "bash" -> text(action, "command");
      case "filesystem_write" -> "write " + text(action, "path");
      case "network_request" ->
          text(action, "scheme") + "://" + text(action, "host") + text(action, "path");
      case "process_spawn" ->
          text(action, "binary")
              + StreamSupport.stream(action.path("args").spliterator(), false)
                  .map(JsonNode::asString)
                  .collect(Collectors.joining(" ", " ", ""));
      case "tool_call" -> text(action, "tool") + " " + action.path("arguments");
      case "read" ->
          "read "
              + text(action, "surface")
              + " "
              + text(action, "namespace")
              + " "
              + text(action, "query");
      case "custom" -> text(action, "custom_kind") + " " + action.path("payload");
      default -> kind;
    };
  }

  private static String text(JsonNode object, String member) {
    return object.path(member).asString("");
  }
}
