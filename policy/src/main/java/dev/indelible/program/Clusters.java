// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads what is deleted, stopped or shown of a cluster or of a container engine. */
final class Clusters {
  /** What a controller makes again once it is deleted: to delete one is to restart it. */
  private static final Set<String> RESTARTED = Set.of("pod", "pods", "po", "job", "jobs", "event");

  private static final Set<String> SECRETS = Set.of("secret", "secrets");

  private Clusters() {}

  /** Reads a resource that is deleted, and its names. */
  static void resource(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    boolean isRestart = operands.size() > 1;
    for (int i = 0; i < operands.size(); i++) {
      String kind = operands.get(i).prefix().split("/", 2)[0].toLowerCase(Locale.ROOT);
      boolean isKind = i == 0 || operands.get(0).prefix().contains("/");
      isRestart &= Values.isKnown(operands.get(i)) && (!isKind || RESTARTED.contains(kind));
    }
    boolean isNamed = operands.get(0).prefix().contains("/");
    if (!isRestart && !(isNamed && operands.size() == 1 && isRestarted(operands.get(0)))) {
      scan.uses().add(Role.DESTROYS, List.copyOf(operands), "of the cluster", false, false);
    }
  }

  private static boolean isRestarted(Value operand) {
    return Values.isKnown(operand) && RESTARTED.contains(operand.prefix().split("/", 2)[0]);
  }

  /** Reads the number of replicas that remain. */
  static void replicas(Value argument, Template template, Scan scan) {
    if (Values.is(argument, "0")) {
      scan.uses().add(Role.DESTROYS, "all replicas");
    }
  }

  /** Reads the kind of resource that is shown; of a secret, some formats show its content. */
  static void secret(Value argument, Template template, Scan scan) {
    String kind = argument.prefix().split("[/.]", 2)[0].toLowerCase(Locale.ROOT);
    String format = scan.optionValue("-o").map(Value::prefix).orElse("");
    boolean showsContent = !format.isEmpty() && !Set.of("name", "wide").contains(format);
    if (SECRETS.contains(kind) && showsContent) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "a stored secret");
    }
  }

  /**
   * Reads a container that is removed: the list of all containers, as the engine itself prints it.
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
