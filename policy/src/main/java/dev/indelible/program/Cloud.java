// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads arguments of the command lines of clouds and forges. */
final class Cloud {
  private static final List<String> DESTROYING =
      List.of(
          "delete-",
          "terminate-",
          "destroy-",
          "remove-",
          "purge-",
          "deregister-",
          "batch-delete-",
          "schedule-key-deletion",
          "disable-key",
          "empty-");

  private static final List<String> PRIVILEGED =
      List.of(
          "create-access-key",
          "create-login-profile",
          "attach-user-policy",
          "attach-role-policy",
          "attach-group-policy",
          "put-user-policy",
          "put-role-policy",
          "put-group-policy",
          "add-user-to-group",
          "update-assume-role-policy",
          "create-policy-version",
          "get-secret-value",
          "get-session-token",
          "assume-role",
          "get-federation-token");

  private static final List<String> PUBLISHING =
      List.of(
          "put-bucket-acl", "put-object-acl", "put-bucket-policy", "delete-public-access-block");

  private static final Set<String> DESTROYING_WORDS =
      Set.of(
          "del",
          "delete",
          "delete-batch",
          "delete-bucket",
          "destroy",
          "down",
          "nuke",
          "purge",
          "rb",
          "remove",
          "rm",
          "terminate");

  private static final Set<String> TOKENS =
      Set.of("print-access-token", "print-identity-token", "get-access-token");

  private Cloud() {}

  /** Reads a verb, for example {@code terminate-instances}. */
  static void verb(Value argument, Template template, Scan scan) {
    String verb = argument.prefix();
    if (!Values.isKnown(argument)) {
      return;
    }
    if (PUBLISHING.contains(verb)) {
      scan.uses().add(Role.PUBLISHES, verb);
    } else if (PRIVILEGED.contains(verb)) {
      scan.uses().add(Role.GAINS_PRIVILEGE, verb);
    } else if (DESTROYING.stream().anyMatch(verb::startsWith)) {
      scan.uses().add(Role.DESTROYS, verb);
    }
  }

  /** Reads the words of a command. One of them may name a destructive operation. */
  static void command(Value argument, Template template, Scan scan) {
    for (Value operand : scan.operands()) {
      String word = operand.prefix();
      String action = word.substring(word.lastIndexOf(':') + 1);
      boolean destroys =
          action.equals(word)
              ? DESTROYING_WORDS.contains(word)
              : List.of("destroy", "delete", "reset").contains(action);
      if (TOKENS.contains(word)) {
        scan.uses().add(Role.GAINS_PRIVILEGE, "a token of the account");
        return;
      }
      if (destroys && Values.isKnown(operand)) {
        scan.uses().add(Role.DESTROYS, Values.joined(scan.operands(), 0).display());
        return;
      }
    }
  }

  /** Reads the method of a request to a forge. */
  static void apiMethod(Value argument, Template template, Scan scan) {
    if (argument.prefix().toUpperCase(Locale.ROOT).equals("DELETE")) {
      scan.uses().add(Role.DESTROYS, "by the API: " + Values.joined(scan.operands(), 0).display());
    }
  }

  /** Reads the visibility of a repository. */
  static void visibility(Value argument, Template template, Scan scan) {
    if (Values.is(argument, "public")) {
      scan.uses().add(Role.PUBLISHES, "a repository");
    }
  }

  /** Reads the value of an alias of {@code gh}; one that begins with {@code !} is shell text. */
  static void alias(Value argument, Template template, Scan scan) {
    if (argument.prefix().startsWith("!")) {
      scan.uses().addDetour(Role.RUNS_SHELL, argument.from(1), "");
    } else {
      scan.uses().add(Role.RUNS_SHELL, Value.of("gh ").plus(argument));
    }
  }
}
