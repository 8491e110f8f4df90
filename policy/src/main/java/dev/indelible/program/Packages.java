// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads arguments of package managers and build tools. */
final class Packages {
  private static final Set<String> PUBLISHING_GOALS =
      Set.of(
          "deploy",
          "publish",
          "publishPlugins",
          "uploadArchives",
          "release:perform",
          "bintrayUpload");

  private Packages() {}

  /** Reads a package to install: a URL is contacted. */
  static void source(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    if (text.contains("://")) {
      scan.uses().add(Role.CONTACTS, argument);
    }
    if (text.startsWith("http://") || text.startsWith("https://")) {
      // Installing a package runs its scripts; this package does not come from a registry.
      scan.uses().add(Role.RUNS_FILE, argument, "package");
    }
  }

  /** Reads a nix flake, which is local, from the registry, or from elsewhere on the network. */
  static void flake(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    boolean isOther = text.contains(":") && !text.startsWith("path:");
    if (!Values.isKnown(argument) || isOther && !text.startsWith("github:NixOS/")) {
      Value code = Value.unknown(Origin.NETWORK, argument.display());
      scan.uses().add(Role.RUNS_FILE, code, "");
    }
  }

  /** Reads {@code key=value} or {@code key value} of npm; one key names a shell. */
  static void npmSetting(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    if (parts.size() == 1 && scan.operands().size() > 1) {
      parts = List.of(argument, scan.operands().get(1));
    }
    if (parts.size() == 2 && Values.is(parts.get(0), "script-shell")) {
      scan.uses().addDetour(Role.RUNS_SHELL, parts.get(1), "");
    }
  }

  /** Reads a key of pip; some say where packages come from. */
  static void pipSetting(Value argument, Template template, Scan scan) {
    if (argument.prefix().matches(".*(?:index-url|find-links|trusted-host|proxy)")) {
      scan.uses().add(Role.WRITES, Values.path("~/.config/pip/pip.conf"));
    }
  }

  /** Reads a setting of apt; its hooks are shell text. */
  static void aptOption(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    String key = parts.get(0).prefix().toLowerCase(Locale.ROOT);
    boolean runs =
        key.contains("invoke")
            || key.contains("pager")
            || key.startsWith("dir::bin")
            || key.contains("::run");
    if (parts.size() == 2 && runs) {
      scan.uses().addDetour(Role.RUNS_SHELL, parts.get(1), "");
    }
  }

  /** Reads a goal of a build that may publish. */
  static void buildGoal(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    String goal = text.substring(text.lastIndexOf(':') + 1);
    if (Values.isKnown(argument)
        && (PUBLISHING_GOALS.contains(goal) || PUBLISHING_GOALS.contains(text))) {
      scan.uses().add(Role.PUBLISHES, "a build");
    }
  }

  /** Reads {@code key="value"} of cargo; some keys name programs. */
  static void cargoConfig(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    String key = parts.get(0).prefix().strip();
    boolean runs =
        key.endsWith("wrapper")
            || key.endsWith("runner")
            || key.endsWith("linker")
            || key.endsWith(".rustc")
            || key.endsWith("credential-provider");
    if (parts.size() == 2 && runs) {
      Value command = parts.get(1);
      String text = command.prefix().strip();
      if (Values.isKnown(command) && text.length() > 1 && "\"'".indexOf(text.charAt(0)) >= 0) {
        command = Value.of(text.substring(1, text.length() - 1));
      }
      scan.uses().addDetour(Role.RUNS_SHELL, command, "");
    }
  }

  /** Reads {@code go run}: a package with a version is fetched. */
  static void goRun(Value argument, Template template, Scan scan) {
    boolean isFetched = argument.prefix().indexOf('@') > 0;
    Value code = isFetched ? Value.unknown(Origin.NETWORK, argument.display()) : argument;
    scan.uses().add(Role.RUNS_FILE, code, "go");
  }

  /** Reads {@code uv run}: a script of Python or a command. */
  static void uvRun(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    if (argument != operands.get(0)) {
      return;
    }
    List<Value> command = new ArrayList<>();
    if (argument.prefix().endsWith(".py") || Values.is(argument, "-")) {
      command.add(Value.of("python"));
    }
    command.addAll(operands);
    scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
  }
}
