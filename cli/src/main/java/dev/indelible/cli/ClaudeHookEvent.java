// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import dev.indelible.json.Text;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * An event that Claude Code asks a hook about. A known tool becomes its kind of action; any other
 * becomes a {@link ToolCall} with all its arguments.
 *
 * @param name the name of the event
 * @param input the agent and its action
 */
record ClaudeHookEvent(Name name, GateInput input) {
  /** The events in which a hook can stop an action. */
  enum Name {
    /** Before a tool runs. */
    PreToolUse,
    /** Before a shell line inside a skill or command runs, which causes no {@link #PreToolUse}. */
    PreSkillShellCommand;

    static Name of(String name) throws JsonFormatException {
      for (Name known : values()) {
        if (known.name().equals(name)) {
          return known;
        }
      }
      throw new JsonFormatException(
          "hook_event_name: is \"%s\"; a hook answers PreToolUse and PreSkillShellCommand"
              .formatted(Console.excerpt(name, 60)));
    }
  }

  /** Scheme, authority and rest of a URL. */
  private static final Pattern URL =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]+)([^#]*).*", Pattern.DOTALL);

  private static final String FILE_SCHEME = "file:";

  private static final Pattern AUTHORITY =
      Pattern.compile("(?:.*@)?(\\[[^\\]]*\\]|[^:]*)(?::([0-9]{1,5}))?", Pattern.DOTALL);

  /**
   * Reads an event that a hook has to answer.
   *
   * @param home the home directory of the user who runs the hook and the agent, if known
   * @throws JsonFormatException if a member is missing or malformed; the message names it
   */
  static ClaudeHookEvent read(byte[] json, Optional<String> home) throws JsonFormatException {
    JsonFields event = JsonFields.of(CanonicalJson.read(json), "input");
    return new ClaudeHookEvent(Name.of(event.string("hook_event_name")), input(event, home));
  }

  /** Reads the agent and the action of a recorded event; the event may have any name. */
  static GateInput readInput(byte[] json) throws JsonFormatException {
    return input(JsonFields.of(CanonicalJson.read(json), "input"), Optional.empty());
  }

  private static GateInput input(JsonFields event, Optional<String> home)
      throws JsonFormatException {
    String tool = event.string("tool_name");
    JsonNode input = event.node("tool_input");
    Place place = new Place(event.optionalString("cwd"), home);
    String agentId = GateInput.requireAgentId("claude:" + event.string("session_id"));
    try {
      return new GateInput(agentId, action(tool, JsonFields.of(input, "tool_input"), input, place));
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException("tool_input: " + e.getMessage());
    }
  }

  /** The working directory of an agent and its user's home directory, as far as they are known. */
  private record Place(Optional<String> cwd, Optional<String> home) {}

  private static AgentAction action(String tool, JsonFields input, JsonNode inputNode, Place place)
      throws JsonFormatException {
    Optional<String> cwd = place.cwd();
    return switch (tool) {
      case "Bash" -> new Bash(input.string("command"), cwd, place.home(), Optional.empty());
      case "Write" ->
          new FilesystemWrite(
              absolute(input.string("file_path"), cwd),
              OptionalLong.of(Text.utf8Length(input.string("content"))));
      case "Edit", "MultiEdit" -> new FilesystemWrite(absolute(input.string("file_path"), cwd));
      case "NotebookEdit" -> new FilesystemWrite(absolute(input.string("notebook_path"), cwd));
      case "WebFetch" -> fetch(input.string("url"), inputNode);
      case "WebSearch" -> new Read("web", Optional.empty(), input.optionalString("query"));
      case "Read" ->
          new Read(
              "filesystem",
              Optional.of(absolute(input.string("file_path"), cwd)),
              Optional.empty());
      case "Glob", "Grep" ->
          new Read(
              "filesystem",
              input.optionalString("path").map(path -> absolute(path, cwd)).or(() -> cwd),
              input.optionalString("pattern"));
      default -> new ToolCall(tool, JsonValue.of(inputNode));
    };
  }

  /** Returns the absolute path; a relative path starts at the agent's directory, not the gate's. */
  private static String absolute(String path, Optional<String> cwd) {
    return path.startsWith("/") || cwd.isEmpty() ? path : cwd.get() + "/" + path;
  }

  /**
   * Returns the action of a fetch: for a file, a read; for a URL that cannot be parsed, the tool
   * call with all its arguments.
   */
  private static AgentAction fetch(String url, JsonNode arguments) {
    if (url.strip().regionMatches(true, 0, FILE_SCHEME, 0, FILE_SCHEME.length())) {
      return new Read("filesystem", Optional.of(url.strip()), Optional.empty());
    }
    try {
      return request(url);
    } catch (JsonFormatException | IllegalArgumentException e) {
      return new ToolCall("WebFetch", JsonValue.of(arguments));
    }
  }

  /** Parses a URL as browsers do; refuses a text that is not absolute. */
  static NetworkRequest request(String url) throws JsonFormatException {
    // A browser drops white space inside a URL and reads a backslash as a slash.
    Matcher parts = URL.matcher(url.strip().replaceAll("[\t\r\n]", "").replace('\\', '/'));
    if (!parts.matches()) {
      throw new JsonFormatException("tool_input.url: not an absolute URL; write scheme://host");
    }
    Matcher authority = AUTHORITY.matcher(parts.group(2));
    if (!authority.matches() || authority.group(1).isEmpty()) {
      throw new JsonFormatException("tool_input.url: no host; write scheme://host");
    }
    OptionalInt port =
        authority.group(2) == null
            ? OptionalInt.empty()
            : OptionalInt.of(Integer.parseInt(authority.group(2)));
    Optional<String> path = Optional.of(parts.group(3)).filter(rest -> !rest.isEmpty());
    return new NetworkRequest(authority.group(1), parts.group(1), port, path);
  }
}
