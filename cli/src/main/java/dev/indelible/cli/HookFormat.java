// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.Home;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** How an agent's settings file names its hooks. */
enum HookFormat {
  CLAUDE_CODE(
      "CLAUDE_CONFIG_DIR", ".claude", "settings.json", "PreToolUse", "PreSkillShellCommand") {
    @Override
    ObjectNode entry(String event, String command) {
      return group(hook(command, TIMEOUT_SECONDS).put("onFailure", "block"));
    }

    @Override
    List<String> notes() {
      return List.of();
    }
  },

  CODEX("CODEX_HOME", ".codex", "hooks.json", "PreToolUse", "PermissionRequest") {
    @Override
    ObjectNode entry(String event, String command) {
      return group(hook(command, TIMEOUT_SECONDS));
    }

    @Override
    List<String> notes() {
      return List.of("open /hooks in Codex and trust this hook: until then Codex skips it", OPEN);
    }
  },

  GEMINI("", ".gemini", "settings.json", "BeforeTool") {
    @Override
    ObjectNode entry(String event, String command) {
      ObjectNode hook = hook(command, 1_000 * TIMEOUT_SECONDS).put("name", "indelible");
      return group(hook).put("matcher", ".*");
    }

    @Override
    List<String> notes() {
      return List.of(
          "Gemini runs the hooks of a project's settings only if you trust its directory", OPEN);
    }
  },

  CURSOR(
      "",
      ".cursor",
      "hooks.json",
      "beforeShellExecution",
      "beforeMCPExecution",
      "beforeReadFile",
      "preToolUse") {
    @Override
    ObjectNode entry(String event, String command) {
      ObjectNode hook =
          JsonNodeFactory.instance
              .objectNode()
              .put("command", command)
              .put("timeout", TIMEOUT_SECONDS)
              .put("failClosed", true);
      // Commands, MCP tools and reads have their own events; a second hook would record them twice.
      return event.equals("preToolUse") ? hook.put("matcher", "Write|Delete|Grep|Task") : hook;
    }

    @Override
    boolean hasVersion() {
      return true;
    }

    @Override
    List<String> notes() {
      return List.of(
          "Cursor can also run Claude Code's hooks; install one of the two, or each action is"
              + " recorded twice");
    }
  },

  COPILOT("", ".copilot", "hooks/indelible.json", "preToolUse") {
    @Override
    ObjectNode entry(String event, String command) {
      return JsonNodeFactory.instance
          .objectNode()
          .put("type", "command")
          .put("bash", command)
          .put("timeoutSec", TIMEOUT_SECONDS);
    }

    @Override
    boolean hasVersion() {
      return true;
    }

    @Override
    List<String> notes() {
      return List.of(
          "the coding agent reads .github/hooks of its repository: name that with --settings;"
              + " Copilot's command reads it only if you trust its directory",
          OPEN);
    }
  };

  /**
   * Time limit of the hook: far longer than an answer takes, and far shorter than the agents'
   * defaults of minutes.
   */
  static final int TIMEOUT_SECONDS = 30;

  private static final String OPEN =
      "this agent may run a tool when its hook cannot start, is killed or takes too long";

  private static final Map<String, HookFormat> BY_AGENT =
      new TreeMap<>(
          Map.of(
              "claude-code", CLAUDE_CODE,
              "codex", CODEX,
              "copilot", COPILOT,
              "cursor", CURSOR,
              "gemini", GEMINI));

  /** The environment variable that names another directory; empty if the agent has none. */
  private final String variable;

  private final String directory;
  private final String file;
  private final List<String> events;

  HookFormat(String variable, String directory, String file, String... events) {
    this.variable = variable;
    this.directory = directory;
    this.file = file;
    this.events = List.of(events);
  }

  /** Returns the format of an agent; empty if it has no settings for hooks. */
  static Optional<HookFormat> of(String agent) {
    return Optional.ofNullable(BY_AGENT.get(agent));
  }

  static String agents() {
    return String.join(", ", BY_AGENT.keySet());
  }

  /** Returns the user's settings file, where an agent in this environment looks for it. */
  Path file(Map<String, String> environment) {
    String named = environment.getOrDefault(variable, "");
    Path settings =
        named.isEmpty() ? Path.of(Home.directory(environment), directory) : Path.of(named);
    return settings.resolve(file);
  }

  /** Returns the events that a hook can stop. */
  List<String> events() {
    return events;
  }

  /** Returns the settings for one event. */
  abstract ObjectNode entry(String event, String command);

  /** Returns true if the file starts with the version of its format. */
  boolean hasVersion() {
    return false;
  }

  /** Returns notes on what the user has to know or do after the installation. */
  abstract List<String> notes();

  private static ObjectNode hook(String command, int timeout) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("type", "command")
        .put("command", command)
        .put("timeout", timeout);
  }

  private static ObjectNode group(ObjectNode hook) {
    ObjectNode group = JsonNodeFactory.instance.objectNode();
    group.putArray("hooks").add(hook);
    return group;
  }
}
