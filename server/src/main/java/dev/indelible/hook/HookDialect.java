// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How one agent asks its hook about an action, and which answers it understands. */
public interface HookDialect {
  /**
   * Reads a question from UTF-8 bytes.
   *
   * @param home the home directory of the user who runs the agent; null if it is not known
   * @throws JsonFormatException if a member is missing or malformed, or the event is not one that a
   *     hook can stop; the message names the member
   */
  HookQuestion read(byte[] json, @Nullable String home) throws JsonFormatException;

  /**
   * Returns the answer to a question that was decided. A decision without a record blocks the
   * action.
   */
  HookAnswer answer(HookQuestion question, RecordedDecision decided);

  /**
   * Returns the answer that blocks the action because no decision was made or recorded. Its content
   * is empty if no content blocks an unknown event.
   *
   * @param event the event in question; empty if it is not known
   * @param reason the failure, in words
   */
  HookAnswer failure(Optional<String> event, String reason);

  /**
   * Returns the name of the event in a question, for {@link #failure}; empty if it is not found.
   *
   * @param json a question that {@link #read} cannot read, or the beginning of one
   */
  static Optional<String> event(byte[] json) {
    return CanonicalJson.memberOfPrefix(json, "hook_event_name");
  }

  /** Returns the dialect of an agent; empty if there is none of that name. */
  static Optional<HookDialect> named(String agent) {
    return Optional.ofNullable(Dialects.ALL.get(agent));
  }

  /** Returns the names of the agents, sorted. */
  static Collection<String> agents() {
    return Dialects.ALL.keySet();
  }

  /** The dialects, keyed by the name of the agent. */
  final class Dialects {
    private static final Map<String, HookDialect> ALL =
        new TreeMap<>(
            Map.of(
                "claude-code", new ClaudeCode(),
                "codex", new Codex(),
                "copilot", new Copilot(),
                "cursor", new Cursor(),
                "gemini", new Gemini(),
                "opencode", new OpenCode()));

    private Dialects() {}
  }
}
