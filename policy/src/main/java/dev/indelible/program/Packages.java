// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

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

  /** Short names of repositories of hosts. */
  private static final Pattern HOSTED = Pattern.compile("(?:github|gitlab|bitbucket|gist):|git@");

  /** {@code owner/repository}, which package managers of JavaScript fetch from GitHub. */
  private static final Pattern ON_GITHUB = Pattern.compile("[A-Za-z0-9][\\w-]*/[\\w.-]+(?:#.*)?");

  private static final Pattern PACKAGE_FILE =
      Pattern.compile(".*\\.(?:deb|rpm|apk|whl|gem|tgz|tar\\.gz|zip|snap|flatpak|msi|msix|pkg)");

  private static final Pattern USUAL_REGISTRY =
      Pattern.compile("https://registry\\.(?:npmjs\\.org|yarnpkg\\.com)/?");

  private Packages() {}

  /**
   * Reads a package to install. Installing it runs its scripts: those of a package that does not
   * come from a registry, but from a URL or a repository, are code from the network.
   */
  static void source(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    int scheme = text.indexOf("://");
    // "name @ URL" names the package, too.
    Value place = argument.from(text.lastIndexOf(' ', Math.max(scheme, 0)) + 1);
    if (scheme > 0) {
      scan.uses().add(Role.CONTACTS, place);
    }
    boolean isOfScripts = Set.of("npm", "yarn", "bun").contains(scan.program());
    if (isOfScripts && ON_GITHUB.matcher(text).matches()) {
      Value code = Value.unknown(Origin.NETWORK, argument.display());
      scan.uses().add(Role.RUNS_FILE, code, "package");
    } else if (scheme > 0 && !place.prefix().startsWith("file:")
        || HOSTED.matcher(text).lookingAt()) {
      Value code = Value.unknown(Origin.NETWORK, place.display());
      scan.uses().add(Role.RUNS_FILE, code, "package");
    } else if (PACKAGE_FILE.matcher(text).matches()) {
      // The file may be one that the script has fetched before.
      scan.uses().add(Role.RUNS_FILE, argument, "package");
    }
  }

  /** Reads a description of resources that a cluster creates, and runs; it may be a URL. */
  static void manifest(Value argument, Template template, Scan scan) {
    if (Values.is(argument, "-")) {
      scan.uses().add(Role.RUNS_INPUT, "manifest");
    } else if (!fetched(argument, "manifest", scan)) {
      scan.uses().add(Role.READS, argument);
    }
  }

  /** Reads the name of a release, or a chart: a directory, a name in a repository, or a URL. */
  static void chart(Value argument, Template template, Scan scan) {
    fetched(argument, "chart", scan);
  }

  /** Reads a script that may be a URL. */
  static void webScript(Value argument, Template template, Scan scan) {
    fetched(argument, "node", scan);
  }

  private static boolean fetched(Value argument, String kind, Scan scan) {
    String text = argument.prefix();
    if (!text.startsWith("http://") && !text.startsWith("https://")) {
      return false;
    }
    scan.uses().add(Role.CONTACTS, argument);
    Value code = Value.unknown(Origin.NETWORK, argument.display());
    scan.uses().add(Role.RUNS_FILE, code, kind);
    return true;
  }

  /** Reads the value of a variable that names a tool of a build, such as a compiler. */
  static void buildTool(Value argument, Template template, Scan scan) {
    // make expands what follows a dollar sign.
    if (Values.isKnown(argument) && argument.prefix().indexOf('$') < 0) {
      scan.uses().add(Role.RUNS_SHELL, argument);
    }
  }

  /** Reads an archive of Java's code with its arguments; some archives are programs by name. */
  static void jar(Value argument, Template template, Scan scan) {
    List<Value> command = new ArrayList<>();
    command.add(argument);
    command.addAll(scan.rest());
    if (Values.baseName(argument).prefix().startsWith("bfg")) {
      command.set(0, Value.of("bfg"));
      scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
    } else {
      scan.uses().add(Role.RUNS_FILE, command, "java", false, false);
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

  /**
   * Reads {@code key=value} or {@code key value} of npm; one key names a shell, others say where
   * packages come from.
   */
  static void npmSetting(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    if (parts.size() == 1 && scan.operands().size() > 1) {
      parts = List.of(argument, scan.operands().get(1));
    }
    if (parts.size() == 2 && Values.is(parts.get(0), "script-shell")) {
      scan.uses().addDetour(Role.RUNS_SHELL, parts.get(1), "");
    } else if (parts.size() == 2
        && parts.get(0).prefix().matches("registry|npmRegistryServer|(?:https-?)?proxy")
        && !USUAL_REGISTRY.matcher(parts.get(1).prefix()).matches()) {
      scan.uses().add(Role.WRITES, Values.path("~/.npmrc"));
    }
  }

  /** Reads {@code scripts.name=text}: a command that npm runs later. */
  static void npmScript(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    if (parts.size() == 2 && parts.get(0).prefix().startsWith("scripts.")) {
      scan.uses().add(Role.RUNS_SHELL, parts.get(1));
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
