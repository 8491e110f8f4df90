// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads arguments that name what a cluster or a container engine deletes, stops or shows. */
final class Clusters {
  /** Kinds of resources that a controller creates again: to delete one is to restart it. */
  private static final Set<String> RESTARTED = Set.of("pod", "pods", "po", "job", "jobs", "event");

  private static final Set<String> SECRETS = Set.of("secret", "secrets");

  private Clusters() {}

  /** Reads a resource to be deleted, given by kind and names, or by label. */
  static void resource(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    boolean isRestart = isRestarted(operands.get(0));
    for (Value operand : operands) {
      isRestart &= !operand.prefix().contains("/") || isRestarted(operand);
    }
    if (!isRestart) {
      scan.uses().add(Role.DESTROYS, List.copyOf(operands), "of the cluster", false, false);
    }
  }

  private static boolean isRestarted(Value operand) {
    String kind = operand.prefix().split("/", 2)[0].toLowerCase(Locale.ROOT);
    return RESTARTED.contains(kind);
  }

  /** Reads the number of replicas that remain. */
  static void replicas(Value argument, Template template, Scan scan) {
    if (Values.is(argument, "0")) {
      scan.uses().add(Role.DESTROYS, "all replicas");
    }
  }

  /** Reads the kind of a resource to be shown; some formats show the content of a secret. */
  static void secret(Value argument, Template template, Scan scan) {
    String kind = argument.prefix().split("[/.]", 2)[0].toLowerCase(Locale.ROOT);
    String format = scan.optionValue("-o").map(Value::prefix).orElse("");
    format = scan.optionValue("--template").isPresent() ? "template" : format;
    boolean showsContent = !format.isEmpty() && !Set.of("name", "wide").contains(format);
    if (SECRETS.contains(kind) && showsContent) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "a stored secret");
    }
  }

  /**
   * Reads containers to be removed: their names may be the output of a command that lists them all.
   */
  static void allContainers(Value argument, Template template, Scan scan) {
    for (Value.Piece piece : argument.pieces()) {
      if (piece instanceof Value.Unknown unknown && listsAll(unknown.detail())) {
        scan.uses().add(Role.DESTROYS, "all containers");
        return;
      }
    }
  }

  private static boolean listsAll(String command) {
    return command.matches("(?:docker|podman|nerdctl) (?:container )?(?:ps|ls|list)\\b.*")
        && !command.matches(".* (?:-\\w*[fl]\\b|--(?:filter|latest)|-n\\b).*");
  }
}
