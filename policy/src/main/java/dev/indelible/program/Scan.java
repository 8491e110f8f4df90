// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.program.Grammar.Style;
import dev.indelible.program.Option.Arity;
import dev.indelible.program.Template.HasRole;
import dev.indelible.program.Template.ReadBy;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One command line while it is read: first its options, then what the program does with options and
 * operands.
 *
 * <p>The class is long because it has a method for each kind of statement in an entry of the table.
 */
final class Scan {
  /** The bit of the condition {@code stdout}: an option writes to the standard output. */
  static final long WRITES_STDOUT = 1L << 63;

  /** Roles that do not apply with {@code --help}, which all clients of other systems support. */
  private static final Set<Role> HELPED = Set.of(Role.DESTROYS, Role.PUBLISHES);

  /**
   * Maximum number of operands for which a separate path in a directory is computed; this limits
   * the time.
   */
  private static final int MAX_INTO = 256;

  private final String program;
  private final List<Value> argv;
  private final Uses uses;
  private final List<Value> operands = new ArrayList<>();
  private final List<Option> options = new ArrayList<>();
  private final List<List<Value>> optionValues = new ArrayList<>();

  private final List<Option> seen = new ArrayList<>(4);

  private Map<String, Value> callOptions = Map.of();
  private Grammar grammar;
  private int next = 1;
  private int restFrom;
  private long present;
  private boolean isRecursive;
  private boolean isNegated;
  private boolean optionsEnded;
  private boolean followsUnknownOption;

  Scan(String program, Grammar grammar, List<Value> argv) {
    this(program, grammar, argv, new Uses());
  }

  private Scan(String program, Grammar grammar, List<Value> argv, Uses uses) {
    this.program = program;
    this.grammar = grammar;
    this.argv = argv;
    this.uses = uses;
  }

  /** Creates the scan of a call in code. The arguments of the call are its operands. */
  Scan(String name, CodeTable.Arguments arguments) {
    this(name, Grammar.NONE, List.of());
    operands.addAll(arguments.values());
    callOptions = arguments.options();
    isRecursive = isTrue("recursive");
  }

  /** Returns true if an option of a call is true. */
  boolean isTrue(String option) {
    return Values.is(callOptions.getOrDefault(option, Value.EMPTY), "true");
  }

  /** Returns the option of a call; empty if it is not given. */
  Value callOption(String option) {
    return callOptions.getOrDefault(option, Value.EMPTY);
  }

  /** Reads the arguments. */
  Invocation read() {
    if (grammar.rules.isOldStyle() && argv.size() > 1) {
      readOldStyle();
    }
    while (next < argv.size()) {
      readArgument(argv.get(next++));
    }
    return invocation();
  }

  /** Returns the operands. */
  List<Value> operands() {
    return operands;
  }

  /**
   * Returns the operands after the option that ends options; all operands if there is no such
   * option.
   */
  List<Value> rest() {
    return operands.subList(restFrom, operands.size());
  }

  /** Returns the operands before the option that ends options. */
  List<Value> before() {
    return operands.subList(0, restFrom);
  }

  /** Returns a scan with other operands that adds its uses to those of this scan. */
  Scan of(List<Value> others) {
    Scan scan = new Scan(program, grammar, argv, uses);
    scan.operands.addAll(others);
    return scan;
  }

  /** Returns the collection of uses. */
  Uses uses() {
    return uses;
  }

  /** Returns true if an option extends the uses of operands to everything below them. */
  boolean isRecursive() {
    return isRecursive;
  }

  /** Returns the name of the entry. */
  String program() {
    return program;
  }

  /** Returns true if an option is present. */
  boolean has(String name) {
    Option option = grammar.named(name);
    return option != null && seen.contains(option);
  }

  private void readArgument(Value argument) {
    String text = argument.prefix();
    if (!optionsEnded && !text.isEmpty()) {
      if (text.charAt(0) == '-' && text.length() > 1) {
        if (text.equals("--") && Values.isKnown(argument)) {
          optionsEnded = true;
        } else {
          readOption(argument, text);
        }
        return;
      }
      if (text.charAt(0) == '+' && grammar.rules.hasPlusOptions()) {
        readCluster(argument, text, 1);
        return;
      }
      if (readPlainOption(argument, text)) {
        return;
      }
    }
    readOperand(argument, text);
  }

  private void readOption(Value argument, String text) {
    boolean isLong = text.charAt(1) == '-';
    int equals = text.indexOf('=');
    boolean isNameKnown = equals > 0 || Values.isKnown(argument);
    if (isLong || grammar.rules.style() == Style.WORDS) {
      String name = equals > 0 ? text.substring(0, equals) : text;
      Option option = null;
      if (isNameKnown) {
        option = isLong ? grammar.named(name) : grammar.word(name);
        if (option == null && isLong && grammar.rules.style() == Style.WORDS) {
          option = grammar.named(name.substring(1));
        }
      }
      followsUnknownOption = option == null && equals < 0;
      isNegated |= option == null && text.startsWith("--no-");
      take(option, equals > 0 ? argument.from(equals + 1) : null);
      return;
    }
    Option word = isNameKnown ? grammar.word(equals > 0 ? text.substring(0, equals) : text) : null;
    if (word != null && (text.length() > 2 || equals > 0)) {
      followsUnknownOption = false;
      take(word, equals > 0 ? argument.from(equals + 1) : null);
      return;
    }
    readCluster(argument, text, 1);
  }

  /** Reads {@code -rf} or {@code -C/}. */
  private void readCluster(Value argument, String text, int from) {
    for (int i = from; i < text.length(); i++) {
      Option option = grammar.letter(text.charAt(i));
      followsUnknownOption = option == null && i == text.length() - 1;
      if (option == null || option.arity == Arity.NONE) {
        take(option, null);
        continue;
      }
      boolean hasMore = i + 1 < text.length() || !Values.isKnown(argument);
      int start = i + 1;
      if (grammar.rules.style() == Style.PFLAG && text.startsWith("=", start)) {
        start++;
      }
      take(option, hasMore ? argument.from(start) : null);
      return;
    }
  }

  /**
   * Reads a first argument of option letters, for example {@code xzf}, whose values follow in the
   * order of the letters.
   */
  private void readOldStyle() {
    Value first = argv.get(1);
    String text = first.prefix();
    if (!Values.isKnown(first) || text.isEmpty() || text.charAt(0) == '-') {
      return;
    }
    next = 2;
    for (int i = 0; i < text.length(); i++) {
      take(grammar.letter(text.charAt(i)), null);
    }
  }

  private boolean readPlainOption(Value argument, String text) {
    int equals = text.indexOf('=');
    Option option = grammar.plain(equals > 0 ? text.substring(0, equals + 1) : text);
    if (option == null) {
      return false;
    }
    take(option, equals > 0 ? argument.from(equals + 1) : null);
    return true;
  }

  /** Records an option with its attached value; takes the next argument if it needs one. */
  private void take(@Nullable Option option, @Nullable Value attached) {
    if (option == null) {
      return;
    }
    Value value = attached;
    if (option.arity == Arity.TWO) {
      // The first value, attached or separate, is a name.
      next += value == null ? 1 : 0;
      value = null;
    }
    boolean needsValue = option.arity == Arity.REQUIRED || option.arity == Arity.TWO;
    if (value == null && needsValue && next < argv.size()) {
      value = argv.get(next++);
    }
    present |= option.bit;
    if (value != null && option.writes && isStandardOutput(value)) {
      present |= WRITES_STDOUT;
    }
    seen.add(option);
    isRecursive |= option.isRecursive;
    if (option.endsOptions) {
      optionsEnded = true;
      restFrom = operands.size();
    }
    if (value != null || !option.templates.isEmpty() && !needsValue) {
      options.add(option);
      optionValues.add(value == null ? List.of() : List.of(value));
    }
  }

  private static boolean isStandardOutput(Value value) {
    return Values.is(value, "-") || Values.is(value, "/dev/stdout");
  }

  private void readOperand(Value argument, String text) {
    boolean follows = followsUnknownOption;
    followsUnknownOption = false;
    if (operands.isEmpty() && !optionsEnded && !grammar.subcommands.isEmpty()) {
      Grammar subcommand = Values.isKnown(argument) ? grammar.subcommands.get(text) : null;
      if (subcommand != null) {
        grammar = subcommand;
        return;
      }
      if (follows) {
        return;
      }
    }
    if (operands.isEmpty() && grammar.rules.hasAssignments() && isAssignment(text)) {
      uses.add(Role.SETS, argument);
      return;
    }
    operands.add(argument);
    if (operands.size() >= grammar.rules.optionsEndAt()) {
      optionsEnded = true;
    }
  }

  private static boolean isAssignment(String text) {
    int equals = text.indexOf('=');
    return equals > 0 && text.indexOf('/') < 0 | text.indexOf('/') > equals;
  }

  private Invocation invocation() {
    for (int i = 0; i < options.size(); i++) {
      use(options.get(i).templates, optionValues.get(i));
    }
    use(grammar.always, List.of());
    Operands used = grammar.operands;
    Output output = grammar.output;
    for (Grammar.Alternative alternative : grammar.alternatives) {
      if (alternative.condition().holds(present)) {
        used = alternative.operands() == null ? used : alternative.operands();
        output = alternative.output() == null ? output : alternative.output();
        break;
      }
    }
    used.use(operands, this);
    if (grammar.harmless.anyOf() != 0 && grammar.harmless.holds(present) && !isNegated) {
      uses.clear();
    }
    if (asksForHelp()) {
      uses.list().removeIf(use -> HELPED.contains(use.role()));
    }
    return new Invocation(program, uses.list(), operands, output);
  }

  private boolean asksForHelp() {
    for (Value argument : argv) {
      if (Values.is(argument, "--help")) {
        return true;
      }
    }
    return false;
  }

  /** Adds the uses of the templates whose conditions hold. */
  void use(List<Template> templates, List<Value> arguments) {
    for (int i = 0; i < templates.size(); i++) {
      Template template = templates.get(i);
      if (template.condition().holds(present)) {
        use(template, template.literal().isEmpty() ? arguments : template.literal());
      }
    }
  }

  private void use(Template template, List<Value> arguments) {
    if (template.action() instanceof ReadBy read) {
      read.reader().read(arguments.isEmpty() ? Value.EMPTY : arguments.get(0), template, this);
      return;
    }
    Role role = ((HasRole) template.action()).role();
    boolean below = template.isRecursive() || isRecursive && !template.isInto() && isPath(role);
    String detail = detail(template.detail());
    List<Value> concerned = isOfWholeCommand(role) ? List.of() : arguments;
    uses.add(role, concerned, detail, below, template.isDetour());
    if (template.isInto() && !arguments.isEmpty()) {
      Value directory = arguments.get(0);
      for (Value operand : operands.subList(0, Math.min(operands.size(), MAX_INTO))) {
        Value name = Values.baseName(operand);
        if (operand != directory && !name.pieces().isEmpty()) {
          uses.add(
              role, List.of(Values.below(directory, name)), detail, below, template.isDetour());
        }
      }
    }
  }

  private static boolean isOfWholeCommand(Role role) {
    return switch (role) {
      case GAINS_PRIVILEGE, REWRITES_HISTORY, STOPS, HIDES -> true;
      default -> false;
    };
  }

  private static boolean isPath(Role role) {
    return switch (role) {
      case DELETES, WRITES, READS, SENDS_FILE -> true;
      default -> false;
    };
  }

  /**
   * Returns a detail in which {@code {1}} is replaced by the operand, {@code {-I}} by the option's
   * value, and so on. An option without a value leaves empty braces.
   */
  private String detail(String detail) {
    int open = detail.indexOf('{');
    int close = detail.indexOf('}');
    if (open < 0 || close <= open + 1) {
      return detail;
    }
    String name = detail.substring(open + 1, close);
    String text = "";
    if (name.equals("program")) {
      text = program;
    } else if (name.charAt(0) == '-') {
      text = optionValue(name).map(Value::display).orElse("{}");
    } else {
      int operand = name.charAt(0) - '1';
      text = operand < operands.size() ? operands.get(operand).display() : "";
    }
    return (detail.substring(0, open) + text + detail.substring(close + 1)).strip();
  }

  /** Returns the last value of an option by its declared name. */
  Optional<Value> optionValue(String name) {
    Option option = grammar.named(name);
    for (int i = options.size() - 1; i >= 0; i--) {
      if (options.get(i) == option && !optionValues.get(i).isEmpty()) {
        return Optional.of(optionValues.get(i).get(0));
      }
    }
    return Optional.empty();
  }
}
