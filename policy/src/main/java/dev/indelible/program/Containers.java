// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads options that decide what a container may see and do. */
final class Containers {
  private Containers() {}

  /** Reads {@code source:target[:options]}; a source without a slash is a volume. */
  static void volume(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.split(argument, ':');
    if (parts.size() >= 2) {
      // A drive, for example C:, is a part of its own.
      boolean isDrive = parts.size() > 2 && isDrive(parts.get(0));
      Value source = isDrive ? parts.get(0).plus(Value.of(":")).plus(parts.get(1)) : parts.get(0);
      mount(source, parts.get(isDrive ? 2 : 1), scan);
    }
  }

  /** Reads {@code type=bind,source=…,target=…}. */
  static void spec(Value argument, Template template, Scan scan) {
    Value source = Value.EMPTY;
    Value target = Value.EMPTY;
    for (Value field : Values.split(argument, ',')) {
      List<Value> parts = Values.cut(field, '=');
      if (parts.size() == 2) {
        switch (parts.get(0).prefix()) {
          case "source", "src" -> source = parts.get(1);
          case "target", "destination", "dst" -> target = parts.get(1);
          default -> {}
        }
      }
    }
    mount(source, target, scan);
  }

  /** Reads the directory that a command sees as the root directory. */
  static void newRoot(Value argument, Template template, Scan scan) {
    scan.uses().add(Role.MOUNTS, List.of(argument, Value.of("/")), "", false, false);
  }

  private static void mount(Value source, Value target, Scan scan) {
    if (source.pieces().isEmpty() || isVolume(source)) {
      return;
    }
    String text = source.prefix();
    boolean isKnown = Values.isKnown(source);
    if (isKnown
        && text.matches("(/var)?/run/(docker|podman/podman|containerd/containerd)\\.sock")) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "the socket of the container engine");
    }
    if (isKnown && isRoot(text)) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "the root directory in a container");
    }
    scan.uses().add(Role.MOUNTS, List.of(source, target), "", false, false);
  }

  /** Returns true if a path has no other components than {@code .} and {@code ..}. */
  private static boolean isRoot(String path) {
    for (int i = 0; i < path.length(); i++) {
      if (path.charAt(i) != '/' && path.charAt(i) != '.') {
        return false;
      }
    }
    return path.startsWith("/") && !path.contains("...");
  }

  private static boolean isVolume(Value source) {
    String text = source.prefix();
    return Values.isKnown(source)
        && text.indexOf('/') < 0
        && text.indexOf('\\') < 0
        && !text.startsWith(".")
        && !text.contains(":");
  }

  private static boolean isDrive(Value part) {
    return Values.isKnown(part)
        && part.prefix().length() == 1
        && Character.isLetter(part.prefix().charAt(0));
  }

  /**
   * Reads the path of a socket. Access to the socket of a container engine gives the rights of its
   * service.
   */
  static void socket(Value argument, Template template, Scan scan) {
    if (argument.prefix().endsWith("docker.sock") || argument.prefix().endsWith("podman.sock")) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "the socket of the container engine");
    }
  }

  /** Reads {@code host} as a namespace that the container shares. */
  static void namespace(Value argument, Template template, Scan scan) {
    if (Values.is(argument, "host")) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "a namespace of the host");
    }
  }

  /** Reads a capability that the container gets. */
  static void capability(Value argument, Template template, Scan scan) {
    String name = argument.prefix().toUpperCase(Locale.ROOT).replace("CAP_", "");
    if (Set.of(
            "ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF")
        .contains(name)) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "the capability " + name);
    }
  }

  /** Reads a security option that removes a confinement. */
  static void securityOption(Value argument, Template template, Scan scan) {
    String text = argument.prefix().replace(':', '=');
    if (text.endsWith("=unconfined") || text.equals("label=disable")) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "a container without confinement");
    }
  }

  /** Reads an entry point, which runs with all operands after the image as arguments. */
  static void entrypoint(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    List<Value> command = new ArrayList<>();
    command.add(argument);
    if (operands.size() > 1) {
      command.addAll(operands.subList(1, operands.size()));
    }
    String machine = operands.isEmpty() ? "container" : "container " + operands.get(0).display();
    if (!argument.pieces().isEmpty()) {
      scan.uses().add(Role.RUNS_COMMAND, command, machine, false, false);
    }
  }
}
