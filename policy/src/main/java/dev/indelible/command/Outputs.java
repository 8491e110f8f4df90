// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Invocation;
import dev.indelible.program.Output;
import dev.indelible.program.RegexGlob;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Output of commands, as far as it is known before they run.
 *
 * <p>The class is long because each program whose output is predicted has a method here.
 */
final class Outputs {
  private static final int MAX_WORDS = 8;

  private static final Set<String> PRINTS_ITS_PROGRAM = Set.of("awk", "jq");

  private final Interpreter interpreter;

  Outputs(Interpreter interpreter) {
    this.interpreter = interpreter;
  }

  /** Returns the possible outputs of a command. */
  List<Value> of(String name, List<Value> argv, @Nullable Invocation invocation, Runner.Call call) {
    List<Value> arguments = argv.subList(1, argv.size());
    String base = name.substring(name.lastIndexOf('/') + 1);
    switch (base) {
      case "echo":
        return List.of(Format.echo(arguments));
      case "date":
        return List.of(date(arguments));
      case "printf":
        return List.of(printf(arguments));
      case "pwd":
        return withLineEnds(call.state().directories());
      case "which", "type":
        return List.of(lines(installed(operands(arguments))));
      case "basename":
        return List.of(basename(operands(arguments)));
      case "dirname":
        return List.of(dirname(operands(arguments)));
      case "cat":
        return content(operands(arguments), call);
      case "head", "tail", "sort", "uniq", "shuf":
        return List.of(
            isOfLines(arguments, invocation)
                ? call.io().in().rest()
                : of(base, argv, invocation, call.io(), call.state()));
      case "grep", "egrep", "fgrep":
        return List.of(
            isOfLines(arguments, invocation)
                ? selected(call.io().in().rest(), arguments)
                : of(base, argv, invocation, call.io(), call.state()));
      case "ls":
        return List.of(listed(arguments));
      case "git":
        if (isTopLevel(arguments)) {
          return withLineEnds(call.state().directories());
        }
        return List.of(of(base, argv, invocation, call.io(), call.state()));
      case "mktemp":
        return List.of(scratch(argv, call.state()));
      case "tee":
        return List.of(call.io().in().rest());
      case "realpath", "readlink":
        return resolved(operands(arguments), call);
      case "cd",
      "pushd",
      "popd",
      "export",
      "set",
      "shift",
      "read",
      "local",
      "declare",
      "true",
      "false",
      ":",
      "[",
      "test",
      "unset",
      "trap",
      "mkdir",
      "rm",
      "touch",
      "chmod",
      "sleep":
        return List.of(Value.EMPTY);
      default:
        return List.of(of(base, argv, invocation, call.io(), call.state()));
    }
  }

  private Value of(
      String name, List<Value> argv, @Nullable Invocation invocation, Streams io, State state) {
    Output kind = invocation == null ? Output.OTHER : invocation.output();
    Value in = io.in().rest();
    switch (kind) {
      case OPERANDS:
        return invocation == null ? Value.EMPTY : lines(invocation.operands());
      case FORMATTED:
        return printf(argv.subList(1, argv.size()));
      case WORKING_DIRECTORY:
        return state.directories().get(0).plus(Value.of("\n"));
      case SCRATCH:
        return scratch(argv, state);
      case ENVIRONMENT:
        return Value.unknown(Origin.ENVIRONMENT, "");
      case DOWNLOAD:
        return Value.unknown(Origin.NETWORK, host(invocation));
      case DECODED:
        return sources(Value.unknown(Origin.DECODED, ""), in, invocation, state, io);
      case CONTENT, CHANGED:
        Value all = sources(Value.EMPTY, in, invocation, state, io);
        if (!all.pieces().isEmpty()) {
          return all;
        }
        // A filter changes text of the script: the result is not visible in the script.
        // Without input these print text of their program.
        boolean isChanged =
            kind == Output.CHANGED
                && (in.isKnown() && !in.pieces().isEmpty()
                    || invocation != null
                        && PRINTS_ITS_PROGRAM.contains(invocation.program())
                        && isScriptInput(in));
        return Value.unknown(isChanged ? Origin.DECODED : Origin.OUTPUT, name);
      case FILES:
        return files(argv, invocation);
      case PARENT:
        return dirname(invocation == null ? List.of() : invocation.operands());
      default:
        Value printed = Value.unknown(Origin.OUTPUT, words(argv));
        if (invocation != null && isInline(invocation) && isScriptInput(in)) {
          printed = printed.plus(Value.unknown(Origin.DECODED, ""));
        }
        String host = host(invocation);
        if (!host.isEmpty()) {
          printed = printed.plus(Value.unknown(Origin.NETWORK, host));
        }
        return sources(printed, in, invocation, state, io);
    }
  }

  /**
   * Returns true if {@code git} prints the root of the repository. The root is assumed to be the
   * working directory.
   */
  private static boolean isTopLevel(List<Value> arguments) {
    return !arguments.isEmpty()
        && arguments.get(arguments.size() - 1).prefix().equals("--show-toplevel");
  }

  /** Returns true if a filter prints some of the lines of its standard input, unchanged. */
  private static boolean isOfLines(List<Value> arguments, @Nullable Invocation invocation) {
    for (Value argument : arguments) {
      String text = argument.prefix();
      if (text.startsWith("-") && (text.indexOf('c') > 0 || text.indexOf('o') > 0)) {
        return false;
      }
    }
    if (invocation != null) {
      for (Use use : invocation.uses()) {
        if (use.role() == Role.READS) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * Returns the names that {@code ls} prints: all names in a directory as a glob, or the arguments
   * themselves.
   */
  private static Value listed(List<Value> arguments) {
    Value.Builder all = new Value.Builder();
    boolean isPlain = false;
    for (Value each : arguments) {
      isPlain |= each.prefix().startsWith("-") && each.prefix().indexOf('d') > 0;
    }
    List<Value> operands = operands(arguments);
    for (Value each : operands.isEmpty() ? List.of(Value.EMPTY) : operands) {
      if (isPlain || !each.isKnown()) {
        all.add(each).add("\n");
      } else {
        all.add(new Value.Glob("*")).add("\n");
      }
    }
    return all.build();
  }

  /** Returns the names printed by a program that lists whole trees. */
  private static Value files(List<Value> argv, @Nullable Invocation invocation) {
    for (Value argument : argv) {
      if (isNarrowing(argument.prefix())) {
        return Value.unknown(Origin.OUTPUT, words(argv));
      }
    }
    List<Value> roots = invocation == null ? List.of() : invocation.operands();
    if (!roots.isEmpty() && argv.contains(Value.of("ls-tree"))) {
      roots = roots.subList(1, roots.size()); // The first operand is a commit.
    }
    List<Value> all = new ArrayList<>();
    for (Value root : roots.isEmpty() ? List.of(Value.of(".")) : roots) {
      boolean isPattern = root.prefix().indexOf('*') >= 0 || root.prefix().startsWith(":");
      all.add(
          isPattern
              ? Value.unknown(Origin.OUTPUT, words(argv))
              : root.plus(Value.of("/")).plus(new Value(List.of(Value.ALL))));
    }
    return lines(all);
  }

  /** Returns true if an option makes a program list only some of the files. */
  private static boolean isNarrowing(String option) {
    return option.startsWith("-g")
        || option.startsWith("-t")
        || option.startsWith("--glob")
        || option.startsWith("--iglob")
        || option.startsWith("--type");
  }

  private static boolean isInverting(String option) {
    boolean isShort = option.startsWith("-") && !option.startsWith("--");
    return option.equals("--invert-match") || isShort && option.indexOf('v') > 0;
  }

  /**
   * Returns the file names that {@code grep} selects: the unknown part of each name contains a
   * match of the pattern.
   */
  private static Value selected(Value lines, List<Value> arguments) {
    List<Value> operands = operands(arguments);
    boolean isInverted = arguments.stream().anyMatch(each -> isInverting(each.prefix()));
    if (isInverted || operands.isEmpty()) {
      return lines;
    }
    Optional<Value> pattern = RegexGlob.of(operands.get(0));
    if (pattern.isEmpty()) {
      return lines;
    }
    Value.Builder all = new Value.Builder();
    for (Value.Piece piece : lines.pieces()) {
      boolean isNames = piece instanceof Value.Glob;
      if (isNames) {
        all.add(new Value.Glob("**")).add(pattern.get()).add(new Value.Glob("**"));
      } else {
        all.add(piece);
      }
    }
    return all.build();
  }

  /** Returns a value, followed by the sources of what a command reads. */
  private Value sources(
      Value first, Value in, @Nullable Invocation invocation, State state, Streams io) {
    Value.Builder all = new Value.Builder().add(first);
    boolean readsFile = false;
    if (invocation != null) {
      for (Use use : invocation.uses()) {
        if (use.role() == Role.READS && use.arguments().size() == 1) {
          readsFile = true;
          for (Value content :
              interpreter.files().read(use.arguments().get(0), state.directories().get(0), io)) {
            all.add(content.sources());
          }
        }
      }
    }
    if (!readsFile && !isScriptInput(in)) {
      all.add(in.sources());
    }
    return all.build().sources();
  }

  /** Returns true if a program runs code that its command line has. */
  private static boolean isInline(Invocation invocation) {
    for (Use use : invocation.uses()) {
      if (use.role() == Role.RUNS_CODE && !use.detail().equals("sql")) {
        return true;
      }
    }
    return false;
  }

  private static boolean isScriptInput(Value in) {
    return in.pieces().size() == 1
        && in.pieces().get(0) instanceof Value.Unknown unknown
        && unknown.origin() == Origin.INPUT;
  }

  /** Returns the first words of a command line, which identify the command that printed a text. */
  private static String words(List<Value> argv) {
    Value program = argv.get(0);
    boolean isHere = program.prefix().indexOf('/') > 0;
    String name = (isHere ? program : Transforms.afterLastSlash(program)).display();
    StringBuilder words = new StringBuilder(name);
    for (int i = 1; i < Math.min(argv.size(), MAX_WORDS) && argv.get(i).isKnown(); i++) {
      words.append(' ').append(argv.get(i).prefix());
    }
    return words.toString();
  }

  /** Returns what {@code date} prints for a format; the fields are unknown. */
  private static Value date(List<Value> arguments) {
    Value.Builder printed = new Value.Builder();
    for (Value argument : arguments) {
      String format = argument.prefix();
      if (format.startsWith("+") && argument.isKnown()) {
        for (int i = 1; i < format.length(); i++) {
          if (format.charAt(i) != '%') {
            printed.add(format.substring(i, i + 1));
            continue;
          }
          while (i + 1 < format.length() && !Character.isLetter(format.charAt(i + 1))) {
            i++;
          }
          i++;
          printed.add(new Value.Unknown(Origin.OUTPUT, "date"));
        }
      }
    }
    Value text = printed.build();
    return text.pieces().isEmpty() ? Value.unknown(Origin.OUTPUT, "date") : text;
  }

  private Value printf(List<Value> arguments) {
    List<Value> rest = arguments;
    if (!rest.isEmpty() && rest.get(0).isKnown() && rest.get(0).prefix().equals("--")) {
      rest = rest.subList(1, rest.size());
    }
    if (rest.isEmpty() || rest.get(0).prefix().equals("-v")) {
      return Value.EMPTY;
    }
    return Format.printf(rest.get(0), rest.subList(1, rest.size()), interpreter.budget());
  }

  /** Returns the arguments that do not begin with a dash. */
  private static List<Value> operands(List<Value> arguments) {
    List<Value> all = new ArrayList<>(arguments.size());
    for (Value each : arguments) {
      if (!each.prefix().startsWith("-") || each.prefix().length() == 1) {
        all.add(each);
      }
    }
    return all;
  }

  /** Returns assumed paths of programs, for rules on a program's file. */
  private static List<Value> installed(List<Value> programs) {
    List<Value> all = new ArrayList<>(programs.size());
    for (Value each : programs) {
      all.add(Value.of("/usr/local/bin/").plus(each));
    }
    return all;
  }

  /** Returns values as lines. */
  static Value lines(List<Value> values) {
    Value.Builder all = new Value.Builder();
    for (Value each : values) {
      all.add(each).add("\n");
    }
    return all.build();
  }

  private static List<Value> withLineEnds(List<Value> values) {
    List<Value> all = new ArrayList<>();
    values.forEach(each -> all.add(each.plus(Value.of("\n"))));
    return all;
  }

  private static Value basename(List<Value> operands) {
    if (operands.isEmpty()) {
      return Value.EMPTY;
    }
    Value path = operands.get(0);
    if (path.isKnown() && path.prefix().length() > 1 && path.prefix().endsWith("/")) {
      path = Value.of(path.prefix().substring(0, path.prefix().length() - 1));
    }
    Value last = Transforms.afterLastSlash(path);
    if (operands.size() > 1 && last.isKnown() && operands.get(1).isKnown()) {
      String suffix = operands.get(1).prefix();
      String text = last.prefix();
      boolean isCut = text.endsWith(suffix) && text.length() > suffix.length();
      last = Value.of(isCut ? text.substring(0, text.length() - suffix.length()) : text);
    }
    return last.plus(Value.of("\n"));
  }

  private static Value dirname(List<Value> operands) {
    return operands.isEmpty() || operands.get(0).pieces().isEmpty()
        ? Value.of(".\n")
        : Paths.parent(operands.get(0)).plus(Value.of("\n"));
  }

  private List<Value> content(List<Value> operands, Runner.Call call) {
    if (operands.isEmpty()) {
      return List.of(call.io().in().rest());
    }
    Sink all = new Sink();
    Value directory = call.state().directories().get(0);
    for (Value path : operands) {
      all.add(interpreter.files().read(path, directory, call.io()));
    }
    return all.alternatives();
  }

  private List<Value> resolved(List<Value> operands, Runner.Call call) {
    if (operands.isEmpty()) {
      return List.of(Value.EMPTY);
    }
    List<Value> all = new ArrayList<>();
    for (Value directory : call.state().directories()) {
      @Nullable Value followed =
          interpreter.files().links().through(operands.get(0), directory, true);
      Value path = followed == null ? Paths.resolve(operands.get(0), directory) : followed;
      all.add(path.plus(Value.of("\n")));
    }
    return all;
  }

  /** Returns the path that {@code mktemp} makes: in a directory that the script names, if any. */
  private static Value scratch(List<Value> argv, State state) {
    Value fresh = Value.unknown(Origin.SCRATCH, "");
    @Nullable Value directory = null;
    @Nullable Value template = null;
    boolean isBelow = false;
    for (int i = 1; i < argv.size(); i++) {
      String text = argv.get(i).prefix();
      if (text.equals("-p") && i + 1 < argv.size()) {
        directory = argv.get(++i);
      } else if (text.startsWith("--tmpdir=")) {
        directory = argv.get(i).from("--tmpdir=".length());
      } else if (text.startsWith("-p")) {
        directory = argv.get(i).from(2);
      } else if (text.equals("-t") || text.equals("--tmpdir")) {
        isBelow = true;
      } else if (!text.startsWith("-")) {
        template = argv.get(i);
      }
    }
    @Nullable Binding assigned = state.variable("TMPDIR");
    if (directory == null && assigned != null && (template == null || isBelow)) {
      List<Value> values = assigned.alternatives().get(0);
      directory = values.isEmpty() ? null : values.get(0);
    }
    if (directory == null) {
      return template == null || isBelow ? fresh : named(template);
    }
    return directory.plus(Value.of("/")).plus(new Value(List.of(new Value.Glob("*"))));
  }

  /**
   * Returns the path that {@code mktemp} creates from a template, whose last letters it replaces.
   */
  private static Value named(Value template) {
    if (template.prefix().startsWith("/tmp/") && template.isKnown()) {
      return Value.unknown(Origin.SCRATCH, "");
    }
    int last = template.pieces().size() - 1;
    if (last < 0 || !(template.pieces().get(last) instanceof Value.Known known)) {
      return template;
    }
    String text = known.text();
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == 'X') {
      end--;
    }
    List<Value.Piece> pieces = new ArrayList<>(template.pieces());
    pieces.set(last, new Value.Known(text.substring(0, end)));
    pieces.add(new Value.Glob("*"));
    return new Value(pieces);
  }

  private static String host(@Nullable Invocation invocation) {
    return invocation == null ? "" : Written.contacted(invocation.uses());
  }
}
