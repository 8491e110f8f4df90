// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * Reads an {@link AgentAction} from its JSON form.
 *
 * <p>Strict: a missing, mistyped or unknown field is refused, because a field that is ignored would
 * be neither decided about nor recorded.
 */
public final class ActionParser {
  private ActionParser() {}

  /**
   * Reads an action.
   *
   * @param where names the value in errors, for example {@code action}
   * @throws JsonFormatException if it is not an action; the message names the field
   */
  public static AgentAction parse(JsonNode node, String where) throws JsonFormatException {
    JsonFields fields = JsonFields.of(node, where);
    String kind = fields.string("kind");
    try {
      AgentAction action = parse(kind, fields);
      fields.requireNoOthers();
      return action;
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(where + ": " + e.getMessage());
    }
  }

  private static AgentAction parse(String kind, JsonFields fields) throws JsonFormatException {
    return switch (kind) {
      case Bash.KIND ->
          new Bash(
              fields.string("command"),
              fields.optionalString("cwd"),
              fields.optionalString("home"),
              fields.optionalString("shell"));
      case FilesystemWrite.KIND ->
          new FilesystemWrite(fields.string("path"), fields.optionalLong("byte_estimate"));
      case NetworkRequest.KIND ->
          new NetworkRequest(
              fields.string("host"),
              fields.string("scheme"),
              port(fields.optionalLong("port")),
              fields.optionalString("path"));
      case ProcessSpawn.KIND -> new ProcessSpawn(fields.string("binary"), fields.strings("args"));
      case ToolCall.KIND -> new ToolCall(fields.string("tool"), fields.value("arguments"));
      case Read.KIND ->
          new Read(
              fields.string("surface"),
              fields.optionalString("namespace"),
              fields.optionalString("query"));
      case Custom.KIND -> new Custom(fields.string("custom_kind"), fields.value("payload"));
      default ->
          throw new JsonFormatException(
              "%s.kind: unknown kind \"%s\"; use one of %s"
                  .formatted(
                      fields.where(), Text.excerpt(kind), String.join(", ", AgentAction.KINDS)));
    };
  }

  private static OptionalInt port(OptionalLong value) {
    // Clamps the value to an int; the constructor of NetworkRequest then refuses it as a port.
    return value.isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of(
            (int) Math.max(Integer.MIN_VALUE, Math.min(value.getAsLong(), Integer.MAX_VALUE)));
  }
}
