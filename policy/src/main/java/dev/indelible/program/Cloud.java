// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads arguments of command-line clients for clouds and forges. */
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
          "empty-",
          "leave-organization",
          "stop-logging");

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
          "batch-get-secret-value",
          "get-session-token",
          "assume-role",
          "get-role-credentials",
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
          "terminate",
          "undefine",
          "uninstall");

  private static final Set<String> COPYING =
      Set.of("copy", "cp", "mirror", "mv", "put", "rsync", "sync");

  private static final Set<String> GRANTING =
      Set.of("add-iam-policy-binding", "set-iam-policy", "create-access-key");

  /** API paths of parts of an issue or pull request that are easily created again. */
  private static final Pattern MINOR_PATH =
      Pattern.compile(
          "/(?:labels|comments|assignees|reactions|requested_reviewers|subscription|caches|lock)\\b");

  /** API paths of settings that decide who may change a repository or an organization. */
  private static final Pattern RIGHTS_PATH =
      Pattern.compile(
          "/(?:protection|rulesets|collaborators|memberships|members|keys|hooks|secrets|invitations"
              + "|permissions)\\b");

  /** The machine of a command that runs in the cloud. */
  private static final String HOST = "host of the cloud";

  private static final Set<String> TOKENS =
      Set.of("print-access-token", "print-identity-token", "get-access-token");

  /** Commands that print or create the secret part of a credential. */
  private static final Pattern SECRETS =
      Pattern.compile(
          "\\b(?:secrets? versions? access|secret show|secret download|secrets get"
              + "|service-accounts keys create|(?:account|cosmosdb) keys list|list-keys"
              + "|create-for-rbac|credential reset|env pull|env:get|env:list|config:get)\\b"
              + "|^(?:config|variables)$");

  /** Names of settings and outputs whose value is a secret. */
  private static final Pattern SECRET_NAME =
      Pattern.compile(
          "(?i)(?:.*[_.:/-])?(?:secret|token|password|passwd|requirepass|_?auth(?:token)?|credentials?"
              + "|private[_-]?key|secret[_-]?access[_-]?key|access[_-]?token|session[_-]?token|api[_-]?key)");

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

  /**
   * Reads the words of a command. One of them may name a destructive operation, a copy, or a grant
   * of rights.
   */
  static void command(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    if (SECRETS.matcher(Values.joined(operands, 0).display()).find()) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "a stored secret");
      return;
    }
    if (Values.is(operands.get(0), "run") && operands.size() > 1) {
      // A command in the cloud, for example of Heroku.
      scan.uses().add(Role.RUNS_SHELL, Values.joined(operands, 1), HOST);
    }
    for (int i = 0; i < operands.size(); i++) {
      Value operand = operands.get(i);
      String word = Values.isKnown(operand) ? operand.prefix() : "";
      String action = word.substring(word.lastIndexOf(':') + 1);
      boolean destroys =
          action.equals(word)
              ? DESTROYING_WORDS.contains(word) || word.endsWith("-delete")
              : List.of("destroy", "delete", "reset").contains(action);
      if (TOKENS.contains(word)) {
        scan.uses().add(Role.GAINS_PRIVILEGE, "a token of the account");
        return;
      }
      if (GRANTING.contains(word) || word.equals("assignment") && follows(operands, i, "create")) {
        scan.uses().add(Role.GAINS_PRIVILEGE, Values.joined(operands, 0).display());
        return;
      }
      if (word.toLowerCase(Locale.ROOT).matches(".*all(?:authenticated)?users.*")) {
        scan.uses().add(Role.PUBLISHES, "stored objects");
        return;
      }
      if (destroys) {
        scan.uses().add(Role.DESTROYS, Values.joined(operands, 0).display());
        return;
      }
      if (COPYING.contains(word)) {
        copy(operands.subList(i + 1, operands.size()), template, scan);
        return;
      }
    }
    for (Value operand : operands) {
      if (operand.prefix().indexOf('(') >= 0) {
        continue; // A query.
      }
      Network.remoteHost(operand).ifPresent(host -> Network.contact(host, template, scan));
    }
  }

  private static boolean follows(List<Value> operands, int at, String word) {
    return at + 1 < operands.size() && Values.is(operands.get(at + 1), word);
  }

  /**
   * Reads the sources and the target of a copy; a mirror may delete target files that its source
   * lacks.
   */
  private static void copy(List<Value> places, Template template, Scan scan) {
    if (places.size() < 2) {
      return;
    }
    Value target = places.get(places.size() - 1);
    Scan copied = scan.of(places);
    places
        .subList(0, places.size() - 1)
        .forEach(each -> Network.copySource(each, template, copied));
    Network.copyTarget(target, template, copied);
    if (scan.has("--delete") || scan.has("--delete-destination")) {
      Network.emptiedTarget(target, template, copied);
    }
  }

  /** Reads the name of a setting or an output that is printed; the value may be a secret. */
  static void secretName(Value argument, Template template, Scan scan) {
    if (Values.isKnown(argument) && SECRET_NAME.matcher(argument.prefix()).matches()) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "a stored secret");
    }
  }

  /** Reads the method of a request to a forge. */
  static void apiMethod(Value argument, Template template, Scan scan) {
    String path = Values.joined(scan.operands(), 0).display();
    String method = argument.prefix().toUpperCase(Locale.ROOT);
    if (method.equals("DELETE") && !MINOR_PATH.matcher(path).find()) {
      scan.uses().add(Role.DESTROYS, "by the API: " + path);
    } else if (method.startsWith("P") && RIGHTS_PATH.matcher(path).find()) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "rights by the API");
    }
  }

  /** Reads an option that sets who may read stored objects. */
  static void publicAccess(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    if (text.contains("=") ? text.contains("false") : !text.equals("off")) {
      scan.uses().add(Role.PUBLISHES, "stored objects");
    }
  }

  /** Reads addresses that may connect; some ranges mean everyone. */
  static void publicRange(Value argument, Template template, Scan scan) {
    if (Set.of("0.0.0.0/0", "::/0", "*", "Internet", "Any").contains(argument.display())) {
      scan.uses().add(Role.PUBLISHES, "a port to everyone");
    }
  }

  /** Reads the text that a client sends to a machine or a database in the cloud. */
  static void remoteCommand(Value argument, Template template, Scan scan) {
    boolean isSql =
        scan.operands().stream().anyMatch(word -> Set.of("d1", "sql").contains(word.prefix()));
    if (isSql) {
      scan.uses().add(Role.RUNS_SQL, argument);
    } else {
      scan.uses().add(Role.RUNS_SHELL, argument, HOST);
    }
  }

  /** Reads {@code commands=text}: parameters with commands for machines in the cloud. */
  static void remoteParameters(Value argument, Template template, Scan scan) {
    if (argument.prefix().startsWith("commands=")) {
      scan.uses().add(Role.RUNS_SHELL, argument.from("commands=".length()), HOST);
    }
  }

  /** Reads the visibility of a repository, a package or stored objects. */
  static void visibility(Value argument, Template template, Scan scan) {
    if (argument.prefix().startsWith("public")) {
      boolean isObjects = scan.program().equals("aws");
      scan.uses().add(Role.PUBLISHES, isObjects ? "stored objects" : "a repository");
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
