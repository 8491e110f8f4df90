// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.CodeScanner;
import dev.indelible.program.Role;
import dev.indelible.program.SqlScanner;
import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/** Runs code that comes from the standard input, or from files that the script has written. */
final class CodeFiles {
  private static final String SHELL = "shell";

  private final Interpreter interpreter;
  private final Runner runner;
  private final Follower follower;

  CodeFiles(Interpreter interpreter, Runner runner, Follower follower) {
    this.interpreter = interpreter;
    this.runner = runner;
    this.follower = follower;
  }

  /** Runs the standard input. */
  void input(Use use, Runner.Call call, String wrapper) {
    Value content = call.io().in().rest();
    if (use.detail().equals(SHELL) && Runner.isReadable(content)) {
      follower.shell(List.of(content), call, wrapper);
    } else if (!use.detail().equals(SHELL) && !content.pieces().isEmpty()) {
      code(use.detail(), content, call, wrapper);
    }
  }

  private void code(String language, Value content, Runner.Call call, String wrapper) {
    if (language.equals("make")) {
      recipes(content, call, wrapper);
      return;
    }
    List<Use> uses = content.prefix().isEmpty() ? List.of() : codeUses(language, content);
    if (!uses.isEmpty()) {
      interpreter.emit(List.of(Value.of(wrapper)), call.state(), uses);
      follower.follow(uses, List.of(), call, wrapper);
    }
  }

  /**
   * Runs the recipes of all targets of a makefile: the lines that begin with a tab, and the text
   * after the semicolon of {@code target: ; command}.
   */
  private void recipes(Value content, Runner.Call call, String wrapper) {
    StringBuilder script = new StringBuilder();
    for (String line : content.prefix().split("\n")) {
      if (line.startsWith("\t")) {
        int at = 1;
        while (at < line.length() && "@-+".indexOf(line.charAt(at)) >= 0) {
          at++;
        }
        script.append(line, at, line.length()).append('\n');
      } else if (line.matches("[^\\s=:]+\\s*::?[^=;]*;.*")) {
        script.append(line, line.indexOf(';') + 1, line.length()).append('\n');
      }
    }
    String text = script.toString().replace("$$", "$");
    if (!text.isEmpty()) {
      follower.shell(List.of(Value.of(text)), call, wrapper);
    }
  }

  private List<Use> codeUses(String language, Value content) {
    interpreter.budget().text(content.size());
    return language.equals("sql") ? SqlScanner.scan(content) : CodeScanner.scan(language, content);
  }

  /** Runs a file. */
  void file(Use use, Runner.Call call, String wrapper) {
    Value path = use.arguments().get(0);
    List<Value> contents = contents(path, call);
    for (Value content : contents) {
      content(use, content, call, wrapper);
    }
  }

  private List<Value> contents(Value path, Runner.Call call) {
    String text = path.isKnown() ? path.prefix() : "";
    boolean isStream = text.equals("/dev/stdin") || text.equals("-") || text.equals("/dev/fd/0");
    Value directory = call.state().directories().get(0);
    return isStream ? List.of(call.io().in().rest()) : interpreter.files().written(path, directory);
  }

  /** Runs the content of a file that the script has written. */
  private void content(Use use, Value content, Runner.Call call, String wrapper) {
    String language = use.detail().isEmpty() ? SHELL : use.detail();
    Value path = use.arguments().get(0);
    if (!language.equals(SHELL)) {
      interpreter.emit(
          List.of(Value.of(wrapper), path),
          call.state(),
          List.of(Follower.runsInput(content, language)));
      code(language, content, call, wrapper);
      return;
    }
    String key = Paths.key(path, call.state().directories().get(0));
    // The key includes the content, so that a script that rewrites its own file is followed again.
    String running = "file " + key + " " + content.display();
    if (interpreter.flow().calls().isRunning(running)) {
      return;
    }
    if (!content.isKnown()) {
      interpreter.emit(
          List.of(Value.of(wrapper), path),
          call.state(),
          List.of(Follower.runsInput(content, language)));
    }
    if (Runner.isReadable(content)) {
      interpreter.flow().calls().enter(running);
      List<Value> arguments = new ArrayList<>(List.of(content));
      arguments.addAll(use.arguments());
      follower.shell(arguments, call, wrapper);
      interpreter.flow().calls().leave();
    }
  }

  /** Runs a file that the script has written, as a program. */
  void writtenProgram(List<Value> argv, List<Value> contents, Runner.Call call) {
    Value path = argv.get(0);
    String language = language(contents.get(0));
    Use use = new Use(Role.RUNS_FILE, argv, language, false, false);
    List<Use> uses = new ArrayList<>(call.uses());
    uses.add(use);
    interpreter.emit(argv, call.state(), uses);
    for (Value content : contents) {
      content(use, content, call.asProgram(), path.display());
    }
  }

  /** Returns the language that the first line of a program names. */
  private static String language(Value content) {
    String text = content.prefix();
    int end = text.indexOf('\n');
    String first = end < 0 ? text : text.substring(0, end);
    if (first.startsWith("#!")) {
      for (String language : List.of("python", "node", "perl", "ruby", "php")) {
        if (first.contains(language)) {
          return language;
        }
      }
    }
    return SHELL;
  }
}
