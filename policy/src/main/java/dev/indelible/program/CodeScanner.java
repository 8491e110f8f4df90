// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.program.CodeTokens.Kind;
import dev.indelible.program.CodeTokens.Token;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Glob;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import dev.indelible.value.Value.Unknown;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds what code in languages other than shell does, as far as its calls have constant arguments.
 * The table of calls is a resource; comments and strings that no call uses are data.
 *
 * <p>Long because one pass over the text follows strings, variables and calls together.
 */
public final class CodeScanner {
  /** Maximum depth to which code in strings is followed. */
  private static final int MAX_DEPTH = 4;

  /** Maximum depth to which nested calls are followed; deeper calls are unknown. */
  private static final int MAX_NESTING = 60;

  /** Maximum number of loops that are followed; this limits the time. */
  private static final int MAX_LOOPS = 16;

  /** Maximum number of tokens of an import that are read; this limits the time. */
  private static final int MAX_IMPORT = 200;

  /** Maximum number of constants for which a loop is followed. */
  private static final int MAX_PASSES = 8;

  /** Names that code uses to open a socket. */
  private static final Set<String> SOCKETS =
      Set.of("TCPSocket", "fsockopen", "inet_aton", "socket", "Socket", "sockaddr_in");

  /** Names that code uses to start a program. */
  private static final Set<String> STARTERS =
      Set.of("exec", "passthru", "popen", "popen3", "proc_open", "shell_exec", "spawn", "system");

  private static final Pattern SHELL =
      Pattern.compile(
          "(?:/\\S*/)?(?:sh|bash|dash|ash|zsh|ksh|cmd(?:\\.exe)?|powershell(?:\\.exe)?)(?: -[il]+)?");

  /** Languages whose calls need no parentheses. */
  private static final Set<String> BARE = Set.of("perl", "ruby", "elixir", "haskell");

  private static final Set<String> DECLARING =
      Set.of("my", "our", "local", "let", "var", "const", "export");

  /** Words that follow a call without arguments. */
  private static final Set<String> NO_ARGUMENTS =
      Set.of("if", "unless", "or", "and", "do", "for", "foreach", "while", "until");

  /** The variable that a Perl call without arguments uses. */
  private static final String TOPIC = "$_";

  /** Words that may precede an expression. */
  private static final Set<String> PREFIXES = Set.of("new", "await", "return", "my", "yield");

  /** A loop over constants. */
  private record Loop(String variable, List<Value> values) {}

  private static final Token END = new Token(Kind.LINE_END, "", Value.EMPTY);
  private static final Value COMPUTED = Value.unknown(Origin.OUTPUT, "");

  private final String language;
  private final CodeTable.Language table;
  private final Encoded encoded;
  private final List<Token> tokens;
  private final Uses uses;
  private final int depth;
  private final Map<String, Value> variables = new HashMap<>();
  private final Map<String, String> imports = new HashMap<>();
  private final Map<Integer, Loop> loops = new LinkedHashMap<>();
  private int pass;
  private int at;
  private int nesting;

  private CodeScanner(String language, Value code, Uses uses, int depth) {
    this.language = language;
    this.uses = uses;
    this.depth = depth;
    table = CodeTable.standard().language(language);
    encoded = new Encoded(code);
    tokens = CodeTokens.of(language, encoded);
  }

  /**
   * Returns the uses that are found. The caller must follow the uses that run something, as it does
   * for a command line.
   *
   * @param language the detail of {@link Role#RUNS_CODE}
   * @param code the text
   * @throws ProgramTableException if the table of calls cannot be read
   */
  public static List<Use> scan(String language, Value code) {
    Uses uses = new Uses();
    scan(language, code, uses, 0);
    return List.copyOf(uses.list());
  }

  private static void scan(String language, Value code, Uses uses, int depth) {
    switch (language) {
      case "python",
          "node",
          "perl",
          "ruby",
          "php",
          "lua",
          "R",
          "julia",
          "jvm",
          "elixir",
          "erlang",
          "haskell" ->
          new CodeScanner(language, code, uses, depth).scanAll();
      case "powershell", "cmd" -> WindowsScanner.scan(language, code, uses);
      case "sql" -> SqlScanner.scan(code).forEach(uses.list()::add);
      case "crontab" -> crontab(code, uses);
      case "make" -> make(code, uses);
      case "applescript" -> {
        textCalls(code, "do shell script", uses);
        if (new Encoded(code).text().contains("make login item")) {
          uses.add(Role.WRITES, Values.path("~/Library/LaunchAgents/login item"));
        }
        if (new Encoded(code).text().contains("with administrator privileges")) {
          uses.add(Role.GAINS_PRIVILEGE, "administrator privileges");
        }
      }
      case "awk" -> AwkScanner.scan(code, uses);
      case PatchScanner.LANGUAGE -> PatchScanner.scan(code, uses);
      case "elisp" -> LispScanner.scan(code, uses);
      default -> {
        if (LineLanguages.NAMES.contains(language)) {
          LineLanguages.scan(language, code, uses);
        }
      }
    }
  }

  private void scanAll() {
    scan();
    boolean isScript = !language.equals("python") && !language.equals("node");
    boolean startsShell = uses.list().stream().anyMatch(CodeScanner::startsShell);
    if (isScript && names(SOCKETS) && names(STARTERS) || uses.has(Role.CONTACTS) && startsShell) {
      // The commands that the code runs come from a host, or their output goes to one.
      uses.add(Role.GAINS_PRIVILEGE, "a program for a host");
    } else if (startsShell) {
      uses.add(Role.HIDES, "a shell that reads its commands from code");
    }
    if (language.equals("node") && encoded.text().contains("(eval)")) {
      uses.add(Role.HIDES, "computed code");
    }
  }

  /** Returns true if a use starts a shell without a script: it reads commands from its input. */
  private static boolean startsShell(Use use) {
    if (use.role() != Role.RUNS_SHELL && use.role() != Role.RUNS_COMMAND) {
      return false;
    }
    List<Value> words = use.arguments();
    return SHELL.matcher(words.get(0).display()).matches()
        && words.subList(1, words.size()).stream().noneMatch(CodeScanner::isScript);
  }

  private static boolean isScript(Value argument) {
    return argument.isKnown() && !argument.prefix().matches("-[il]+");
  }

  private boolean names(Set<String> any) {
    return tokens.stream().anyMatch(token -> any.contains(token.text()));
  }

  /** Reads lines of five time fields, or one field that begins with {@code @}, and a command. */
  private static void crontab(Value code, Uses uses) {
    Encoded encoded = new Encoded(code);
    for (String line : encoded.text().split("\n")) {
      String rest = line.strip();
      int fields = rest.startsWith("@") ? 1 : 5;
      boolean isCommand = !rest.startsWith("#") && !rest.isEmpty();
      for (int i = 0; i < fields && isCommand; i++) {
        int end = 0;
        while (end < rest.length() && !Character.isWhitespace(rest.charAt(end))) {
          end++;
        }
        rest = rest.substring(end).strip();
      }
      if (isCommand && !rest.isEmpty()) {
        uses.add(Role.RUNS_SHELL, encoded.value(rest));
      }
    }
  }

  /** Reads the recipes of a makefile; variables of make are unknown. */
  private static void make(Value code, Uses uses) {
    Encoded encoded = new Encoded(code);
    for (String line : encoded.text().split("\n")) {
      int shell = line.indexOf("$(shell ");
      int recipe = line.startsWith("\t") ? 0 : line.indexOf(";");
      if (shell >= 0 && line.indexOf(')', shell) > 0) {
        String command = line.substring(shell + "$(shell ".length(), line.lastIndexOf(')'));
        uses.add(Role.RUNS_SHELL, encoded.value(command));
      }
      if (recipe >= 0 && (recipe == 0 || line.substring(0, recipe).contains(":"))) {
        String command = line.substring(recipe == 0 ? 0 : recipe + 1).strip();
        while (!command.isEmpty() && "@-+".indexOf(command.charAt(0)) >= 0) {
          command = command.substring(1).strip();
        }
        uses.add(Role.RUNS_SHELL, encoded.value(withoutMakeVariables(command, encoded)));
      }
    }
  }

  private static String withoutMakeVariables(String command, Encoded encoded) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < command.length(); i++) {
      char c = command.charAt(i);
      char next = i + 1 < command.length() ? command.charAt(i + 1) : '\0';
      if (c != '$') {
        out.append(c);
      } else if (next == '$') {
        out.append('$');
        i++;
      } else {
        int end =
            next == '(' ? command.indexOf(')', i) : next == '{' ? command.indexOf('}', i) : i + 1;
        int last = end < 0 ? command.length() - 1 : end;
        out.append(encoded.mark(new Unknown(Origin.VARIABLE, "")));
        i = last;
      }
    }
    return out.toString();
  }

  /** Finds a call by its text. The string after the call is shell text. */
  private static void textCalls(Value code, String call, Uses uses) {
    Encoded text = new Encoded(code);
    String lower = text.text().toLowerCase(Locale.ROOT);
    for (int i = lower.indexOf(call); i >= 0; i = lower.indexOf(call, i + 1)) {
      int open = i + call.length();
      while (open < lower.length() && Character.isWhitespace(lower.charAt(open))) {
        open++;
      }
      boolean isString = open < lower.length() && lower.charAt(open) == '"';
      int close = isString ? endOfString(text.text(), open) : -1;
      if (close > 0) {
        String command = text.text().substring(open + 1, close).replace("\\\"", "\"");
        uses.add(Role.RUNS_SHELL, text.value(command.replace("\\\\", "\\")));
      } else {
        uses.add(Role.HIDES, "a computed command");
      }
    }
  }

  private static int endOfString(String text, int open) {
    for (int i = open + 1; i < text.length(); i++) {
      if (text.charAt(i) == '\\') {
        i++;
      } else if (text.charAt(i) == '"') {
        return i;
      }
    }
    return -1;
  }

  private void scan() {
    if (ForkBombs.isOne(tokens)) {
      uses.add(Role.STOPS, "fork bomb");
    }
    if (language.equals("python")) {
      notebookLines();
    }
    readImports();
    readLoops();
    int passes = 1;
    for (Loop loop : loops.values()) {
      passes = Math.max(passes, Math.min(loop.values().size(), MAX_PASSES));
    }
    Set<Use> seen = new LinkedHashSet<>(uses.list());
    for (pass = 0; pass < passes; pass++) {
      int kept = uses.list().size();
      bindLoops();
      at = 0;
      while (at < tokens.size()) {
        statement();
      }
      List<Use> added = new ArrayList<>(uses.list().subList(kept, uses.list().size()));
      uses.list().subList(kept, uses.list().size()).clear();
      for (Use use : added) {
        if (pass == 0 || !seen.contains(use)) {
          uses.list().add(use);
        }
        seen.add(use);
      }
    }
  }

  /**
   * Reads lines of a notebook that a shell runs: those that begin with {@code !}, or a whole cell.
   */
  private void notebookLines() {
    String text = encoded.text();
    if (text.startsWith("%%bash") || text.startsWith("%%sh")) {
      int end = text.indexOf('\n');
      uses.add(Role.RUNS_SHELL, encoded.value(end < 0 ? "" : text.substring(end + 1)));
    } else if (text.indexOf('!') >= 0) {
      for (String line : text.split("\n")) {
        if (line.strip().startsWith("!")) {
          uses.add(Role.RUNS_SHELL, encoded.value(line.strip().substring(1)));
        }
      }
    }
  }

  /** Records the loops over constants, keyed by the index of their first token. */
  private void readLoops() {
    int attempts = 0;
    for (int i = 0; i < tokens.size() && attempts < MAX_LOOPS; i++) {
      if (!token(i).isName("for") && !token(i).isName("foreach")) {
        continue;
      }
      attempts++;
      if (language.equals("perl")) {
        perlLoop(i);
        continue;
      }
      int in = i + 1;
      while (in < i + 10 && !token(in).isName("in") && !token(in).isName("of")) {
        in++;
      }
      int name = i + 1;
      while (name < in
          && (token(name).kind() != Kind.NAME || DECLARING.contains(token(name).text()))) {
        name++;
      }
      if (in < i + 10 && name < in) {
        List<Value> values = loopValues(in + 1);
        if (!values.isEmpty()) {
          loops.put(i, new Loop(token(name).text(), values));
        }
      }
    }
  }

  /** Reads {@code for my $x (list)}, {@code for (list)} and {@code … for list}. */
  private void perlLoop(int start) {
    int list = start + 1;
    while (DECLARING.contains(token(list).text())) {
      list++;
    }
    boolean isNamed = token(list).kind() == Kind.NAME && token(list + 1).is('(');
    boolean isVariable = isNamed && token(list).text().startsWith("$");
    List<Value> values = loopValues(isVariable ? list + 1 : list);
    if (!values.isEmpty()) {
      loops.put(start, new Loop(isVariable ? token(list).text() : TOPIC, values));
    }
  }

  /** Returns the elements of a list, or the value of an expression, without its uses. */
  private List<Value> loopValues(int start) {
    int kept = uses.list().size();
    CodeTable.Arguments elements = new CodeTable.Arguments(new ArrayList<>(), new HashMap<>());
    at = start;
    if (token(at).is('[') || token(at).is('(')) {
      char close = token(at).is('[') ? ']' : ')';
      at++;
      argumentsUpTo(close, elements);
    } else {
      elements.values().add(expression());
    }
    uses.list().subList(kept, uses.list().size()).clear();
    elements.values().removeIf(value -> !isKnownInPart(value));
    return elements.values();
  }

  /**
   * Binds the variable of each loop to its first values, because the body of a comprehension
   * precedes its loop.
   */
  private void bindLoops() {
    Set<String> bound = new HashSet<>();
    for (Loop loop : loops.values()) {
      if (bound.add(loop.variable())) {
        bind(loop);
      }
    }
  }

  private void bind(Loop loop) {
    variables.put(loop.variable(), loop.values().get(Math.min(pass, loop.values().size() - 1)));
  }

  /** Records the names under which the code uses modules and their functions. */
  private void readImports() {
    for (int i = 0; i < tokens.size(); i++) {
      if (token(i).isName("import") && language.equals("python")) {
        pythonImport(i);
      } else if (token(i).isName("require") && token(i + 1).is('(')) {
        nodeRequire(i);
      } else if (token(i).isName("from") && token(i + 1).kind() == Kind.STRING) {
        nodeImport(i);
      }
    }
  }

  /** Reads {@code import a.b as c} and {@code from a import b as c}. */
  private void pythonImport(int start) {
    String module = "";
    int from = start - 1;
    int first = Math.max(0, start - MAX_IMPORT);
    while (from >= first && (token(from).kind() == Kind.NAME || token(from).is('.'))) {
      if (token(from).isName("from")) {
        StringBuilder name = new StringBuilder();
        for (int i = from + 1; i < start; i++) {
          name.append(token(i).text());
        }
        module = name + ".";
        break;
      }
      from--;
    }
    StringBuilder name = new StringBuilder();
    for (int i = start + 1; i <= start + MAX_IMPORT; i++) {
      Token token = token(i);
      if (token.isName("as")) {
        imports.put(token(i + 1).text(), module + name);
        i++;
      } else if (token.kind() == Kind.NAME || token.is('.')) {
        name.append(token.text());
      } else if (!token.is('(')) {
        if (!module.isEmpty() && name.length() > 0) {
          imports.putIfAbsent(name.toString(), module + name);
        }
        name.setLength(0);
        if (!token.is(',')) {
          return;
        }
      }
    }
  }

  /** Reads {@code x = require("m")} and <code>{a, b: c} = require("m")</code>. */
  private void nodeRequire(int start) {
    if (token(start + 2).kind() != Kind.STRING || !token(start - 1).is('=')) {
      return;
    }
    String module = module(token(start + 2).value());
    if (token(start + 4).is('.')) {
      module += "." + token(start + 5).text();
    }
    if (token(start - 2).kind() == Kind.NAME) {
      imports.put(token(start - 2).text(), module);
    } else if (token(start - 2).is('}')) {
      importNames(start - 2, module);
    }
  }

  /** Reads {@code import x from "m"} and <code>import {a as b} from "m"</code>. */
  private void nodeImport(int start) {
    String module = module(token(start + 1).value());
    if (token(start - 1).is('}')) {
      importNames(start - 1, module);
    } else if (token(start - 1).kind() == Kind.NAME) {
      imports.put(token(start - 1).text(), module);
    }
  }

  /** Records the names in braces that end at a token. */
  private void importNames(int close, String module) {
    int first = Math.max(0, close - MAX_IMPORT);
    for (int i = close - 1; i >= first && !token(i).is('{'); i--) {
      if (token(i).kind() != Kind.NAME) {
        continue;
      }
      boolean isRenamed = token(i - 1).is(':') || token(i - 1).isName("as");
      imports.put(token(i).text(), module + "." + token(isRenamed ? i - 2 : i).text());
      i -= isRenamed ? 2 : 0;
    }
  }

  private static String module(Value value) {
    String name = value.prefix();
    String plain = name.startsWith("node:") ? name.substring("node:".length()) : name;
    return plain.equals("fs/promises") || plain.equals("fs-extra") ? "fs" : plain;
  }

  private void statement() {
    Loop loop = loops.get(at);
    if (loop != null) {
      bind(loop);
    }
    while (DECLARING.contains(token(at).text()) && token(at + 1).kind() == Kind.NAME) {
      at++;
    }
    Token token = token(at);
    boolean assigns = token.kind() == Kind.NAME && token(at + 1).is('=') && !token(at + 2).is('=');
    if (assigns && !token(at + 2).is('~')) {
      String name = token.text();
      at += 2;
      int start = at;
      Value value = expression();
      variables.put(name, value);
      if (at == start) {
        at++;
      }
      return;
    }
    int start = at;
    expression();
    if (at == start) {
      at++;
    }
  }

  /** Reads joined operands, and returns the resulting text. */
  private Value expression() {
    if (nesting > MAX_NESTING) {
      at++;
      return COMPUTED;
    }
    nesting++;
    Value value = operand();
    while (true) {
      skipLineEnds();
      Token token = token(at);
      boolean isDot = token.is('.') && (language.equals("perl") || language.equals("php"));
      if (token.is('+') || isDot) {
        if (token(at + 1).is('=')) {
          break;
        }
        at++;
        value = Values.plus(value, operand());
      } else if (token.is('/') && (language.equals("python") || language.equals("ruby"))) {
        at++;
        value = below(value, operand());
      } else {
        break;
      }
    }
    nesting--;
    return value;
  }

  /** Skips line ends if {@code +} or {@code .} follows them. */
  private void skipLineEnds() {
    int next = at;
    while (token(next).kind() == Kind.LINE_END && next < tokens.size()) {
      next++;
    }
    if (next > at && (token(next).is('+') || token(next).is('.'))) {
      at = next;
    }
  }

  private Value operand() {
    Token token = token(at);
    switch (token.kind()) {
      case STRING -> {
        at++;
        Value value = resolved(token.value());
        while (language.equals("python") && token(at).kind() == Kind.STRING) {
          value = Values.plus(value, resolved(token(at++).value()));
        }
        int mark = token(at).is('.') ? at + 1 : at;
        if (language.equals("jvm") && token(mark).is('!') && !token(mark + 1).is('=')) {
          uses.add(Role.RUNS_SHELL, value);
        }
        return methods(value);
      }
      case SHELL -> {
        at++;
        uses.add(Role.RUNS_SHELL, resolved(token.value()));
        return COMPUTED;
      }
      case NAME -> {
        while (PREFIXES.contains(token(at).text()) && token(at + 1).kind() != Kind.LINE_END) {
          at++;
        }
        return token(at).kind() == Kind.NAME ? chain() : COMPUTED;
      }
      case NUMBER -> {
        at++;
        return Value.of(token.text());
      }
      default -> {
        if (token.is('(')) {
          at++;
          Value value = expression();
          while (at < tokens.size() && !token(at).is(')')) {
            step();
          }
          at++;
          return methods(value);
        }
        return Value.EMPTY;
      }
    }
  }

  /** Reads one expression, or skips a token that does not begin an expression. */
  private void step() {
    int start = at;
    expression();
    if (at == start) {
      at++;
    }
  }

  /** Reads {@code a.b.c(…)}. */
  private Value chain() {
    StringBuilder name = new StringBuilder(token(at++).text());
    String first = name.toString();
    Value variable = variables.get(first);
    if (variable != null && !imports.containsKey(first)) {
      return methods(variable);
    }
    name.setLength(0);
    name.append(imports.getOrDefault(first, first));
    if (first.equals("require") && token(at).is('(') && token(at + 1).kind() == Kind.STRING) {
      name.setLength(0);
      name.append(module(token(at + 1).value()));
      at += 3;
    } else if (first.equals("__import__") && token(at + 1).kind() == Kind.STRING) {
      name.setLength(0);
      name.append(token(at + 1).value().prefix());
      at += 3;
    }
    while (true) {
      int dots = separator();
      if (dots == 0 || token(at + dots).kind() != Kind.NAME) {
        break;
      }
      name.append('.').append(token(at + dots).text());
      at += dots + 1;
    }
    String called = name.toString();
    if (called.endsWith(".require") && token(at).is('(') && token(at + 1).kind() == Kind.STRING) {
      called = module(token(at + 1).value());
      at += 3;
      while (token(at).is('.') && token(at + 1).kind() == Kind.NAME) {
        called += "." + token(at + 1).text();
        at += 2;
      }
    }
    if (token(at).is('(')) {
      if (called.equals("getattr") && language.equals("python")) {
        arguments();
        if (token(at).is('(')) {
          uses.add(Role.HIDES, "a computed call");
        }
        return methods(COMPUTED);
      }
      return methods(call(called, arguments()));
    }
    Value home = environment(called);
    if (home != null) {
      return methods(home);
    }
    boolean takesBare = BARE.contains(language);
    if (language.equals("node") && called.equals("$") && token(at).kind() == Kind.STRING) {
      // The shell of bun and zx: $`command`.
      uses.add(Role.RUNS_SHELL, resolved(token(at++).value()));
      return methods(COMPUTED);
    }
    boolean isLuaString = language.equals("lua") && token(at).kind() == Kind.STRING;
    if (table.has(called) && (isLuaString || takesBare && startsArgument())) {
      return call(called, bareArguments());
    }
    if (language.equals("ruby") && called.contains(".") && table.has(called)) {
      return methods(call(called, new CodeTable.Arguments(new ArrayList<>(), new HashMap<>())));
    }
    if (language.equals("perl") && table.has(called) && variables.containsKey(TOPIC)) {
      CodeTable.Arguments topic = new CodeTable.Arguments(new ArrayList<>(), new HashMap<>());
      topic.values().add(variables.get(TOPIC));
      return call(called, topic);
    }
    if (called.equalsIgnoreCase("true")) {
      return Value.of("true");
    }
    return COMPUTED;
  }

  /**
   * Returns the length of the operator before a member, {@code .}, {@code ::}, {@code ->} or {@code
   * ?.}; 0 if there is none.
   */
  private int separator() {
    if (token(at).is('.') && !language.equals("php")) {
      return language.equals("perl") ? 0 : 1;
    }
    boolean isTwo =
        token(at).is(':') && token(at + 1).is(':')
            || token(at).is('-') && token(at + 1).is('>')
            || token(at).is('?') && token(at + 1).is('.');
    return isTwo ? 2 : language.equals("erlang") && token(at).is(':') ? 1 : 0;
  }

  /**
   * Returns an environment variable, for example {@code process.env.HOME} or {@code $ENV{HOME}};
   * null if the code names none.
   */
  private @Nullable Value environment(String called) {
    String variable = null;
    if (called.startsWith("process.env.")) {
      variable = called.substring("process.env.".length());
    } else if (called.equals("os.environ")
        || called.equals("ENV")
        || called.equals("$ENV")
        || called.equals("process.env")
        || called.equals("$_SERVER")) {
      Token open = token(at);
      Token key = token(at + 1);
      if ((open.is('[') || open.is('{'))
          && (key.kind() == Kind.STRING || key.kind() == Kind.NAME)) {
        variable = key.kind() == Kind.STRING ? key.value().prefix() : key.text();
        at += 3;
      }
    } else if (called.equals("Dir.home")) {
      variable = "HOME";
    }
    return variable == null ? null : variable(variable);
  }

  private static Value variable(String name) {
    return name.equals("HOME") || name.equals("USERPROFILE")
        ? Values.HOME
        : Value.unknown(Origin.VARIABLE, name);
  }

  /** Reads calls of methods of a value: {@code .unlink()}, {@code .join("x")}. */
  private Value methods(Value receiver) {
    Value value = receiver;
    while (true) {
      int dots = separator();
      if (dots == 0 || token(at + dots).kind() != Kind.NAME) {
        return value;
      }
      String method = token(at + dots).text();
      at += dots + 1;
      if (token(at).is('(')) {
        CodeTable.Arguments arguments = arguments();
        arguments.values().add(0, value);
        value = call("." + method, arguments);
      } else if (language.equals("ruby") && method.equals("each") && bindsBlock(value)) {
        return COMPUTED;
      } else if (!List.of("parent", "text", "content", "path").contains(method)) {
        value = COMPUTED;
      }
    }
  }

  /** Binds the variable of a block, <code>{ |x| … }</code>; returns whether there is one. */
  private boolean bindsBlock(Value value) {
    boolean isBlock = token(at).is('{') || token(at).isName("do");
    if (!isBlock || !token(at + 1).is('|') || token(at + 2).kind() != Kind.NAME) {
      return false;
    }
    variables.put(token(at + 2).text(), value);
    at += 4;
    return true;
  }

  /** Reads arguments in parentheses. */
  private CodeTable.Arguments arguments() {
    CodeTable.Arguments arguments = new CodeTable.Arguments(new ArrayList<>(), new HashMap<>());
    at++;
    argumentsUpTo(')', arguments);
    return arguments;
  }

  /**
   * Reads arguments up to a closing bracket; lists are flattened, members of objects are options.
   */
  private void argumentsUpTo(char close, CodeTable.Arguments into) {
    while (at < tokens.size() && !token(at).is(close)) {
      Token token = token(at);
      boolean isNamed =
          (token.kind() == Kind.NAME || token.kind() == Kind.STRING)
              && (token(at + 1).is('=') && !token(at + 2).is('=') && !token(at + 2).is('>')
                  || token(at + 1).is(':') && !token(at + 2).is(':'));
      if (isNamed) {
        String name = token.kind() == Kind.NAME ? token.text() : token.value().prefix();
        at += 2;
        into.options().put(name, expression());
      } else if ((token.is('[') || token.is('{')) && nesting < MAX_NESTING) {
        at++;
        nesting++;
        argumentsUpTo(token.is('[') ? ']' : '}', into);
        nesting--;
      } else if (token.is(',') || token.kind() == Kind.LINE_END) {
        at++;
      } else {
        int start = at;
        Value value = expression();
        if (at == start) {
          at++;
        } else {
          into.values().add(value);
        }
      }
    }
    at++;
  }

  private boolean startsArgument() {
    Token token = token(at);
    return token.kind() == Kind.STRING
        || token.kind() == Kind.NAME && !NO_ARGUMENTS.contains(token.text())
        || token.kind() == Kind.SHELL;
  }

  /** Reads arguments without parentheses, up to the end of the statement. */
  private CodeTable.Arguments bareArguments() {
    CodeTable.Arguments arguments = new CodeTable.Arguments(new ArrayList<>(), new HashMap<>());
    boolean hasCommas = !language.equals("haskell");
    while (startsArgument() || !hasCommas && token(at).is('[')) {
      int start = at;
      if (token(at).is('[')) {
        at++;
        argumentsUpTo(']', arguments);
      } else {
        arguments.values().add(hasCommas ? expression() : operand());
      }
      if (at == start || hasCommas && !token(at).is(',')) {
        break;
      }
      at += hasCommas ? 1 : 0;
    }
    return arguments;
  }

  /** Adds the uses of a call; returns its result as far as it is known. */
  private Value call(String name, CodeTable.Arguments arguments) {
    CodeTable.Call call = table.call(name);
    if (call == null) {
      return COMPUTED;
    }
    Value first = arguments.values().isEmpty() ? Value.EMPTY : arguments.values().get(0);
    if (call.evaluates()) {
      evaluate(first);
      return COMPUTED;
    }
    if (language.equals("python") && name.equals(".replace") && arguments.values().size() > 2) {
      return COMPUTED; // Of a text; that of a path has one argument.
    }
    if (language.equals("R")) {
      arguments.values().replaceAll(CodeScanner::expanded);
    }
    for (Use use : call.uses(name, arguments)) {
      if (use.role() == Role.RUNS_SQL) {
        uses.list().addAll(SqlScanner.scan(use.arguments().get(0)));
      } else if (use.role() == Role.DESTROYS
          || use.arguments().isEmpty()
          || isKnownInPart(use.arguments().get(0))) {
        uses.add(use.role(), use.arguments(), use.detail(), use.isRecursive(), use.isDetour());
      }
    }
    return switch (call.result()) {
      case "path" -> expanded(first);
      case "joined" -> joined(arguments.values());
      case "home" -> Values.HOME;
      case "variable" -> Values.isKnown(first) ? variable(first.prefix()) : COMPUTED;
      case "scratch" -> Value.unknown(Origin.SCRATCH, "");
      case "decoded" -> Value.unknown(Origin.DECODED, "");
      case "download" -> Value.unknown(Origin.NETWORK, first.display());
      case "content" ->
          Value.unknown(
              first.prefix().matches("(?s)(?:https?|ftp)://.*") ? Origin.NETWORK : Origin.FILE,
              first.display());
      case "input" -> Value.unknown(Origin.INPUT, "");
      case "argument" -> first;
      case "below" -> Values.below(first, new Value(List.of(new Glob("**"))));
      case "names" -> new Value(List.of(new Glob("*")));
      case "glob" -> globbed(first);
      default -> COMPUTED;
    };
  }

  private void evaluate(Value code) {
    if (Values.isKnown(code)) {
      if (depth < MAX_DEPTH) {
        scan(language, code, uses, depth + 1);
      } else {
        uses.add(Role.HIDES, "code in code in code");
      }
    } else if (code.has(Origin.DECODED)) {
      uses.add(Role.HIDES, "decoded code");
    } else if (code.has(Origin.NETWORK) || code.has(Origin.FILE) || code.has(Origin.INPUT)) {
      uses.add(Role.RUNS_CODE, code, language);
    } else {
      uses.add(Role.HIDES, "computed code");
    }
  }

  private static boolean isKnownInPart(Value value) {
    for (Piece piece : value.pieces()) {
      if (!(piece instanceof Unknown unknown) || unknown.origin() != Origin.OUTPUT) {
        return true;
      }
    }
    return false;
  }

  /** Returns a path whose leading {@code ~} is the home directory. */
  private static Value expanded(Value path) {
    String text = path.prefix();
    return text.equals("~") || text.startsWith("~/") ? Values.HOME.plus(path.from(1)) : path;
  }

  /** Returns a pattern with its wildcards as globs of files. */
  private static Value globbed(Value pattern) {
    List<Piece> pieces = new ArrayList<>();
    for (Piece piece : expanded(pattern).pieces()) {
      pieces.addAll(
          piece instanceof Known known ? Values.globbed(known.text()).pieces() : List.of(piece));
    }
    return new Value(pieces);
  }

  private static Value joined(List<Value> parts) {
    Value joined = Value.EMPTY;
    for (Value part : parts) {
      boolean isWhole = joined.pieces().isEmpty() || part.prefix().startsWith("/");
      joined = isWhole ? part : below(joined, part);
    }
    return joined;
  }

  private static Value below(Value directory, Value path) {
    boolean isBounded = directory.size() + path.size() <= Values.MAX_JOINED;
    return isBounded ? Values.below(directory, path) : COMPUTED;
  }

  /** Returns a string in which each variable with a constant value is replaced by this value. */
  private Value resolved(Value string) {
    if (string.pieces().isEmpty() || Values.isKnown(string)) {
      return string;
    }
    List<Piece> pieces = new ArrayList<>();
    int size = 0;
    for (Piece piece : string.pieces()) {
      Value value =
          piece instanceof Unknown unknown && unknown.origin() == Origin.OUTPUT
              ? variables.get(unknown.detail())
              : null;
      if (value != null) {
        size += value.size();
        pieces.addAll(size <= Values.MAX_JOINED ? value.pieces() : COMPUTED.pieces());
      } else if (piece instanceof Unknown unknown && unknown.origin() == Origin.OUTPUT) {
        pieces.add(new Unknown(Origin.OUTPUT, ""));
      } else {
        pieces.add(piece);
      }
    }
    return new Value(pieces);
  }

  private Token token(int index) {
    return index >= 0 && index < tokens.size() ? tokens.get(index) : END;
  }
}
