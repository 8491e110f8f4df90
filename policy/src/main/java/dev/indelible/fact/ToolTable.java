// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.canonical.UnexpandedPath;
import dev.indelible.program.PatchScanner;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;

/**
 * Reads what a tool call does from the tool's name and the names of its arguments, by the table
 * {@code tools.yaml}. Arguments that the table does not name, such as content and messages, are
 * data.
 *
 * <p>Loaded at its first use. Immutable.
 */
final class ToolTable {
  private static final String RESOURCE = "tools.yaml";

  /** Deeper arguments are not read; JSON of an action is at most 500 deep. */
  private static final int MAX_DEPTH = 50;

  private final Map<String, Set<String>> tools;
  private final Map<String, Set<String>> arguments;
  private final Map<String, Set<String>> languages;
  private final Map<String, Set<String>> programs;

  private ToolTable(Map<String, Map<String, List<String>>> table) {
    tools = sets(table, "tools");
    arguments = sets(table, "arguments");
    languages = sets(table, "languages");
    programs = sets(table, "programs");
  }

  /** The table, loaded when the first tool call is read. */
  private static final class Loaded {
    static final ToolTable TABLE = load();

    private static ToolTable load() {
      try (InputStream in = ToolTable.class.getResourceAsStream(RESOURCE)) {
        Object loaded =
            new Load(LoadSettings.builder().setLabel(RESOURCE).build())
                .loadFromInputStream(Objects.requireNonNull(in, RESOURCE));
        @SuppressWarnings("unchecked") // A resource of this module; a test reads it.
        Map<String, Map<String, List<String>>> table =
            (Map<String, Map<String, List<String>>>) loaded;
        return new ToolTable(table);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static Map<String, Set<String>> sets(
      Map<String, Map<String, List<String>>> table, String name) {
    Map<String, Set<String>> sets = new LinkedHashMap<>();
    table.get(name).forEach((key, words) -> sets.put(key, Set.copyOf(words)));
    return sets;
  }

  /** Returns what a call does with its arguments. */
  static List<Use> read(String tool, JsonNode arguments) {
    ToolTable table = Loaded.TABLE;
    Call call = table.new Call(tool);
    List<Value> container = ContainerCall.read(call.words, arguments);
    if (!container.isEmpty()) {
      call.isInContainer = true;
      call.uses.add(use(Role.RUNS_COMMAND, container, ""));
    }
    call.read("", arguments, 0);
    call.readVerbs(arguments);
    if (call.destroys(arguments)) {
      call.uses.add(use(Role.DESTROYS, List.of(), tool));
    }
    return call.uses;
  }

  /** Returns the words of a name, in lower case, and the whole name as a further word. */
  static Set<String> words(String name) {
    Set<String> words = new HashSet<>(parts(name));
    words.add(plain(name));
    return words;
  }

  /** Splits a name into its words, in lower case. */
  private static List<String> parts(String name) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    char before = ' ';
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean isNew = Character.isUpperCase(c) && Character.isLowerCase(before);
      if (isNew || !Character.isLetterOrDigit(c)) {
        add(word, words);
      }
      if (Character.isLetterOrDigit(c)) {
        word.append(Character.toLowerCase(c));
      }
      before = c;
    }
    add(word, words);
    return words;
  }

  private static void add(StringBuilder word, List<String> words) {
    if (word.length() > 0) {
      words.add(word.toString());
      word.setLength(0);
    }
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "").replace(".", "");
  }

  /** A call while it is read. */
  private final class Call {
    private final Set<String> words;
    private final List<Value> verbs;
    private final List<Use> uses = new ArrayList<>();

    /** True if the command and the mounts belong to a container. */
    private boolean isInContainer;

    Call(String tool) {
      words = words(tool);
      verbs = verbs(parts(tool));
    }

    private boolean does(String what) {
      for (String word : Objects.requireNonNull(tools.get(what), what)) {
        if (words.contains(word)) {
          return true;
        }
      }
      return false;
    }

    private boolean names(String what) {
      return Objects.requireNonNull(arguments.get(what), what).stream()
          .anyMatch(word -> words.contains(word) || words.contains(word + "s"));
    }

    /**
     * Reads a tool whose name is the command of a program, for example {@code git_push}: an
     * argument that is true becomes the option of its name, a text becomes an operand.
     */
    void readVerbs(JsonNode object) {
      Optional<String> program = program();
      if (program.isEmpty() || verbs.isEmpty()) {
        return;
      }
      List<Value> command = new ArrayList<>();
      command.add(Value.of(program.get()));
      command.addAll(verbs);
      for (String member : object.propertyNames()) {
        JsonNode value = object.get(member);
        if (value.asBoolean(false)) {
          command.add(Value.of("--" + member.toLowerCase(Locale.ROOT).replace('_', '-')));
        } else if (value.isString() && member.equals("mode")) {
          command.add(Value.of("--" + value.stringValue().replaceFirst("^-+", "")));
        } else if (value.isString() && !value.stringValue().startsWith("-")) {
          command.add(Value.of(value.stringValue()));
        }
      }
      uses.add(use(Role.RUNS_COMMAND, command, ""));
    }

    /** Returns the words after the last one that means the program whose arguments are taken. */
    private List<Value> verbs(List<String> parts) {
      Optional<String> program = program();
      List<Value> after = new ArrayList<>();
      boolean isAfter = false;
      for (String part : parts) {
        if (program.isPresent() && isOf(program.get(), part)) {
          isAfter = true;
          after.clear();
        } else if (isAfter) {
          after.add(Value.of(part));
        }
      }
      return after;
    }

    private boolean isOf(String program, String word) {
      return Objects.requireNonNull(programs.get(program), program).contains(word);
    }

    /** Returns whether the call destroys a resource, by its words and its arguments. */
    private boolean destroys(JsonNode arguments) {
      boolean destroys = does("deletes") || does("destroys");
      boolean isOfResource = names("resource");
      for (String member : arguments.propertyNames()) {
        String text = arguments.get(member).asString("").toLowerCase(Locale.ROOT);
        boolean isAction = is(member, "action");
        destroys |= isAction && (isOne(text, "deletes") || isOne(text, "destroys"));
        isOfResource |= plain(member).equals("resourcetype");
        // Without a condition, the call affects everything.
        isOfResource |= is(member, "condition") && arguments.get(member).isEmpty();
      }
      return destroys && isOfResource && !names("part") || does("empties");
    }

    private boolean isOne(String word, String what) {
      return Objects.requireNonNull(tools.get(what), what).contains(word);
    }

    /** Returns the program whose arguments the tool takes; empty if there is none. */
    private Optional<String> program() {
      return programs.entrySet().stream()
          .filter(each -> each.getValue().stream().anyMatch(words::contains))
          .map(Map.Entry::getKey)
          .findFirst();
    }

    private boolean is(String name, String what) {
      return Objects.requireNonNull(arguments.get(what), what).contains(plain(name));
    }

    /**
     * Reads a value in the arguments; {@code name} is the name of the innermost member around it.
     */
    void read(String name, JsonNode value, int depth) {
      if (depth > MAX_DEPTH) {
        uses.add(use(Role.HIDES, List.of(), "arguments nested deeper than " + MAX_DEPTH));
      } else if (value.isObject()) {
        readObject(value, depth);
      } else if (value.isArray()) {
        if (isTexts(value) && is(name, "argv")) {
          List<Value> command = new ArrayList<>(texts(value));
          if (command.get(0).prefix().startsWith("-")) {
            command.addAll(0, verbs);
          }
          program()
              .filter(program -> !program.equals(command.get(0).prefix()))
              .ifPresent(program -> command.add(0, Value.of(program)));
          uses.add(use(Role.RUNS_COMMAND, command, ""));
          return;
        }
        boolean isList = plain(name).equals("commands");
        if (isTexts(value) && is(name, "command") && runs(name) && !isList) {
          uses.add(use(Role.RUNS_COMMAND, texts(value), ""));
          return;
        }
        value.forEach(item -> read(name, item, depth + 1));
      } else if (value.isString()) {
        readText(name, value.stringValue());
      }
    }

    /** Reads the members of an object, a program and its argument list together. */
    private void readObject(JsonNode object, int depth) {
      Optional<String> program = Optional.empty();
      Optional<String> argv = Optional.empty();
      for (String member : object.propertyNames()) {
        JsonNode value = object.get(member);
        if (value.isString() && (is(member, "program") || is(member, "command"))) {
          program = Optional.of(member);
        } else if (is(member, "argv") && (isTexts(value) || value.isString() && does("runs"))) {
          argv = Optional.of(member);
        }
      }
      boolean together = program.isPresent() && argv.isPresent();
      if (together) {
        Value name = Value.of(object.get(program.orElseThrow()).stringValue());
        JsonNode given = object.get(argv.orElseThrow());
        if (given.isString()) {
          Value text = name.plus(Value.of(" " + given.stringValue()));
          uses.add(use(Role.RUNS_SHELL, List.of(text), ""));
        } else {
          List<Value> command = new ArrayList<>(texts(given));
          command.add(0, name);
          uses.add(use(Role.RUNS_COMMAND, command, ""));
        }
      }
      for (String member : object.propertyNames()) {
        boolean isRead =
            together && (member.equals(program.get()) || member.equals(argv.orElseThrow()));
        if (!isRead) {
          readMember(object, member, depth);
        }
      }
    }

    private void readMember(JsonNode object, String member, int depth) {
      JsonNode value = object.get(member);
      if (plain(member).equals("visibility") && value.asString("").startsWith("public")) {
        uses.add(use(Role.PUBLISHES, List.of(), "a resource"));
        return;
      }
      if (isInContainer && ContainerCall.isOfContainer(member)) {
        return;
      }
      if (value.isString() && is(member, "code") && (does("evaluates") || object.has("language"))) {
        uses.add(code(object, value.stringValue()));
      } else {
        read(member, value, depth + 1);
      }
    }

    private Use code(JsonNode object, String text) {
      String stated = object.path("language").asString("").toLowerCase(Locale.ROOT);
      for (Map.Entry<String, Set<String>> language : languages.entrySet()) {
        for (String word : language.getValue()) {
          if (stated.isEmpty() ? words.contains(word) : stated.equals(word)) {
            return language.getKey().equals("shell")
                ? use(Role.RUNS_SHELL, List.of(Value.of(text)), "")
                : use(Role.RUNS_CODE, List.of(Value.of(text)), language.getKey());
          }
        }
      }
      return use(Role.RUNS_CODE, List.of(Value.of(text)), stated.isEmpty() ? "python" : stated);
    }

    private boolean runs(String name) {
      return does("runs") || !plain(name).equals("input") && !plain(name).equals("script");
    }

    private void readText(String name, String text) {
      Value value = Value.of(text);
      if (PatchScanner.isPatch(text)) {
        uses.add(use(Role.RUNS_CODE, List.of(value), PatchScanner.LANGUAGE));
        return;
      }
      Value path = UnexpandedPath.value(text);
      if (is(name, "command") && runs(name)) {
        uses.add(use(Role.RUNS_SHELL, List.of(value), ""));
        program()
            .ifPresent(
                program ->
                    uses.add(
                        use(Role.RUNS_SHELL, List.of(Value.of(program + " ").plus(value)), "")));
        if (words.contains("powershell") || words.contains("pwsh")) {
          uses.add(use(Role.RUNS_CODE, List.of(value), "powershell"));
        }
      } else if (is(name, "sql") && (does("queries") || plain(name).equals("sql"))) {
        uses.add(use(Role.RUNS_SQL, List.of(value), ""));
      } else if (isUrl(text)) {
        uses.add(use(Role.CONTACTS, List.of(value), ""));
      } else if (is(name, "prompt") && does("contacts")) {
        text.lines()
            .flatMap(line -> Stream.of(line.split("\\s+")))
            .filter(ToolTable.Call::isUrl)
            .forEach(url -> uses.add(use(Role.CONTACTS, List.of(Value.of(url)), "")));
      } else if (is(name, "working_directory")) {
        uses.add(use(Role.WORKS_IN, List.of(path), ""));
      } else if (does("sends") && is(name, "attachment")) {
        // A mere read: the working directory is unknown, so its files cannot be told from others.
        uses.add(use(Role.READS, List.of(path), ""));
      } else if (does("unpacks") && is(name, "to")) {
        uses.add(use(Role.WRITES, List.of(path), "unpacked"));
      } else if (does("moves") || does("copies")) {
        readTransfer(name, path);
      } else if (is(name, "path")) {
        readPath(path);
      } else if (is(name, "url") && does("contacts")) {
        uses.add(use(Role.CONTACTS, List.of(value), ""));
      } else if (is(name, "to") && does("writes")) {
        readPath(path);
      }
    }

    private static boolean isUrl(String text) {
      int scheme = text.strip().indexOf("://");
      return scheme > 0 && scheme < 12 && text.indexOf('\n') < 0 && text.indexOf(' ') < 0;
    }

    private void readTransfer(String name, Value value) {
      if (is(name, "to")) {
        uses.add(use(Role.WRITES, List.of(value), ""));
      } else if (is(name, "from") || is(name, "path")) {
        uses.add(use(does("moves") ? Role.DELETES : Role.READS, List.of(value), ""));
      }
    }

    private void readPath(Value value) {
      if (does("deletes")) {
        uses.add(use(Role.DELETES, List.of(value), ""));
      } else if (does("writes")) {
        uses.add(use(Role.WRITES, List.of(value), ""));
      } else {
        uses.add(use(Role.READS, List.of(value), ""));
      }
    }
  }

  /** Returns a use; a tool's deletion counts as recursive, because its options are unknown. */
  private static Use use(Role role, List<Value> values, String detail) {
    return new Use(role, values, detail, role == Role.DELETES, false);
  }

  private static boolean isTexts(JsonNode array) {
    if (!array.isArray()) {
      return false;
    }
    for (JsonNode item : array) {
      if (!item.isString()) {
        return false;
      }
    }
    return !array.isEmpty();
  }

  private static List<Value> texts(JsonNode array) {
    List<Value> texts = new ArrayList<>();
    array.forEach(item -> texts.add(Value.of(item.stringValue())));
    return texts;
  }
}
