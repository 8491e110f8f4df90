// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.shell.Word;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Expands words (bash manual 3.5): from the nodes of the parser to values. */
final class Expander {
  private static final Set<String> DECLARATIONS =
      Set.of("declare", "export", "local", "readonly", "typeset");

  private final Interpreter interpreter;
  private final Parameters parameters;

  Expander(Interpreter interpreter) {
    this.interpreter = interpreter;
    this.parameters = new Parameters(interpreter, this);
  }

  Parameters parameters() {
    return parameters;
  }

  /** Returns each possible list of words of a command after expansion. */
  List<List<Value>> words(List<Word> words, State state) {
    List<List<Value>> rows = new ArrayList<>(1);
    rows.add(new ArrayList<>(words.size()));
    boolean isDeclaration = false;
    for (int i = 0; i < words.size(); i++) {
      Word word = words.get(i);
      @Nullable Value plain = plain(word);
      if (plain != null) {
        for (List<Value> row : rows) {
          row.add(plain);
        }
        isDeclaration |= i == 0 && plain.isKnown() && DECLARATIONS.contains(plain.prefix());
      } else if (isDeclaration && assignmentEnd(word) > 0) {
        List<List<Value>> alternatives = new ArrayList<>();
        assignmentValue(word, state).forEach(each -> alternatives.add(List.of(each)));
        rows = append(rows, alternatives);
      } else if (Braces.isIn(word)) {
        for (Word each : Braces.expand(word, interpreter.budget())) {
          rows = append(rows, fields(each, state));
        }
      } else {
        rows = append(rows, fields(word, state));
      }
    }
    return rows;
  }

  private static List<List<Value>> append(List<List<Value>> rows, List<List<Value>> alternatives) {
    if (alternatives.size() == 1) {
      for (List<Value> row : rows) {
        row.addAll(alternatives.get(0));
      }
      return rows;
    }
    if (rows.size() * alternatives.size() > Binding.MAX_ALTERNATIVES * 4) {
      for (List<Value> row : rows) {
        row.add(Value.unknown(Origin.OUTPUT, "many values"));
      }
      return rows;
    }
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> row : rows) {
      for (List<Value> alternative : alternatives) {
        List<Value> joined = new ArrayList<>(row);
        joined.addAll(alternative);
        all.add(joined);
      }
    }
    return all;
  }

  /** Returns the value of a word without expansions; null if the word may have an expansion. */
  private @Nullable Value plain(Word word) {
    if (word.parts().size() != 1 || !(word.parts().get(0) instanceof Word.Literal literal)) {
      return null;
    }
    String text = literal.text();
    boolean isPlain =
        (literal.isQuoted() || !hasSpecial(text) && !Braces.isIn(word))
            && !interpreter.placeholders().mayBeIn(text);
    return isPlain ? Value.of(text) : null;
  }

  private static boolean hasSpecial(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '*' || c == '?' || c == '[' || c == '~' || c == '(') {
        return true;
      }
    }
    return false;
  }

  /** Returns each possible list of fields of a word. Does not expand braces. */
  List<List<Value>> fields(Word word, State state) {
    Fields fields = new Fields(true, separators(state), interpreter.budget());
    addWord(word, state, fields);
    return fields.done();
  }

  /**
   * Returns the possible values of a word, expanded to one field without word splitting or pathname
   * expansion.
   */
  List<Value> value(Word word, State state) {
    if (word.parts().isEmpty()) {
      return List.of(Value.EMPTY);
    }
    @Nullable Value plain = plain(word);
    if (plain != null) {
      return List.of(plain);
    }
    Fields fields = new Fields(false, "", interpreter.budget());
    addWord(word, state, fields);
    return fields.single();
  }

  /** Returns the value of a word; an unknown value if several are possible. */
  Value single(Word word, State state) {
    List<Value> values = value(word, state);
    if (values.size() == 1) {
      return values.get(0);
    }
    Value.Builder all = new Value.Builder().add(new Value.Unknown(Origin.OUTPUT, "many values"));
    values.forEach(each -> all.add(each.sources()));
    return all.build().sources();
  }

  /**
   * Returns a word as a pattern, in which quoted text matches literally.
   *
   * @return null if the pattern is unknown
   */
  @Nullable String pattern(Word word, State state) {
    StringBuilder pattern = new StringBuilder();
    for (Word.Part part : word.parts()) {
      if (part instanceof Word.Literal literal) {
        pattern.append(literal.isQuoted() ? Pattern.quoted(literal.text()) : literal.text());
        continue;
      }
      Fields fields = new Fields(false, "", interpreter.budget());
      add(part, state, fields);
      List<Value> values = fields.single();
      if (values.size() != 1 || !values.get(0).isKnown()) {
        return null;
      }
      String text = values.get(0).prefix();
      pattern.append(part.isQuoted() ? Pattern.quoted(text) : text);
    }
    return pattern.toString();
  }

  /** Returns the separators of fields: the value of {@code IFS}. */
  static String separators(State state) {
    @Nullable Binding ifs = state.variable("IFS");
    if (ifs != null && ifs.alternatives().size() == 1 && ifs.alternatives().get(0).size() == 1) {
      Value value = ifs.alternatives().get(0).get(0);
      if (value.isKnown()) {
        return value.prefix();
      }
    }
    return " \t\n";
  }

  private void addWord(Word word, State state, Fields fields) {
    List<Word.Part> parts = word.parts();
    int end = assignmentEnd(word);
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i) instanceof Word.Literal literal && !literal.isQuoted()) {
        boolean isLast = i == parts.size() - 1;
        text(literal.text(), i == 0 ? end : -1, i == 0, isLast, state, fields);
      } else {
        add(parts.get(i), state, fields);
      }
    }
  }

  /**
   * Adds unquoted text of a word.
   *
   * @param assigned the offset in the text where the value of an assignment begins; 0 or less if
   *     there is no assignment
   */
  private void text(
      String text, int assigned, boolean isFirst, boolean isLast, State state, Fields fields) {
    if (text.indexOf('~') < 0) {
      literal(text, false, fields);
    } else if (isFirst && text.charAt(0) == '~') {
      tilde(text, isLast, state, fields);
    } else if (assigned > 0 && assigned < text.length() && text.charAt(assigned) == '~') {
      literal(text.substring(0, assigned), false, fields);
      tilde(text.substring(assigned), isLast, state, fields);
    } else {
      literal(text, false, fields);
    }
  }

  /** Adds text that begins with a tilde. The text up to the first slash names a directory. */
  private void tilde(String text, boolean isLast, State state, Fields fields) {
    int end = text.indexOf('/');
    if (end < 0 && !isLast) {
      literal(text, false, fields);
      return;
    }
    String user = text.substring(1, end < 0 ? text.length() : end);
    switch (user) {
      case "" -> fields.alternatives(parameters.lookup("HOME", state), true);
      case "+" -> fields.alternatives(Binding.scalar(state.directories()).alternatives(), true);
      case "-" ->
          fields.alternatives(Binding.scalar(state.previousDirectories()).alternatives(), true);
      case "root" -> fields.quoted(Value.of("/root"));
      default -> fields.quoted(Value.unknown(Origin.HOME, user));
    }
    if (end >= 0) {
      literal(text.substring(end), false, fields);
    }
  }

  /**
   * Returns where the value begins in a word of the form {@code NAME=…}; -1 if the word is not an
   * assignment.
   */
  static int assignmentEnd(Word word) {
    if (word.parts().isEmpty()
        || !(word.parts().get(0) instanceof Word.Literal literal)
        || literal.isQuoted()) {
      return -1;
    }
    String text = literal.text();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '=') {
        return i == 0 ? -1 : i + 1;
      }
      boolean isName = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
      if (!isName && (i == 0 || (c < '0' || c > '9') && c != '+')) {
        return -1;
      }
    }
    return -1;
  }

  private List<Value> assignmentValue(Word word, State state) {
    Fields fields = new Fields(false, "", interpreter.budget());
    addWord(word, state, fields);
    return fields.single();
  }

  /** Adds the parts of an operator's argument, in which unquoted text is split. */
  void addArgument(Word argument, State state, Fields fields) {
    for (int i = 0; i < argument.parts().size(); i++) {
      Word.Part part = argument.parts().get(i);
      if (part instanceof Word.Literal literal && !literal.isQuoted()) {
        if (i == 0 && literal.text().startsWith("~")) {
          tilde(literal.text(), argument.parts().size() == 1, state, fields);
        } else {
          fields.unquoted(interpreter.placeholders().decode(literal.text()));
        }
      } else {
        add(part, state, fields);
      }
    }
  }

  private void literal(String text, boolean isQuoted, Fields fields) {
    if (interpreter.placeholders().mayBeIn(text)) {
      for (Value.Piece piece : interpreter.placeholders().decode(text).pieces()) {
        if (!isQuoted && piece instanceof Value.Known known) {
          fields.literal(known.text());
        } else {
          fields.quoted(new Value(List.of(piece)));
        }
      }
    } else if (isQuoted) {
      fields.quoted(Value.of(text));
    } else {
      fields.literal(text);
    }
  }

  private void add(Word.Part part, State state, Fields fields) {
    if (part instanceof Word.Literal literal) {
      literal(literal.text(), literal.isQuoted(), fields);
    } else if (part instanceof Word.Parameter parameter) {
      interpreter.budget().enter();
      parameters.add(parameter, state, fields);
      interpreter.budget().leave();
    } else if (part instanceof Word.CommandSubstitution substitution) {
      List<Value> outputs = interpreter.capture(substitution.script(), state);
      fields.alternatives(Binding.scalar(outputs).alternatives(), substitution.isQuoted());
    } else if (part instanceof Word.ProcessSubstitution substitution) {
      fields.quoted(
          interpreter.processes().substitute(substitution.script(), substitution.isInput(), state));
    } else if (part instanceof Word.Arithmetic arithmetic) {
      fields.quoted(arithmetic(arithmetic.expression(), state));
    }
  }

  /** Returns the value of an arithmetic expression, and performs its assignments. */
  Value arithmetic(Word expression, State state) {
    Value text = single(expression, state);
    @Nullable Long value = number(text, state);
    if (value != null) {
      return Value.of(Long.toString(value));
    }
    Value sources = text.sources();
    return sources.pieces().isEmpty() ? Value.unknown(Origin.OUTPUT, "arithmetic") : sources;
  }

  /** Evaluates an arithmetic expression; null if its value is unknown. */
  @Nullable Long number(Value text, State state) {
    if (!text.isKnown()) {
      return null;
    }
    interpreter.budget().text(text.size());
    return Arithmetic.evaluate(text.prefix(), parameters.numbers(state));
  }
}
