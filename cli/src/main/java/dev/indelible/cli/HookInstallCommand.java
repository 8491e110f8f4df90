// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "install",
    description = "Add the hook to an agent's settings, and show the change.",
    footer = {
      "",
      "With --client, the hook asks the daemon at --socket through indelible-hook, so",
      "no Java process starts. Without --client, the hook runs this command on this",
      "data directory; both are written as absolute paths.",
      "",
      "For Claude Code 2.1.295 or newer: an older version ignores \"onFailure\", and",
      "runs a tool even if the hook cannot start. OpenCode has no settings for hooks;",
      "docs/agents.md has its plugin."
    })
final class HookInstallCommand extends Verb {
  private static final String CLIENT_NAME = "indelible-hook";

  @Parameters(
      paramLabel = "AGENT",
      description = "the agent: claude-code, codex, copilot, cursor or gemini")
  String agent = "";

  @Option(
      names = "--settings",
      paramLabel = "FILE",
      description = "the settings file (default: the user's)")
  @Nullable Path settings;

  @Option(
      names = "--client",
      paramLabel = "FILE",
      description = "indelible-hook, built from packaging/indelible-hook.c")
  @Nullable Path client;

  @Option(
      names = "--socket",
      paramLabel = "FILE",
      description = "the daemon's Unix socket, for --client")
  @Nullable Path socket;

  @Option(names = "--dry-run", description = "show the change without writing it")
  boolean dryRun;

  @Override
  public Integer call() throws Exception {
    HookFormat format =
        HookFormat.of(agent)
            .orElseThrow(
                () ->
                    CommandFailure.usage(
                        "%s: no hook settings for this agent; the agents are %s",
                        Console.printable(agent), HookFormat.agents()));
    Path file = file(format);
    HookSettings change = HookSettings.withHook(format, file, command());
    if (change.isUnchanged()) {
      line("%s has the hook already; nothing was changed", file);
    } else {
      change.diff().forEach(this::printDiff);
      if (!dryRun) {
        write(file, change.content());
        line("%s written", file);
      }
    }
    if (change.hooksDisabled()) {
      throw CommandFailure.failed(
          "%s: \"disableAllHooks\" is set, so Claude Code runs no hook; remove it", file);
    }
    for (String note : format.notes()) {
      line("note: %s", note);
    }
    return ExitCode.OK;
  }

  /** Returns the settings file; for a symbolic link, the file that it points to. */
  private Path file(HookFormat format) throws CommandFailure {
    Path named = settings != null ? settings : format.file(System.getenv());
    try {
      return Files.exists(named) ? named.toRealPath() : named.toAbsolutePath().normalize();
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be read: %s", named, DurableFiles.reason(e));
    }
  }

  private String command() throws CommandFailure {
    if (client != null || socket != null) {
      return clientCommand();
    }
    String launcher =
        Optional.ofNullable(System.getProperty("indelible.launcher"))
            .orElseThrow(
                () ->
                    CommandFailure.usage(
                        "the hook needs the launcher; run this as 'indelible hook install'"));
    String url = data().url();
    return "%s --data %s %shook %s"
        .formatted(
            quoted(launcher),
            quoted(absolute(data().path())),
            url == null ? "" : "--ledger " + quoted(url) + " ",
            agent);
  }

  /**
   * Returns the command that asks the daemon, which must run now: its user is the socket's owner.
   */
  private String clientCommand() throws CommandFailure {
    if (client == null || socket == null) {
      throw CommandFailure.usage("--client and --socket belong together; give both");
    }
    if (!client.endsWith(CLIENT_NAME)) {
      throw CommandFailure.usage(
          "%s: name this program %s, so that a later install finds the hook and replaces it",
          client, CLIENT_NAME);
    }
    if (!Files.isExecutable(client)) {
      throw CommandFailure.usage("%s: is not a program that can be run", client);
    }
    try {
      Object owner = Files.getAttribute(socket, "unix:uid", LinkOption.NOFOLLOW_LINKS);
      return "%s %s %s %s"
          .formatted(quoted(absolute(client)), agent, quoted(absolute(socket)), owner);
    } catch (IOException e) {
      throw CommandFailure.usage(
          "%s: there is no socket; start the daemon first, so that its user is known", socket);
    }
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }

  /** Returns a text quoted as one word of a POSIX shell. */
  static String quoted(String word) {
    return word.matches("[A-Za-z0-9_./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  /** Replaces the file durably; an existing file keeps its permissions. */
  private static void write(Path file, byte[] content) throws CommandFailure {
    try {
      Path directory = Files.createDirectories(file.getParent());
      Set<PosixFilePermission> mode =
          Files.exists(file) ? Files.getPosixFilePermissions(file) : Set.of();
      DurableFiles.replace(file, directory.resolve("." + file.getFileName() + ".new"), content);
      if (!mode.isEmpty()) {
        Files.setPosixFilePermissions(file, mode);
      }
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be written: %s", file, DurableFiles.reason(e));
    }
  }

  private void printDiff(String line) {
    String safe = Console.printable(line);
    console()
        .line(
            line.startsWith("+")
                ? console().green(safe)
                : line.startsWith("-") ? console().red(safe) : safe);
  }
}
