// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayList;
import java.util.List;

/** Lists the simple commands of a script, including those in substitutions and functions. */
final class Commands {
  /** Replaces a word that has an expansion. */
  static final String DYNAMIC = "<dynamic>";

  private final List<List<String>> found = new ArrayList<>();

  private Commands() {}

  /** Returns the words of each simple command, in the order of the text. */
  static List<List<String>> of(String text) throws ShellSyntaxException {
    Commands commands = new Commands();
    commands.script(ShellParser.parse(text));
    return commands.found;
  }

  private void script(Script script) {
    script.statements().forEach(statement -> command(statement.command()));
  }

  private void command(Command command) {
    if (command instanceof Command.Simple simple) {
      simple(simple);
    } else if (command instanceof Command.Pipeline pipeline) {
      pipeline.commands().forEach(this::command);
    } else if (command instanceof Command.AndOr both) {
      command(both.left());
      command(both.right());
    } else if (command instanceof Command.Redirected redirected) {
      command(redirected.command());
      redirected.redirections().forEach(this::redirection);
    } else if (command instanceof Command.Group group) {
      script(group.body());
    } else if (command instanceof Command.Subshell subshell) {
      script(subshell.body());
    } else if (command instanceof Command.If branches) {
      script(branches.condition());
      script(branches.then());
      script(branches.otherwise());
    } else if (command instanceof Command.While loop) {
      script(loop.condition());
      script(loop.body());
    } else if (command instanceof Command.For loop) {
      loop.words().forEach(this::word);
      script(loop.body());
    } else if (command instanceof Command.ArithmeticFor loop) {
      word(loop.expressions());
      script(loop.body());
    } else if (command instanceof Command.Case choice) {
      word(choice.subject());
      for (Command.Branch branch : choice.branches()) {
        branch.patterns().forEach(this::word);
        script(branch.body());
      }
    } else if (command instanceof Command.Function function) {
      command(function.body());
    } else if (command instanceof Command.ArithmeticCommand arithmetic) {
      word(arithmetic.expression());
    } else if (command instanceof Command.Conditional condition) {
      condition.words().forEach(this::word);
    } else if (command instanceof Command.Coprocess coprocess) {
      command(coprocess.body());
    }
  }

  private void simple(Command.Simple simple) {
    if (!simple.words().isEmpty()) {
      found.add(simple.words().stream().map(word -> word.literal().orElse(DYNAMIC)).toList());
    }
    simple.assignments().forEach(this::assignment);
    simple.words().forEach(this::word);
    simple.arrays().forEach(this::assignment);
    simple.redirections().forEach(this::redirection);
  }

  private void assignment(Assignment assignment) {
    word(assignment.subscript());
    word(assignment.value());
    assignment.elements().forEach(this::word);
  }

  private void redirection(Redirection redirection) {
    word(redirection.target());
    word(redirection.document().body());
  }

  private void word(Word word) {
    for (Word.Part part : word.parts()) {
      if (part instanceof Word.CommandSubstitution substitution) {
        script(substitution.script());
      } else if (part instanceof Word.ProcessSubstitution substitution) {
        script(substitution.script());
      } else if (part instanceof Word.Arithmetic arithmetic) {
        word(arithmetic.expression());
      } else if (part instanceof Word.Parameter parameter) {
        word(parameter.subscript());
        word(parameter.argument());
      }
    }
  }
}
