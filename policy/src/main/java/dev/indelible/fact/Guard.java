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
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The parts of the gate that an agent must not change: the data directory with its policy and keys,
 * the hook that asks the gate, the launcher and the settings. The keys and approvals in the data
 * directory must not be read either.
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

  /** Names of the data directory wherever it is. */
  private static final List<String> DIRECTORIES =
      List.of("**/indelible-data", "/var/lib/indelible");

  /** Directories in the data directory whose files only the gate and people read. */
  private static final List<String> SECRET = List.of("keys", "approvals");

  /** Subcommands of {@code indelible} that are not for agents. */
  private static final List<List<String>> OWN_VERBS =
      List.of(
          List.of("policy"),
          List.of("keys"),
          List.of("api-keys"),
          List.of("dlq"),
          List.of("tool", "accept"),
          List.of("log", "erase-payload"),
          List.of("log", "answer"),
          List.of("log", "adopt"),
          List.of("log", "end"),
          List.of("hook", "install"),
          List.of("fleet", "init"),
          List.of("fleet", "open-shard"),
          List.of("fleet", "close-shard"),
          List.of("fleet", "admit"),
          List.of("gates", "add"),
          List.of("gates", "remove"),
          List.of("gates", "join"),
          List.of("ledger-writer"),
          List.of("witness"),
          List.of("serve"));

  private static final String APPROVALS = "approvals";
  private static final Set<String> ANSWERS = Set.of("approve", "deny");

  private static final Set<String> OPTIONS_WITH_VALUE =
      Set.of("--data", "--ledger", "--output", "--policy", "--anchor", "--url", "--key");

  private static final String PROGRAM = "indelible";

  /** Endings of the names of programs. */
  private static final List<String> ENDINGS = List.of(".exe", ".cmd", ".bat", ".ps1", ".sh");

  private static final String VARIABLE_PREFIX = "INDELIBLE_";

  /** A program file that is run by another program. */
  private static final Pattern JAR = Pattern.compile("indelible-cli[^/\\\\]*\\.jar");

  private static final Pattern EVENT_ID =
      Pattern.compile(
          "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", Pattern.CASE_INSENSITIVE);

  private static final PathPatterns ANYWHERE = PathPatterns.of(EVERYWHERE);

  /** The data directory; empty if it is unknown. */
  private final Optional<PathPatterns> own;

  /** The directories that are data directories, without what they have. */
  private final PathPatterns directories;

  private final PathPatterns secrets;

  private Guard(List<String> named) {
    List<String> all = new ArrayList<>(DIRECTORIES);
    all.addAll(named);
    directories = PathPatterns.of(all);
    secrets =
        PathPatterns.of(
            all.stream()
                .flatMap(each -> SECRET.stream().map(name -> each + "/" + name))
                .flatMap(each -> Stream.of(each, each + "/**"))
                .toList());
    own =
        named.isEmpty()
            ? Optional.empty()
            : Optional.of(
                PathPatterns.of(
                    named.stream().flatMap(each -> Stream.of(each, each + "/**")).toList()));
  }

  /** Returns the guard of a gate whose data directory is unknown. */
  public static Guard anywhere() {
    return new Guard(List.of());
  }

  /** Returns the guard of a gate with a data directory. */
  public static Guard of(Path dataDirectory) {
    List<String> directories = new ArrayList<>();
    Path named = dataDirectory.toAbsolutePath().normalize();
    add(named, directories);
    try {
      Path reached = dataDirectory.toRealPath();
      if (!reached.equals(named)) {
        add(reached, directories);
      }
    } catch (IOException e) {
      // There is no directory yet, so no link leads to it.
    }
    return new Guard(directories);
  }

  private static void add(Path directory, List<String> directories) {
    String text = directory.toString();
    if (text.length() > 1 && text.chars().noneMatch(c -> "*?[]{}!\\$".indexOf(c) >= 0)) {
      directories.add(text);
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

  /**
   * Returns true if a path to be read is a key or an approval, or a data directory with all that it
   * has.
   */
  boolean isSecret(Operand.Path operand, Fact read) {
    CanonicalPath path = operand.path();
    return !path.isOpaque()
        && (secrets.isNamed(path, operand.surroundings())
            || read.isRecursive() && directories.isNamed(path, operand.surroundings()));
  }

  /**
   * Returns true if a command is a subcommand of {@code indelible} that is not for agents, or
   * answers a request for an approval under another name of the program.
   */
  boolean isOwnVerb(List<Value> argv) {
    if (argv.isEmpty()) {
      return false;
    }
    String name = name(argv.get(0));
    if (name.equals(PROGRAM)) {
      return isOwnVerb(argv, 1);
    }
    boolean isOwn = answersEvent(argv);
    for (int i = 1; i < argv.size() && !isOwn && name.equals("java"); i++) {
      String word = argv.get(i).prefix();
      boolean isProgram = JAR.matcher(word).find() || word.startsWith("dev.indelible.");
      isOwn = isProgram && isOwnVerb(argv, i + 1);
    }
    return isOwn;
  }

  private static boolean isOwnVerb(List<Value> argv, int from) {
    List<String> verb = new ArrayList<>();
    for (int i = from; i < argv.size(); i++) {
      Value value = argv.get(i);
      String word = value.text().orElse("");
      if (OPTIONS_WITH_VALUE.contains(word)) {
        i++;
      } else if (!value.prefix().startsWith("-") && !value.equals(Value.EMPTY)) {
        // The command reads further words from a file that @ names.
        verb.add(word.startsWith("@") ? "" : word);
      }
    }
    if (!verb.isEmpty() && verb.get(0).isEmpty()) {
      return true; // Unknown, so it may be any verb.
    }
    int approvals = verb.indexOf(APPROVALS);
    if (approvals >= 0) {
      List<String> rest = verb.subList(approvals + 1, verb.size());
      return !rest.isEmpty() && rest.get(0).isEmpty() || rest.stream().anyMatch(ANSWERS::contains);
    }
    for (List<String> own : OWN_VERBS) {
      if (verb.size() >= own.size() && verb.subList(0, own.size()).equals(own)) {
        return true;
      }
    }
    return false;
  }

  /** Returns true for {@code … approvals … approve … ID}, whatever the program is called. */
  private static boolean answersEvent(List<Value> argv) {
    int state = 0;
    for (Value value : argv) {
      String word = value.text().orElse("");
      boolean isNext =
          switch (state) {
            case 0 -> word.equals(APPROVALS);
            case 1 -> ANSWERS.contains(word);
            default -> EVENT_ID.matcher(word).matches();
          };
      state += isNext ? 1 : 0;
      if (state == 3) {
        return true;
      }
    }
    return false;
  }

  /** Returns the name of a program without its directory and its ending. */
  private static String name(Value program) {
    String path = program.prefix().replace('\\', '/').toLowerCase(Locale.ROOT);
    String name = path.substring(path.lastIndexOf('/') + 1);
    for (String ending : ENDINGS) {
      if (name.endsWith(ending)) {
        return name.substring(0, name.length() - ending.length());
      }
    }
    return name;
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
