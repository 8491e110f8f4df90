// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Invocation;
import dev.indelible.program.Output;
import dev.indelible.program.Programs;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.shell.Command;
import dev.indelible.shell.Script;
import dev.indelible.shell.ShellParser;
import dev.indelible.shell.ShellSyntaxException;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Runs a script without effects, to find the commands that it would run. It runs each branch, and a
 * loop over known words once for each word. Not thread-safe; one script uses it once.
 */
final class Interpreter {
  private final Context context;
  private final Budget budget = new Budget();
  private final Files files = new Files();
  private final Placeholders placeholders = new Placeholders();
  private final Processes processes = new Processes(this);
  private final Expander expander = new Expander(this);
  private final Flow flow = new Flow(this);
  private final SimpleCommands simpleCommands;
  private final Runner runner;

  private final List<EffectiveCommand> found = new ArrayList<>();
  private Place place = Place.HERE;

  /** Number of expansions of assignment words around the current command. */
  private int settings;

  Interpreter(Context context, Programs programs) {
    this.context = context;
    this.runner = new Runner(this, programs);
    this.simpleCommands = new SimpleCommands(this, runner);
  }

  /**
   * Returns the commands that a script runs. If a limit is exceeded, returns the commands found so
   * far, and a command that states the reason.
   */
  List<EffectiveCommand> run(String text) {
    State state = new State(context.workingDirectory(), budget);
    try {
      Script script = ShellParser.parse(text);
      flow.shell(script, state, new Streams(Input.ofScript(), null));
      processes.feedRest();
    } catch (ShellSyntaxException e) {
      hide(state, e.isLimit() ? "a script " + e.getMessage() : "syntax error: " + e.getMessage());
    } catch (Budget.ExceededException e) {
      hide(state, "a script that " + e.getMessage());
    }
    return found;
  }

  /** Returns the commands that run if a command is started without a shell. */
  List<EffectiveCommand> runCommand(List<Value> argv) {
    State state = new State(context.workingDirectory(), budget);
    return limited(
        state, () -> runner.run(argv, new Runner.Call(state, startStreams(), List.of(), true)));
  }

  /** Returns the commands that run if a command with known uses is started. */
  List<EffectiveCommand> runUses(List<Value> argv, List<Use> uses) {
    State state = new State(context.workingDirectory(), budget);
    Invocation invocation = new Invocation(argv.get(0).display(), uses, List.of(), Output.OTHER);
    return limited(
        state,
        () ->
            runner.follow(
                invocation, argv, new Runner.Call(state, startStreams(), List.of(), true)));
  }

  private static Streams startStreams() {
    return new Streams(Input.ofScript(), null);
  }

  private List<EffectiveCommand> limited(State state, Runnable work) {
    try {
      work.run();
      processes.feedRest();
    } catch (Budget.ExceededException e) {
      hide(state, "a command that " + e.getMessage());
    }
    return found;
  }

  Context context() {
    return context;
  }

  Budget budget() {
    return budget;
  }

  Files files() {
    return files;
  }

  Placeholders placeholders() {
    return placeholders;
  }

  Processes processes() {
    return processes;
  }

  Expander expander() {
    return expander;
  }

  Flow flow() {
    return flow;
  }

  Runner runner() {
    return runner;
  }

  Place place() {
    return place;
  }

  void place(Place other) {
    place = other;
  }

  /** Runs commands in a shell. */
  Outcome script(Script script, State state, Streams io) {
    return flow.script(script, state, io);
  }

  Outcome simple(Command.Simple simple, State state, Streams io) {
    return simpleCommands.run(simple, state, io);
  }

  /** Returns the possible outputs of a command substitution, without trailing line ends. */
  List<Value> capture(Script script, State state) {
    return capture(script, state, true);
  }

  /** Returns the possible outputs of a script in a separate shell; at least one. */
  List<Value> capture(Script script, State state, boolean isTrimmed) {
    Sink sink = new Sink();
    flow.shell(script, state.copy(), new Streams(Input.ofScript(), sink));
    List<Value> all = sink.alternatives();
    if (!isTrimmed) {
      return all;
    }
    List<Value> trimmed = new ArrayList<>(all.size());
    for (Value each : all) {
      budget.text(each.prefix().length());
      trimmed.add(withoutLineEnds(each));
    }
    return trimmed;
  }

  /**
   * Returns a text without NULs and without trailing newlines. An argument cannot contain a NUL.
   */
  private static Value withoutLineEnds(Value output) {
    Value value = withoutNuls(output);
    int last = value.pieces().size() - 1;
    if (last < 0 || !(value.pieces().get(last) instanceof Value.Known known)) {
      return value;
    }
    int end = known.text().length();
    while (end > 0 && known.text().charAt(end - 1) == '\n') {
      end--;
    }
    if (end == known.text().length()) {
      return value;
    }
    List<Value.Piece> pieces = new ArrayList<>(value.pieces());
    pieces.set(last, new Value.Known(known.text().substring(0, end)));
    return new Value(pieces);
  }

  private static Value withoutNuls(Value value) {
    boolean hasNul = false;
    for (Value.Piece piece : value.pieces()) {
      hasNul |= piece instanceof Value.Known known && known.text().indexOf('\0') >= 0;
    }
    if (!hasNul) {
      return value;
    }
    Value.Builder all = new Value.Builder();
    for (Value.Piece piece : value.pieces()) {
      if (piece instanceof Value.Known known) {
        all.add(known.text().replace("\0", ""));
      } else {
        all.add(piece);
      }
    }
    return all.build();
  }

  /**
   * Parses a text that the script runs as a script. If the text cannot be parsed, records it as
   * hidden and returns null.
   */
  @Nullable Script parse(Value text, State state) {
    String encoded = placeholders.encode(text);
    budget.text(encoded.length());
    try {
      return ShellParser.parse(encoded);
    } catch (ShellSyntaxException e) {
      hide(state, "shell text with a syntax error: " + e.getMessage());
      return null;
    }
  }

  /** Begins or ends the expansion of words that are assignments of the environment. */
  void settings(int change) {
    settings += change;
  }

  /**
   * Returns the uses; while assignment words are expanded, without the reads of {@code .env} files.
   */
  private List<Use> shown(List<Use> uses) {
    if (settings == 0) {
      return uses;
    }
    List<Use> shown = new ArrayList<>(uses);
    shown.removeIf(
        use ->
            use.role() == Role.READS
                && Transforms.afterLastSlash(use.arguments().get(0)).prefix().startsWith(".env"));
    return shown;
  }

  /** Records a command. */
  void emit(List<Value> argv, State state, List<Use> uses) {
    List<Value> directories = state.directories();
    for (int i = 0; i < directories.size(); i++) {
      emit(argv, directories.get(i), uses);
    }
  }

  /** Records a command in one directory. */
  void emit(List<Value> argv, Value directory, List<Use> uses) {
    List<Use> all = files.links().followed(shown(uses), directory);
    place.add(new EffectiveCommand(argv, directory, all, place.via(), place.machine()), found);
    if (found.size() > Budget.MAX_COMMANDS) {
      budget.command();
    }
  }

  /** Records that something cannot be read. */
  void hide(State state, String reason) {
    List<Use> uses = List.of(hides(List.of(), reason));
    Value directory = state.directories().get(0);
    place.add(
        new EffectiveCommand(List.of(), directory, uses, place.via(), place.machine()), found);
  }

  static Use hides(List<Value> what, String reason) {
    return new Use(Role.HIDES, what, reason, false, false);
  }

  /** Records a text as hidden if it may run commands when it is expanded as a prompt string. */
  void prompt(Value text) {
    String shown = text.display();
    if (text.hasUnknown() || shown.contains("$(") || shown.indexOf('`') >= 0) {
      emit(
          List.of(),
          context.workingDirectory(),
          List.of(hides(List.of(text), "a text that is expanded as a prompt")));
    }
  }

  /** Returns the source of a value in words. */
  static String source(Value value) {
    for (Value.Piece piece : value.pieces()) {
      if (piece instanceof Value.Unknown unknown) {
        return switch (unknown.origin()) {
          case NETWORK -> "a download";
          case DECODED -> "decoded text";
          case FILE -> "the content of " + unknown.detail();
          case INPUT -> "the standard input";
          case VARIABLE -> "the variable " + unknown.detail();
          default -> unknown.origin().name().toLowerCase(Locale.ROOT) + " of a command";
        };
      }
    }
    return "known text";
  }
}
