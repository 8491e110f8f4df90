// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.program.CodeTokens.Kind;
import dev.indelible.program.CodeTokens.Token;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds the calls of Emacs Lisp that have constant arguments. */
final class LispScanner {
  /** Forms within forms are read to this depth. */
  private static final int MAX_DEPTH = 60;

  private static final Value COMPUTED = Value.unknown(Origin.OUTPUT, "");

  private final CodeTable.Language table = CodeTable.standard().language("elisp");
  private final List<Token> tokens;
  private final Uses uses;
  private int at;

  private LispScanner(Value code, Uses uses) {
    tokens = CodeTokens.of("elisp", new Encoded(code));
    this.uses = uses;
  }

  static void scan(Value code, Uses uses) {
    LispScanner scanner = new LispScanner(code, uses);
    while (scanner.at < scanner.tokens.size()) {
      scanner.form(0);
    }
  }

  /** Reads a form, and returns its text as far as that is constant. */
  private Value form(int depth) {
    Token token = tokens.get(at++);
    if (token.kind() == Kind.STRING) {
      return Values.isKnown(token.value()) ? Values.path(token.value().prefix()) : token.value();
    }
    if (!token.is('(') || depth > MAX_DEPTH) {
      return token.isName("t") ? Value.of("true") : token.isName("nil") ? Value.EMPTY : COMPUTED;
    }
    String name =
        at < tokens.size() && tokens.get(at).kind() == Kind.NAME ? tokens.get(at++).text() : "";
    while (at + 1 < tokens.size()
        && (tokens.get(at).is('.') || tokens.get(at).is('/'))
        && tokens.get(at + 1).kind() == Kind.NAME) {
      // A name in a namespace of Clojure.
      name = tokens.get(at + 1).text();
      at += 2;
    }
    List<Value> arguments = new ArrayList<>();
    while (at < tokens.size() && !tokens.get(at).is(')')) {
      boolean isSign = tokens.get(at).kind() == Kind.SYMBOL && !tokens.get(at).is('(');
      if (isSign || tokens.get(at).kind() == Kind.LINE_END) {
        at++;
      } else {
        arguments.add(form(depth + 1));
      }
    }
    at++;
    return call(name, arguments);
  }

  private Value call(String name, List<Value> arguments) {
    int from = name.equals("call-process") ? 4 : name.equals("start-process") ? 3 : 0;
    if (from > 0 && arguments.size() > from - (from == 4 ? 4 : 1)) {
      List<Value> command = new ArrayList<>();
      command.add(arguments.get(from == 4 ? 0 : 2));
      command.addAll(arguments.subList(Math.min(from, arguments.size()), arguments.size()));
      uses.add(Role.RUNS_COMMAND, command, "", false, false);
      return COMPUTED;
    }
    if (name.equals("list")) {
      return Values.joined(arguments, 0);
    }
    CodeTable.Call call = table.call(name);
    if (call == null) {
      return COMPUTED;
    }
    for (Use use : call.uses(name, new CodeTable.Arguments(arguments, Map.of()))) {
      boolean isConstant = use.arguments().isEmpty() || !use.arguments().get(0).equals(COMPUTED);
      if (isConstant) {
        uses.add(use.role(), use.arguments(), use.detail(), use.isRecursive(), use.isDetour());
      } else if (use.role() == Role.RUNS_SHELL) {
        uses.add(Role.HIDES, "a computed command");
      }
    }
    return call.result().equals("path") && !arguments.isEmpty() ? arguments.get(0) : COMPUTED;
  }
}
