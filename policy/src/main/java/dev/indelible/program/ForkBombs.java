// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.program.CodeTokens.Kind;
import dev.indelible.program.CodeTokens.Token;
import java.util.List;
import java.util.Set;

/** Finds code that starts processes in an endless loop without waiting for any of them. */
final class ForkBombs {
  private static final Set<String> FORKING = Set.of("fork", "pcntl_fork");

  private static final Set<String> ENDLESS = Set.of("1", "true", "True", "TRUE", "fork");

  /** Calls in code that waits for its processes, or leaves its loop. */
  private static final Set<String> RESTRAINED =
      Set.of(
          "accept",
          "break",
          "exit",
          "_exit",
          "last",
          "join",
          "pcntl_wait",
          "pcntl_waitpid",
          "sleep",
          "wait",
          "wait2",
          "waitall",
          "waitpid");

  private ForkBombs() {}

  /** Returns true if the code is a fork bomb. */
  static boolean isOne(List<Token> tokens) {
    boolean forks = false;
    boolean loops = false;
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (token.kind() != Kind.NAME) {
        continue;
      }
      if (RESTRAINED.contains(token.text())) {
        return false;
      }
      forks |= FORKING.contains(token.text());
      loops |= isEndless(tokens, i);
    }
    return forks && loops;
  }

  private static boolean isEndless(List<Token> tokens, int at) {
    int next = at + 1;
    while (next < tokens.size() && tokens.get(next).is('(')) {
      next++;
    }
    Token condition = next < tokens.size() ? tokens.get(next) : tokens.get(at);
    return switch (tokens.get(at).text()) {
      case "while" ->
          condition != tokens.get(at)
              && (ENDLESS.contains(condition.text())
                  // "os.fork()", "pcntl_fork()"
                  || condition.isName("os")
                  || FORKING.contains(condition.text()));
      case "until" -> Set.of("0", "false").contains(condition.text());
      case "loop" -> condition.is('{') || condition.isName("do");
      case "for", "foreach" -> condition.is(';');
      case "iter" -> condition.isName("int");
      case "count", "cycle", "repeat" -> next > at + 1;
      default -> false;
    };
  }
}
