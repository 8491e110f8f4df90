// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.canonical.CanonicalPath;
import dev.indelible.canonical.PathPatterns;
import dev.indelible.canonical.Surroundings;
import dev.indelible.value.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The parts of the gate that an agent must not change: the data directory with its policy and keys,
 * the hook that asks the gate, the launcher and the settings.
 *
 * <p>Immutable.
 */
public final class Guard {
  /** Places that belong to the gate wherever it is installed. */
  private static final List<String> EVERYWHERE =
      List.of(
          "**/indelible-data",
          "**/indelible-data/**",
          "**/indelible.db",
          "**/indelible-cli.jar",
          "/usr/{bin,local/bin}/indelible",
          "~/{bin,.local/bin}/indelible",
          "/etc/indelible/**",
          "/run/indelible/**",
          "/var/lib/indelible/**",
          "**/indelible.service",
          "**/.claude/settings.json",
          "**/.claude/settings.local.json",
          "**/managed-settings.json");

  /** Subcommands of {@code indelible} that are not for agents. */
  private static final List<List<String>> OWN_VERBS =
      List.of(
          List.of("policy"),
          List.of("keys"),
          List.of("dlq"),
          List.of("log", "erase-payload"),
          List.of("log", "answer"),
          List.of("log", "adopt"),
          List.of("hook", "install"),
          List.of("serve"));

  private static final Set<String> OPTIONS_WITH_VALUE =
      Set.of("--data", "--output", "--policy", "--anchor");

  private static final String PROGRAM = "indelible";
  private static final String VARIABLE_PREFIX = "INDELIBLE_";

  private static final PathPatterns ANYWHERE = PathPatterns.of(EVERYWHERE);

  /** The data directory; empty if it is unknown. */
  private final Optional<PathPatterns> own;

  private Guard(List<String> patterns) {
    own = patterns.isEmpty() ? Optional.empty() : Optional.of(PathPatterns.of(patterns));
  }

  /** Returns the guard of a gate whose data directory is unknown. */
  public static Guard anywhere() {
    return new Guard(List.of());
  }

  /** Returns the guard of a gate with a data directory. */
  public static Guard of(Path dataDirectory) {
    List<String> patterns = new ArrayList<>();
    Path named = dataDirectory.toAbsolutePath().normalize();
    add(named, patterns);
    try {
      Path reached = dataDirectory.toRealPath();
      if (!reached.equals(named)) {
        add(reached, patterns);
      }
    } catch (IOException e) {
      // There is no directory yet, so no link leads to it.
    }
    return new Guard(patterns);
  }

  private static void add(Path directory, List<String> patterns) {
    String text = directory.toString();
    if (text.length() > 1 && text.chars().noneMatch(c -> "*?[]{}!\\$".indexOf(c) >= 0)) {
      patterns.add(text);
      patterns.add(text + "/**");
    }
  }

  /**
   * Returns true if a change of a path affects the gate. Giving users the ownership of their own
   * home does not, unless the gate's data directory is known to be there.
   */
  boolean isPlace(Operand.Path operand, Fact change) {
    CanonicalPath path = operand.path();
    Surroundings surroundings = operand.surroundings();
    if (path.isOpaque()) {
      return false;
    }
    boolean isOwn =
        own.isPresent() && own.get().isConcerned(path, change.isRecursive(), surroundings);
    return isOwn
        || (change.isOwnOwner()
            ? ANYWHERE.isNamed(path, surroundings)
            : ANYWHERE.isConcerned(path, change.isRecursive(), surroundings));
  }

  /** Returns true if a command is a subcommand of {@code indelible} that is not for agents. */
  boolean isOwnVerb(List<Value> argv) {
    String path = argv.isEmpty() ? "" : argv.get(0).prefix();
    if (!isProgram(path.substring(path.lastIndexOf('/') + 1))) {
      return false;
    }
    List<String> verb = new ArrayList<>();
    for (int i = 1; i < argv.size(); i++) {
      String word = argv.get(i).text().orElse("");
      if (OPTIONS_WITH_VALUE.contains(word)) {
        i++;
      } else if (!word.startsWith("-")) {
        verb.add(word);
      }
    }
    for (List<String> own : OWN_VERBS) {
      if (verb.size() >= own.size() && verb.subList(0, own.size()).equals(own)) {
        return true;
      }
    }
    return false;
  }

  /** Returns true if the program with this name belongs to the gate. */
  boolean isProgram(String name) {
    return name.toLowerCase(Locale.ROOT).equals(PROGRAM);
  }

  /** Returns true if a variable of the environment is a setting of the gate. */
  boolean isSetting(String variable) {
    return variable.startsWith(VARIABLE_PREFIX);
  }

  /** Returns true if a text names a process or service of the gate. */
  boolean isProcess(String text) {
    return text.toLowerCase(Locale.ROOT).contains(PROGRAM);
  }
}
