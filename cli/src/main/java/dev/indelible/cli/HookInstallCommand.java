// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
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
    description = "Put the hook into an agent's settings, and show what changes.",
    footer = {
      "",
      "The settings name this data directory and this command by their absolute paths. Needs Claude",
      "Code 2.1.295 or newer: an older one ignores \"onFailure\", and lets a tool run when the hook",
      "cannot start."
    })
final class HookInstallCommand extends Verb {
  @Parameters(paramLabel = "AGENT", description = "the agent: claude-code")
  String agent = "";

  @Option(
      names = "--settings",
      paramLabel = "FILE",
      description = "the settings file (default: ~/.claude/settings.json)")
  @Nullable Path settings;

  @Option(names = "--dry-run", description = "show the change and write nothing")
  boolean dryRun;

  @Override
  public Integer call() throws Exception {
    CommandFailure.refuseIf(
        !agent.equals("claude-code"),
        "%s: no hook for this agent; the supported agent is claude-code",
        Console.printable(agent));
    Path file = file();
    ClaudeSettings change = ClaudeSettings.withHook(file, command());
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
    return ExitCode.OK;
  }

  /** Returns the settings file; for a symbolic link, the file that it points to. */
  private Path file() throws CommandFailure {
    Path named =
        settings != null
            ? settings
            : Path.of(System.getProperty("user.home"), ".claude", "settings.json");
    try {
      return Files.exists(named) ? named.toRealPath() : named.toAbsolutePath().normalize();
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be read: %s", named, e);
    }
  }

  private String command() throws CommandFailure {
    String launcher =
        Optional.ofNullable(System.getProperty("indelible.launcher"))
            .orElseThrow(
                () ->
                    CommandFailure.usage(
                        "the hook needs the launcher; run this as 'indelible hook install'"));
    return "%s --data %s hook claude-code"
        .formatted(quoted(launcher), quoted(data().path().toAbsolutePath().normalize().toString()));
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
      throw CommandFailure.usage("%s: cannot be written: %s", file, e);
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
