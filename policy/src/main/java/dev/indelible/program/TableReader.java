// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.program.Grammar.Alternative;
import dev.indelible.program.Grammar.Behaviour;
import dev.indelible.program.Grammar.Rules;
import dev.indelible.program.Grammar.Style;
import dev.indelible.program.Option.Arity;
import dev.indelible.program.Template.Action;
import dev.indelible.program.Template.Condition;
import dev.indelible.program.Template.HasRole;
import dev.indelible.program.Template.ReadBy;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads the YAML entry of a program; the package's documentation describes the form. Long because
 * each key of the form has its own method.
 */
final class TableReader {
  /** The last key of an entry; only tests read the part after it. */
  private static final String TESTS = "\ntests: |\n";

  private static final Set<String> LEVEL_KEYS =
      Set.of(
          "options",
          "everywhere",
          "values",
          "flags",
          "operands",
          "with",
          "uses",
          "output",
          "subcommands",
          "options-end-at",
          "harmless-with");

  private static final Set<String> ENTRY_KEYS =
      Set.of(
          "about",
          "tests",
          "style",
          "ignore-case",
          "old-style",
          "assignments",
          "plus-options",
          "reader");

  private static final Set<String> POSITIONS =
      Set.of(
          "1",
          "2",
          "3",
          "4",
          "from 1",
          "from 2",
          "from 3",
          "from 4",
          "joined 1",
          "joined 2",
          "joined 3",
          "last",
          "others",
          "none");

  private static final Map<String, Role> ROLES = new HashMap<>();

  static {
    for (Role role : Role.values()) {
      ROLES.put(key(role), role);
    }
  }

  /** One bit of a mask is reserved for {@link Scan#WRITES_STDOUT}. */
  private static final int MAX_CONDITIONS = Long.SIZE - 1;

  private final String file;
  private int bits;

  /** The path of keys to the current value, for error messages. */
  private final List<String> path = new ArrayList<>();

  private TableReader(String file) {
    this.file = file;
  }

  /** Returns a program from its entry. */
  static Program read(String name, String file, String yaml) {
    TableReader reader = new TableReader(file);
    int tests = yaml.indexOf(TESTS);
    if (tests < 0) {
      throw reader.error("has no tests; end it with \"tests: |\"");
    }
    return reader.program(name, document(file, yaml.substring(0, tests + 1)));
  }

  /** Returns the variables that run programs, with the uses of their values. */
  static Map<String, Variables.Entry> variables(String file, String yaml) {
    return new TableReader(file).variableEntries(document(file, yaml));
  }

  /** Returns the table of calls in languages other than shell. */
  static CodeTable code(String file, String yaml) {
    TableReader reader = new TableReader(file);
    Map<String, Object> document = document(file, yaml);
    Map<String, Map<String, CodeTable.Call>> languages = new HashMap<>();
    for (Map.Entry<String, Object> language : document.entrySet()) {
      Map<String, CodeTable.Call> named = new HashMap<>();
      reader.path.add(language.getKey());
      for (Map.Entry<String, Object> call : reader.map(language.getValue()).entrySet()) {
        reader.path.add(call.getKey());
        for (String name : words(call.getKey())) {
          named.put(name, reader.call(call.getValue()));
        }
        reader.leave();
      }
      reader.leave();
      languages.put(language.getKey(), named);
    }
    return new CodeTable(languages);
  }

  /** Reads a call: {@code evaluates}, {@code returns} followed by a word, or its uses. */
  private CodeTable.Call call(Object value) {
    if (value instanceof String text && text.equals("evaluates")) {
      return new CodeTable.Call(Operands.UNUSED, "", true);
    }
    if (value instanceof String text && text.startsWith("returns ")) {
      return new CodeTable.Call(Operands.UNUSED, text.substring("returns ".length()), false);
    }
    if (value instanceof Map && map(value).containsKey("returns")) {
      Map<String, Object> members = new LinkedHashMap<>(map(value));
      String result = text(members.remove("returns"));
      return new CodeTable.Call(operands(members, Map.of()), result, false);
    }
    return new CodeTable.Call(operands(value, Map.of()), "", false);
  }

  /** Returns the tests of an entry: the expected uses as text, keyed by command line. */
  static Map<String, List<String>> tests(String file, String yaml) {
    TableReader reader = new TableReader(file);
    Object member = document(file, yaml).get("tests");
    if (member == null) {
      throw reader.error("has no tests; add at least one");
    }
    Map<String, List<String>> tests = new LinkedHashMap<>();
    List<String> uses = new ArrayList<>();
    for (String line : reader.text(member).lines().toList()) {
      if (line.startsWith(" ")) {
        uses.add(line.strip());
      } else {
        uses = new ArrayList<>();
        if (tests.put(line, uses) != null) {
          throw reader.error("tests \"" + line + "\" twice");
        }
      }
    }
    return tests;
  }

  /** Returns the word for a role in the table, for example {@code runs-shell}. */
  static String key(Role role) {
    return role.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Map<String, Object> document(String file, String yaml) {
    TableReader reader = new TableReader(file);
    try {
      Object root = new Load(LoadSettings.builder().build()).loadFromString(yaml);
      if (root == null) {
        throw reader.error("is empty");
      }
      return reader.map(root);
    } catch (YamlEngineException e) {
      throw new ProgramTableException(file + ": not YAML: " + e.getMessage(), e);
    }
  }

  private Program program(String name, Map<String, Object> entry) {
    requireKnown(entry, ENTRY_KEYS, LEVEL_KEYS);
    Object reader = entry.get("reader");
    if (reader != null) {
      Optional<Function<List<Value>, Invocation>> code = Readers.program(text(reader));
      if (code.isEmpty()) {
        throw unknown(reader);
      }
      return new Program(name, Grammar.NONE, code.get());
    }
    Rules rules =
        new Rules(
            style(entry.getOrDefault("style", "gnu")),
            bool(entry.get("ignore-case")),
            bool(entry.get("old-style")),
            bool(entry.get("assignments")),
            bool(entry.get("plus-options")),
            Integer.MAX_VALUE);
    Grammar grammar = grammar(entry, rules, Map.of());
    return new Program(name, grammar, null);
  }

  private Grammar grammar(Map<String, Object> level, Rules inherited, Map<String, Option> above) {
    Map<Option, Object> raw = new LinkedHashMap<>();
    Map<String, Option> own = new HashMap<>();
    declare(level.get("everywhere"), own, raw);
    Map<String, Option> everywhere = new HashMap<>(above);
    everywhere.putAll(own);
    declare(level.get("options"), own, raw);
    declareWithoutUse(level.get("values"), Arity.REQUIRED, own);
    declareWithoutUse(level.get("flags"), Arity.NONE, own);
    Map<String, Option> options = new HashMap<>(above);
    options.putAll(own);
    for (Map.Entry<Option, Object> entry : raw.entrySet()) {
      Option option = entry.getKey();
      Object uses = entry.getValue();
      if (uses instanceof String || uses instanceof List) {
        List<String> words = new ArrayList<>(texts(uses));
        option.isRecursive = words.remove("recursive");
        option.endsOptions = words.remove("ends-options");
        uses = words;
      }
      option.templates = templates(uses, options);
      for (Template template : option.templates) {
        option.writes |= template.action() instanceof HasRole has && has.role() == Role.WRITES;
      }
    }
    Rules rules =
        new Rules(
            inherited.style(),
            inherited.ignoresCase(),
            inherited.isOldStyle(),
            inherited.hasAssignments(),
            inherited.hasPlusOptions(),
            level.get("options-end-at") == null
                ? Integer.MAX_VALUE
                : number(level.get("options-end-at")));
    Behaviour behaviour =
        new Behaviour(
            operands(level.get("operands"), options),
            output(level.get("output")).orElse(Output.OTHER),
            templates(level.get("uses"), options),
            alternatives(level.get("with"), options),
            level.get("harmless-with") == null
                ? Condition.ALWAYS
                : new Condition(mask(text(level.get("harmless-with")), options), 0));
    Map<String, Grammar> subcommands = new HashMap<>();
    Map<String, Object> members = members(level.get("subcommands"));
    for (Map.Entry<String, Object> member : members.entrySet()) {
      path.add(member.getKey());
      Object value = member.getValue();
      Map<String, Object> sub =
          value == null ? Map.of() : value instanceof Map ? map(value) : Map.of("uses", value);
      requireKnown(sub, LEVEL_KEYS, Set.of());
      Rules subRules = new Rules(rules.style(), rules.ignoresCase(), false, false, false, 0);
      Grammar grammar = grammar(sub, subRules, everywhere);
      for (String name : words(member.getKey())) {
        if (subcommands.put(name, grammar) != null) {
          throw error("names the subcommand " + name + " twice");
        }
      }
      leave();
    }
    return new Grammar(rules, options, subcommands, behaviour);
  }

  /**
   * Adds the options of a mapping from names to uses; the uses are read when all options are known.
   */
  private void declare(
      @Nullable Object member, Map<String, Option> options, Map<Option, Object> raw) {
    for (Map.Entry<String, Object> entry : members(member).entrySet()) {
      Arity arity = Arity.NONE;
      List<String> names = new ArrayList<>();
      for (String spelled : words(entry.getKey())) {
        boolean two = spelled.endsWith("==");
        boolean optional = spelled.endsWith("[=]");
        boolean required = !optional && spelled.endsWith("=");
        Arity own =
            two ? Arity.TWO : optional ? Arity.OPTIONAL : required ? Arity.REQUIRED : Arity.NONE;
        if (!names.isEmpty() && own != arity) {
          throw error("the options " + entry.getKey() + " must all have a value, or all have none");
        }
        arity = own;
        int cut = optional ? 3 : two ? 2 : required && spelled.startsWith("-") ? 1 : 0;
        names.add(spelled.substring(0, spelled.length() - cut));
      }
      Option option = new Option(arity);
      for (String name : names) {
        put(name, option, options);
      }
      if (entry.getValue() != null) {
        raw.put(option, entry.getValue());
      }
    }
  }

  private void declareWithoutUse(
      @Nullable Object member, Arity arity, Map<String, Option> options) {
    if (member == null) {
      return;
    }
    for (String name : words(text(member))) {
      put(name, new Option(arity), options);
    }
  }

  private void put(String name, Option option, Map<String, Option> options) {
    if (options.put(name, option) != null) {
      throw error("declares the option " + name + " twice");
    }
  }

  /** Returns a copy sorted by position, so that uses come in a fixed order. */
  private static Map<Integer, List<Template>> ordered(Map<Integer, List<Template>> byPosition) {
    return Collections.unmodifiableMap(new TreeMap<>(byPosition));
  }

  private Operands operands(@Nullable Object member, Map<String, Option> options) {
    if (member == null) {
      return Operands.UNUSED;
    }
    boolean isByPosition =
        member instanceof Map<?, ?> map
            && (map.isEmpty()
                || POSITIONS.contains(String.valueOf(map.keySet().iterator().next())));
    if (!isByPosition) {
      List<Template> all = templates(member, options);
      return new Operands(Map.of(), Map.of(), Map.of(), List.of(), all, List.of());
    }
    Map<Integer, List<Template>> numbered = new HashMap<>();
    Map<Integer, List<Template>> from = new HashMap<>();
    Map<Integer, List<Template>> joined = new HashMap<>();
    List<Template> last = List.of();
    List<Template> others = List.of();
    List<Template> none = List.of();
    for (Map.Entry<String, Object> entry : map(member).entrySet()) {
      List<Template> templates = templates(entry.getValue(), options);
      String key = entry.getKey();
      switch (key) {
        case "1", "2", "3", "4" -> numbered.put(Integer.valueOf(key), templates);
        case "from 1", "from 2", "from 3", "from 4" ->
            from.put(Integer.valueOf(key.substring(5)), templates);
        case "joined 1", "joined 2", "joined 3" ->
            joined.put(Integer.valueOf(key.substring(7)), templates);
        case "last" -> last = templates;
        case "others" -> others = templates;
        case "none" -> none = templates;
        default -> throw unknown(key);
      }
    }
    return new Operands(
        Map.copyOf(numbered), ordered(from), Map.copyOf(joined), last, others, none);
  }

  private List<Alternative> alternatives(@Nullable Object member, Map<String, Option> options) {
    List<Alternative> alternatives = new ArrayList<>();
    for (Map.Entry<String, Object> entry : members(member).entrySet()) {
      Map<String, Object> chosen = map(entry.getValue());
      requireKnown(chosen, Set.of("operands", "output"), Set.of());
      alternatives.add(
          new Alternative(
              new Condition(mask(entry.getKey(), options), 0),
              chosen.containsKey("operands") ? operands(chosen.get("operands"), options) : null,
              output(chosen.get("output")).orElse(null)));
    }
    return List.copyOf(alternatives);
  }

  /**
   * Reads one use, a list of uses, or a mapping from options to uses, of which the first option
   * that is present decides.
   */
  private List<Template> templates(@Nullable Object member, Map<String, Option> options) {
    List<Template> templates = new ArrayList<>();
    if (member instanceof Map) {
      long before = 0;
      for (Map.Entry<String, Object> entry : map(member).entrySet()) {
        boolean isElse = entry.getKey().equals("else");
        long mask = isElse ? 0 : mask(entry.getKey(), options);
        for (String text : texts(entry.getValue())) {
          templates.add(template(text, new Condition(mask, before)));
        }
        before |= mask;
      }
    } else {
      for (String text : texts(member)) {
        templates.add(template(text, Condition.ALWAYS));
      }
    }
    return List.copyOf(templates);
  }

  private Template template(String written, Condition condition) {
    String text = written;
    List<Value> literal = List.of();
    int equals = text.indexOf(" = ");
    if (equals >= 0) {
      literal = List.of(Values.path(text.substring(equals + 3).strip()));
      text = text.substring(0, equals);
    }
    String detail = "";
    int open = text.indexOf('(');
    if (open >= 0) {
      if (!text.endsWith(")")) {
        throw unknown(written);
      }
      detail = text.substring(open + 1, text.length() - 1);
      text = text.substring(0, open);
    }
    boolean isRecursive = false;
    boolean isDetour = false;
    boolean isInto = false;
    Action action = null;
    List<String> words = words(text);
    for (int i = 0; i < words.size(); i++) {
      switch (words.get(i)) {
        case "recursive" -> isRecursive = true;
        case "detour" -> isDetour = true;
        case "into" -> isInto = true;
        case "by" -> {
          String reader = ++i < words.size() ? words.get(i) : "";
          Optional<ArgumentReader> code = Readers.argument(reader);
          if (code.isEmpty()) {
            throw unknown(written);
          }
          action = new ReadBy(code.get());
        }
        default -> {
          Role role = ROLES.get(words.get(i));
          if (role == null || action != null) {
            throw unknown(written);
          }
          action = new HasRole(role);
        }
      }
    }
    if (action == null) {
      throw unknown(written);
    }
    return new Template(condition, action, literal, detail, isRecursive, isDetour, isInto);
  }

  private long mask(String names, Map<String, Option> options) {
    long mask = 0;
    for (String name : words(names)) {
      if (name.equals("stdout")) {
        mask |= Scan.WRITES_STDOUT;
        continue;
      }
      Option option = options.get(name);
      if (option == null) {
        throw error("a condition names the option " + name + ", which is not declared");
      }
      if (option.bit == 0) {
        if (bits == MAX_CONDITIONS) {
          throw error("has conditions on more than " + MAX_CONDITIONS + " options");
        }
        option.bit = 1L << bits++;
      }
      mask |= option.bit;
    }
    return mask;
  }

  private Map<String, Variables.Entry> variableEntries(Map<String, Object> document) {
    requireKnown(document, Set.of("variables", "tests"), Set.of());
    Map<String, Variables.Entry> entries = new HashMap<>();
    for (Map.Entry<String, Object> member : members(document.get("variables")).entrySet()) {
      path.add(member.getKey());
      Map<String, Object> value = map(member.getValue());
      requireKnown(value, Set.of("uses", "harmless"), Set.of());
      List<String> harmless = texts(value.get("harmless"));
      Variables.Entry entry =
          new Variables.Entry(templates(value.get("uses"), Map.of()), List.copyOf(harmless));
      for (String name : words(member.getKey())) {
        entries.put(name, entry);
      }
      leave();
    }
    return Map.copyOf(entries);
  }

  /** Returns the words between blanks; a regular expression would slow down the start. */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || text.charAt(i) == ' ') {
        if (i > from) {
          words.add(text.substring(from, i));
        }
        from = i + 1;
      }
    }
    return words;
  }

  private static boolean bool(@Nullable Object value) {
    return Boolean.TRUE.equals(value);
  }

  private int number(Object value) {
    if (value instanceof Integer number && number > 0) {
      return number;
    }
    throw unknown(value);
  }

  private Style style(Object value) {
    return switch (text(value)) {
      case "gnu" -> Style.GNU;
      case "pflag" -> Style.PFLAG;
      case "words" -> Style.WORDS;
      default -> throw unknown(value);
    };
  }

  private Optional<Output> output(@Nullable Object value) {
    if (value == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Output.valueOf(text(value).toUpperCase(Locale.ROOT).replace('-', '_')));
    } catch (IllegalArgumentException e) {
      throw unknown(value);
    }
  }

  private String text(Object value) {
    if (value instanceof Map || value instanceof Collection) {
      throw unknown(value);
    }
    return String.valueOf(value);
  }

  private List<String> texts(@Nullable Object value) {
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      List<String> texts = new ArrayList<>(list.size());
      for (Object item : list) {
        texts.add(text(item));
      }
      return texts;
    }
    String text = text(value);
    return text.isEmpty() ? List.of() : List.of(text);
  }

  private Map<String, Object> members(@Nullable Object value) {
    return value == null ? Map.of() : map(value);
  }

  private Map<String, Object> map(@Nullable Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw error("has " + value + " where a mapping is expected");
    }
    Map<String, Object> members = new LinkedHashMap<>();
    for (Map.Entry<?, ?> member : map.entrySet()) {
      members.put(String.valueOf(member.getKey()), member.getValue());
    }
    return members;
  }

  private void requireKnown(Map<String, Object> level, Set<String> known, Set<String> more) {
    for (String key : level.keySet()) {
      if (!known.contains(key) && !more.contains(key)) {
        throw error("has the unknown key \"" + key + "\"");
      }
    }
  }

  private ProgramTableException unknown(Object value) {
    return error("\"" + value + "\" is not understood");
  }

  private ProgramTableException error(String problem) {
    String place = path.isEmpty() ? file : file + " " + String.join(" ", path);
    return new ProgramTableException(place + ": " + problem);
  }

  private void leave() {
    path.remove(path.size() - 1);
  }
}
