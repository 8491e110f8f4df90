// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.base.Text;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Turns a call of an agent's tool into an action: a known tool becomes its kind of action, any
 * other a {@link ToolCall} with all its arguments.
 *
 * @param byName the known tools of an agent
 */
record Tools(Map<String, Tool> byName) {
  private static final String FILE_SCHEME = "file:";

  /** Begins what is not constant in the pattern of a {@link Glob}. */
  private static final Pattern WILDCARD = Pattern.compile("[*?\\[{(!\\\\]");

  Tools {
    byName = Map.copyOf(byName);
  }

  /**
   * Where an agent works.
   *
   * @param cwd its working directory; null if it is not known
   * @param home the home directory of its user; null if it is not known
   */
  record Place(@Nullable String cwd, @Nullable String home) {}

  /** A kind of tool; its components are the names of the tool's arguments. */
  sealed interface Tool {}

  /**
   * Runs a shell command.
   *
   * @param cwd the names that versions of the agent have for the working directory
   */
  record Shell(String command, String... cwd) implements Tool {}

  /** Runs a shell command in the working directory, or does something else without a command. */
  record OptionalShell(String command) implements Tool {}

  /** Writes a file; the content is null for a tool that changes a part of the file. */
  record Write(String path, @Nullable String content) implements Tool {}

  /** Reads a file. */
  record ReadFile(String path) implements Tool {}

  /**
   * Searches files below a directory, by default the working directory. Some agents can name
   * several directories in an array.
   */
  record Search(String path, String pattern) implements Tool {}

  /**
   * Lists the files whose paths match a pattern, below a directory, by default the working
   * directory. The pattern may name a directory elsewhere.
   */
  record Glob(String path, String pattern) implements Tool {}

  /** Requests a URL. */
  record Fetch(String url) implements Tool {}

  /** Searches the web. */
  record WebSearch(String query) implements Tool {}

  /**
   * Returns the action of a call.
   *
   * @param arguments the arguments of the tool
   * @throws JsonFormatException if an argument of a known tool is missing or malformed
   */
  AgentAction action(String name, JsonNode arguments, Place place) throws JsonFormatException {
    Tool tool = byName.get(name);
    if (tool == null
        || tool instanceof OptionalShell shell && !arguments.has(shell.command())
        || tool instanceof Search search && arguments.path(search.path()).size() > 1
        || tool instanceof Glob glob && arguments.path(glob.path()).size() > 1) {
      return new ToolCall(name, JsonValue.of(arguments));
    }
    JsonFields input = JsonFields.of(arguments, "tool_input");
    if (tool instanceof Shell shell) {
      return bash(shell, input, place);
    }
    if (tool instanceof OptionalShell shell) {
      return bash(new Shell(shell.command()), input, place);
    }
    if (tool instanceof Write write) {
      String path = absolute(input.string(write.path()), place);
      return write.content() == null
          ? new FilesystemWrite(path)
          : new FilesystemWrite(
              path, OptionalLong.of(Text.utf8Length(input.string(write.content()))));
    }
    if (tool instanceof ReadFile read) {
      String path = absolute(input.string(read.path()), place);
      return new Read("filesystem", Optional.of(path), Optional.empty());
    }
    if (tool instanceof Search search) {
      return new Read(
          "filesystem",
          directory(input, search.path(), place),
          input.optionalString(search.pattern()));
    }
    if (tool instanceof Glob glob) {
      String pattern = input.string(glob.pattern());
      Place below = new Place(directory(input, glob.path(), place).orElse(null), place.home());
      return new Read("filesystem", constantDirectory(pattern, below), Optional.of(pattern));
    }
    if (tool instanceof Fetch fetch) {
      return fetch(name, input.string(fetch.url()), arguments);
    }
    WebSearch search = (WebSearch) tool;
    return new Read("web", Optional.empty(), input.optionalString(search.query()));
  }

  private static Bash bash(Shell shell, JsonFields input, Place place) throws JsonFormatException {
    Optional<String> cwd = Optional.empty();
    for (String member : shell.cwd()) {
      cwd = cwd.isPresent() ? cwd : input.optionalString(member);
    }
    return new Bash(
        input.string(shell.command()),
        cwd.map(path -> absolute(path, place)).or(() -> Optional.ofNullable(place.cwd())),
        Optional.ofNullable(place.home()),
        Optional.empty());
  }

  /** Returns the directory that a search names, or else the working directory if it is known. */
  private static Optional<String> directory(JsonFields input, String member, Place place)
      throws JsonFormatException {
    Optional<String> named =
        input.has(member) && input.node(member).isArray()
            ? input.strings(member).stream().findFirst()
            : input.optionalString(member);
    return named.map(path -> absolute(path, place)).or(() -> Optional.ofNullable(place.cwd()));
  }

  /** Returns the directory with which a pattern begins, or else the place's, if it is known. */
  private static Optional<String> constantDirectory(String pattern, Place place) {
    Matcher wildcard = WILDCARD.matcher(pattern);
    int end = pattern.lastIndexOf('/', wildcard.find() ? wildcard.start() : pattern.length());
    boolean isKnown = pattern.startsWith("/") || place.cwd() != null;
    return end < 0 || !isKnown
        ? Optional.ofNullable(place.cwd())
        : Optional.of(absolute(pattern.substring(0, Math.max(end, 1)), place));
  }

  /** Returns the arguments of a call; some versions of agents send them as JSON in a string. */
  static JsonNode arguments(JsonNode given) throws JsonFormatException {
    return given.isString()
        ? CanonicalJson.readUntrusted(given.stringValue().getBytes(StandardCharsets.UTF_8))
        : given;
  }

  /**
   * Returns an absolute path: a relative one is relative to the agent's directory, not the gate's.
   */
  static String absolute(String path, Place place) {
    return path.startsWith("/") || place.cwd() == null ? path : place.cwd() + "/" + path;
  }

  /**
   * A {@code file:} URL becomes a read. If the URL cannot be parsed, the gate decides about the
   * whole tool call.
   */
  private static AgentAction fetch(String tool, String url, JsonNode arguments) {
    if (url.strip().regionMatches(true, 0, FILE_SCHEME, 0, FILE_SCHEME.length())) {
      return new Read("filesystem", Optional.of(url.strip()), Optional.empty());
    }
    try {
      return NetworkRequest.ofUrl(url);
    } catch (IllegalArgumentException e) {
      return new ToolCall(tool, JsonValue.of(arguments));
    }
  }
}
