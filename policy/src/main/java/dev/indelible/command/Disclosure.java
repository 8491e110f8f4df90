// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Invocation;
import dev.indelible.program.Output;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds commands that print secrets of the environment to the output of the whole script. The
 * caller of the script receives this output.
 */
final class Disclosure {
  /** The environment as a file. */
  static final Value ENVIRONMENT = Value.of("/proc/self/environ");

  private static final Pattern SECRET_VARIABLE =
      Pattern.compile(
          "(?:.*_)?(?:SECRETS?|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS?)");

  private static final Pattern SECRET_WORD =
      Pattern.compile(
          "secret|token|pass|pwd|aws(?!_(?:default_)?(?:region|profile|pager))|_?key\\b|cred|auth|private",
          Pattern.CASE_INSENSITIVE);

  /** Programs that print all or most of what they read. */
  private static final Set<String> PRINTERS =
      Set.of(
          "cat", "bat", "sort", "uniq", "head", "tail", "less", "more", "tee", "nl", "tac", "rev",
          "tr", "column", "fold", "strings", "base64", "base32", "xxd", "od", "hexdump");

  private static final Set<String> FILTERS = Set.of("grep", "egrep", "fgrep", "rg");

  private static final Pattern PRINTS_ENVIRONMENT =
      Pattern.compile(
          "(?:(?:print|console\\.log|stringify|dumps|urlencode)\\s*\\(|\\b(?:json|data|params)\\s*=)"
              + "\\s*(?:dict\\s*\\(\\s*)?(?:os\\.environ|process\\.env)\\s*\\)");

  private Disclosure() {}

  /**
   * Returns true if a command prints secrets. The caller checks that no other command of the script
   * reads the output.
   */
  static boolean isMade(
      String name, List<Value> argv, @Nullable Invocation invocation, Streams io) {
    String base = name.substring(name.lastIndexOf('/') + 1);
    List<Value> arguments = argv.subList(1, argv.size());
    return switch (base) {
      case "echo", "printf" -> hasSecret(arguments);
      case "env" -> invocation != null && prints(invocation) && !runs(invocation);
      case "printenv" ->
          arguments.isEmpty() || arguments.stream().anyMatch(Disclosure::namesSecret);
      case "set", "export" -> arguments.isEmpty() || isOption(arguments, "p");
      case "declare", "typeset" -> isOption(arguments, "px");
      default ->
          (PRINTERS.contains(base) || FILTERS.contains(base) && selectsSecrets(arguments))
              && io.in().rest().has(Origin.ENVIRONMENT);
    };
  }

  private static boolean prints(Invocation invocation) {
    return invocation.output() == Output.ENVIRONMENT;
  }

  private static boolean runs(Invocation invocation) {
    for (Use use : invocation.uses()) {
      if (use.role() == Role.RUNS_COMMAND || use.role() == Role.RUNS_SHELL) {
        return true;
      }
    }
    return false;
  }

  /** Returns true if the arguments are a single option of some of the given characters. */
  private static boolean isOption(List<Value> arguments, String characters) {
    String text = arguments.size() == 1 ? arguments.get(0).prefix() : "";
    return text.length() > 1
        && text.charAt(0) == '-'
        && text.chars().skip(1).allMatch(c -> characters.indexOf(c) >= 0);
  }

  private static boolean hasSecret(List<Value> arguments) {
    for (Value argument : arguments) {
      for (Value.Piece piece : argument.pieces()) {
        if (piece instanceof Value.Unknown unknown
            && unknown.origin() == Origin.VARIABLE
            && SECRET_VARIABLE.matcher(unknown.detail()).matches()) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean namesSecret(Value argument) {
    return SECRET_VARIABLE.matcher(argument.prefix().toUpperCase(Locale.ROOT)).matches();
  }

  /** Returns true if code prints or sends the whole environment. */
  static boolean isMadeBy(Value code) {
    return PRINTS_ENVIRONMENT.matcher(code.prefix()).find();
  }

  /**
   * Returns true if a filter of lines may print secrets: its pattern matches secrets, or the filter
   * prints the lines that do not match.
   */
  private static boolean selectsSecrets(List<Value> arguments) {
    for (Value argument : arguments) {
      String text = argument.prefix();
      boolean isInverted =
          text.startsWith("-") && !text.startsWith("--") && text.indexOf('v') > 0
              || text.equals("--invert-match");
      if (isInverted || SECRET_WORD.matcher(text).find()) {
        return true;
      }
    }
    return false;
  }
}
