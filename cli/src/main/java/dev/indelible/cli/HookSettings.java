// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import dev.indelible.base.DurableFiles;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * An agent's settings file before and after the hook is added. Everything else in the file keeps
 * its value and its place.
 *
 * @param file the file; a symbolic link is followed
 * @param before its lines; none if there is no file
 * @param after its lines with the hook
 * @param hooksDisabled true if the file switches all hooks off
 */
record HookSettings(Path file, List<String> before, List<String> after, boolean hooksDisabled) {
  /** The commands that this class writes, for any agent; an older one is replaced. */
  private static final Pattern OURS =
      Pattern.compile("(?s).*indelible'? --data .* hook [a-z-]+|.*indelible-hook'? [a-z-]+ .*");

  private static final int CONTEXT_LINES = 3;

  private static final JsonMapper MAPPER = new JsonMapper();

  private static final DefaultPrettyPrinter PRINTER =
      new DefaultPrettyPrinter(
              Separators.createDefaultInstance()
                  .withObjectNameValueSpacing(Separators.Spacing.AFTER)
                  .withArrayEmptySeparator("")
                  .withObjectEmptySeparator(""))
          .withObjectIndenter(new DefaultIndenter("  ", "\n"))
          .withArrayIndenter(new DefaultIndenter("  ", "\n"));

  /**
   * Reads a settings file and adds the hook.
   *
   * @param format the form of the agent's settings
   * @param command the hook's shell command
   * @throws CommandFailure if the file cannot be read, or does not have the form that the agent
   *     reads
   */
  static HookSettings withHook(HookFormat format, Path file, String command) throws CommandFailure {
    String text = read(file);
    ObjectNode settings = parse(file, text);
    if (format.hasVersion() && !settings.has("version")) {
      settings.put("version", 1);
    }
    JsonNode there = settings.has("hooks") ? settings.get("hooks") : settings.putObject("hooks");
    ObjectNode hooks = typed(file, "hooks", there, ObjectNode.class);
    for (String event : format.events()) {
      install(file, hooks, event, format.entry(event, command));
    }
    String changed = MAPPER.writer().with(PRINTER).writeValueAsString(settings);
    return new HookSettings(
        file,
        text.lines().toList(),
        changed.lines().toList(),
        settings.path("disableAllHooks").asBoolean(false));
  }

  /** Returns true if the file has the hook already, unchanged. */
  boolean isUnchanged() {
    return before.equals(after);
  }

  /** Returns the lines of the change as a unified diff. */
  List<String> diff() {
    return UnifiedDiffUtils.generateUnifiedDiff(
        before.isEmpty() ? "/dev/null" : file.toString(),
        file.toString(),
        before,
        DiffUtils.diff(before, after),
        CONTEXT_LINES);
  }

  /** Returns the bytes of the changed file. */
  byte[] content() {
    return (String.join("\n", after) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static String read(Path file) throws CommandFailure {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be read: %s", file, DurableFiles.reason(e));
    }
  }

  private static ObjectNode parse(Path file, String text) throws CommandFailure {
    if (text.isBlank()) {
      return JsonNodeFactory.instance.objectNode();
    }
    try {
      return typed(file, "the file", CanonicalJson.read(text), ObjectNode.class);
    } catch (JsonFormatException e) {
      throw CommandFailure.usage(
          "%s: is not JSON, so nothing was changed; correct it first: %s", file, e.getMessage());
    }
  }

  private static void install(Path file, ObjectNode hooks, String event, ObjectNode ours)
      throws CommandFailure {
    JsonNode there = hooks.has(event) ? hooks.get(event) : hooks.putArray(event);
    ArrayNode entries = typed(file, "hooks." + event, there, ArrayNode.class);
    List<JsonNode> kept = new ArrayList<>();
    for (JsonNode entry : entries) {
      if (!isOurs(entry)) {
        kept.add(entry);
      }
    }
    entries.removeAll();
    entries.add(ours).addAll(kept);
  }

  /** Returns true if an entry's only hook is one that this class wrote; it is replaced. */
  private static boolean isOurs(JsonNode entry) {
    JsonNode hooks = entry.path("hooks");
    JsonNode hook = hooks.isMissingNode() ? entry : hooks.size() == 1 ? hooks.get(0) : hooks;
    String command = hook.path("command").asString(hook.path("bash").asString(""));
    return OURS.matcher(command).matches();
  }

  /** Returns a node as a type; refuses a node of another type. */
  private static <T extends JsonNode> T typed(Path file, String name, JsonNode node, Class<T> type)
      throws CommandFailure {
    if (type.isInstance(node)) {
      return type.cast(node);
    }
    throw CommandFailure.usage(
        "%s: %s is not %s, so nothing was changed; correct it first",
        file, name, type == ObjectNode.class ? "an object" : "an array");
  }
}
