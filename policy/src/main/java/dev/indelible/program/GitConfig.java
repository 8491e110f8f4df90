// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads git's configuration keys, URLs and refspecs. */
final class GitConfig {
  private static final Set<String> READING_VERBS = Set.of("get", "list", "edit", "get-all");

  /** Pathspecs that name all files. */
  private static final Set<String> WHOLE_TREE = Set.of(".", "./", "*", ":/", ":/*", ":(top)");

  private GitConfig() {}

  /** Reads {@code key=value} of {@code git -c}. */
  static void setting(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    if (!Values.isKnown(parts.get(0))) {
      scan.uses().add(Role.HIDES, "a computed configuration key of git");
    } else if (parts.size() == 2) {
      set(parts.get(0).prefix(), parts.get(1), scan);
    }
  }

  /** Reads a key from an environment variable; the key's value is in another variable. */
  static void key(Value argument, Template template, Scan scan) {
    if (Values.isKnown(argument)) {
      set(argument.prefix(), Value.unknown(Origin.VARIABLE, "GIT_CONFIG_VALUE"), scan);
    } else {
      scan.uses().add(Role.HIDES, "a computed configuration key of git");
    }
  }

  /**
   * Reads the operands of {@code git config}: a key and its new value, possibly after {@code set}.
   */
  static void operands(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    int key = operands.size() > 0 && Values.is(operands.get(0), "set") ? 1 : 0;
    boolean isReading =
        !operands.isEmpty()
            && Values.isKnown(operands.get(0))
            && READING_VERBS.contains(operands.get(0).prefix());
    if (!isReading && operands.size() > key + 1) {
      Value name = operands.get(key);
      if (Values.isKnown(name)) {
        set(name.prefix(), operands.get(key + 1), scan);
      } else if (isInsteadOf(name)) {
        String display = name.display();
        Value base = Value.of(display.substring("url.".length(), display.lastIndexOf('.')));
        insteadOf(base, operands.get(key + 1), scan);
      } else {
        scan.uses().add(Role.HIDES, "a computed configuration key of git");
      }
    }
  }

  /** Adds the uses of the value of a key. */
  private static void set(String written, Value value, Scan scan) {
    String key = written.toLowerCase(Locale.ROOT);
    int first = key.indexOf('.');
    int last = key.lastIndexOf('.');
    String section = first < 0 ? key : key.substring(0, first);
    String name = last < 0 ? "" : key.substring(last + 1);
    if (value.pieces().isEmpty() || Helpers.isUsual(value) && !section.equals("alias")) {
      return;
    }
    switch (section + "." + name) {
      case "core.hookspath" -> {
        boolean isOwn =
            Values.isKnown(value)
                && !value.prefix().startsWith("/")
                && !value.prefix().startsWith("~")
                && !value.prefix().contains("..");
        boolean isOff = Values.is(value, "/dev/null");
        if (!isOff) {
          scan.uses().add(Role.RUNS_FILE, List.of(value), "shell", true, !isOwn);
        }
      }
      case "init.templatedir" -> scan.uses().addDetour(Role.RUNS_FILE, value, "git hooks");
      case "core.fsmonitor" -> {
        if (!Values.is(value, "true")) {
          scan.uses().addDetour(Role.RUNS_SHELL, value, "");
        }
      }
      case "core.pager",
          "core.editor",
          "core.sshcommand",
          "core.gitproxy",
          "core.askpass",
          "core.alternaterefscommand",
          "sequence.editor",
          "diff.external",
          "diff.textconv",
          "diff.command",
          "merge.driver",
          "difftool.cmd",
          "difftool.path",
          "mergetool.cmd",
          "mergetool.path",
          "interactive.difffilter",
          "filter.clean",
          "filter.smudge",
          "filter.process",
          "gpg.program",
          "gpg.defaultkeycommand",
          "pager.log",
          "browser.cmd",
          "browser.path",
          "man.cmd",
          "man.path",
          "uploadpack.packobjectshook",
          "remote.uploadpack",
          "remote.receivepack",
          "remote.vcs",
          "sendemail.smtpserver",
          "sendemail.tocmd",
          "sendemail.sendmailcmd",
          "web.browser",
          "trailer.command",
          "trailer.cmd",
          "tar.command",
          "guitool.cmd" ->
          scan.uses().addDetour(Role.RUNS_SHELL, value, "");
      case "credential.helper" -> credentialHelper(value, scan);
      case "submodule.update" -> {
        if (value.prefix().startsWith("!")) {
          scan.uses().addDetour(Role.RUNS_SHELL, value.from(1), "");
        }
      }
      case "protocol.allow" -> {
        if (key.equals("protocol.ext.allow") || key.equals("protocol.allow")) {
          if (!Values.is(value, "never")) {
            scan.uses().add(Role.HIDES, "git transports that run commands");
          }
        }
      }
      case "include.path", "includeif.path" ->
          scan.uses().addDetour(Role.RUNS_FILE, value, "git configuration");
      case "core.worktree" -> scan.uses().add(Role.WORKS_IN, value);
      case "http.proxy", "remote.url", "remote.pushurl" -> url(value, scan);
      case "http.sslverify" -> {}
      default -> {
        if (section.equals("alias")) {
          alias(value, scan);
        } else if (section.equals("pager")) {
          if (!Values.is(value, "true")) {
            scan.uses().addDetour(Role.RUNS_SHELL, value, "");
          }
        } else if (section.equals("url") && name.endsWith("insteadof")) {
          insteadOf(Value.of(written.substring(first + 1, last)), value, scan);
        }
      }
    }
  }

  /** Returns true if only the URL in {@code url.URL.insteadOf} has unknown parts. */
  private static boolean isInsteadOf(Value name) {
    return name.prefix().startsWith("url.")
        && name.display().toLowerCase(Locale.ROOT).endsWith("insteadof");
  }

  /** Reads a URL that git uses in place of another one. */
  private static void insteadOf(Value base, Value value, Scan scan) {
    url(base, scan);
    String from = hostOf(value);
    String to = hostOf(base);
    if (!from.isEmpty() && !to.isEmpty() && !from.equals(to)) {
      scan.uses().add(Role.HIDES, "URLs of " + from + " that lead git to " + to);
    }
  }

  /** Returns the known host of a repository's URL; empty if there is none. */
  private static String hostOf(Value url) {
    String text = Network.remoteHost(url).map(Value::prefix).orElse("");
    String host = text.substring(text.indexOf("://") < 0 ? 0 : text.indexOf("://") + 3);
    host = host.split("/", 2)[0];
    return host.substring(host.lastIndexOf('@') + 1).split(":", 2)[0];
  }

  private static void alias(Value value, Scan scan) {
    if (value.prefix().startsWith("!")) {
      scan.uses().addDetour(Role.RUNS_SHELL, value.from(1), "");
    } else {
      scan.uses().add(Role.RUNS_SHELL, Value.of("git ").plus(value));
    }
  }

  private static void credentialHelper(Value value, Scan scan) {
    String text = value.prefix();
    if (text.startsWith("!")) {
      scan.uses().addDetour(Role.RUNS_SHELL, value.from(1), "");
    } else if (text.startsWith("/") || !Values.isKnown(value)) {
      scan.uses().addDetour(Role.RUNS_SHELL, value, "");
    }
  }

  /** Reads a repository: a URL, {@code host:path} or {@code ext::command}. */
  static void url(Value argument, Template template, Scan scan) {
    url(argument, scan);
  }

  private static void url(Value argument, Scan scan) {
    String text = argument.prefix();
    if (text.startsWith("ext::")) {
      scan.uses().addDetour(Role.RUNS_SHELL, argument.from("ext::".length()), "");
    } else if (text.startsWith("fd::")) {
      scan.uses().add(Role.HIDES, "a git transport over file descriptors");
    } else if (text.contains("://-o") || text.startsWith("-")) {
      scan.uses().addDetour(Role.RUNS_SHELL, argument, "");
    } else {
      Network.remoteHost(argument).ifPresent(host -> scan.uses().add(Role.CONTACTS, host));
    }
  }

  /** Reads a path that git deletes; git itself expands its globs. */
  static void pathspec(Value argument, Template template, Scan scan) {
    Value path = Values.isKnown(argument) ? Values.globbed(argument.prefix()) : argument;
    scan.uses().add(Role.DELETES, List.of(path), "", scan.has("-r"), false);
  }

  /** Reads a path that git restores; only the whole tree counts. */
  static void wholeTree(Value argument, Template template, Scan scan) {
    if (Values.isKnown(argument) && WHOLE_TREE.contains(argument.prefix())) {
      scan.uses().add(Role.REWRITES_HISTORY, "discards uncommitted changes");
    }
  }

  /**
   * Reads {@code git clean} without paths: it deletes the files that git does not track. In a
   * directory other than the working directory, these may be all files.
   */
  static void untracked(Value argument, Template template, Scan scan) {
    boolean isElsewhere = scan.uses().has(Role.WORKS_IN);
    if (isElsewhere) {
      scan.uses().add(Role.DELETES, List.of(Value.of(".")), "untracked", true, false);
    } else {
      Value files = Value.unknown(Origin.OUTPUT, "untracked files");
      scan.uses().add(Role.DELETES, Value.of("./").plus(files));
    }
  }
}
