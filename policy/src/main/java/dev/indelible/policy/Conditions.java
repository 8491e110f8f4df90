// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.canonical.CanonicalPath;
import dev.indelible.canonical.HostPatterns;
import dev.indelible.canonical.PathPatterns;
import dev.indelible.canonical.Relation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/** The conditions of rules, by the kind of action. */
final class Conditions {
  private static final long BYTES_PER_GIB = 1L << 30;

  /** The largest number of GiB whose bytes fit into a {@code long}. */
  private static final long MAX_GIB = Long.MAX_VALUE / BYTES_PER_GIB;

  /** Reads a condition's value from a policy file. */
  private interface Reader {
    Condition read(Yaml value) throws PolicyException;
  }

  /** A condition that rules about actions of one kind can have. */
  private record Known(String kind, String name, Reader reader) {}

  /**
   * All conditions in the order of evaluation; the one that reads the disk is the last of its kind.
   */
  private static final List<Known> ALL =
      List.of(
          new Known(Bash.KIND, "command_substring", contains(Subject::command)),
          new Known(Custom.KIND, "custom_kind", equal(Subject::customKind)),
          new Known(Custom.KIND, "namespace_glob", glob(Subject::namespace, Glob::compile)),
          new Known(Custom.KIND, "title_contains", contains(Subject::title)),
          new Known(FilesystemWrite.KIND, "path_glob", Conditions::paths),
          new Known(NetworkRequest.KIND, "host_glob", Conditions::hosts),
          new Known(ProcessSpawn.KIND, "binary", Conditions::binary),
          new Known(ProcessSpawn.KIND, "args_contain", Conditions::argsContain),
          new Known(ProcessSpawn.KIND, "disk_free_min_gib", Conditions::diskFree),
          new Known(Read.KIND, "surface", equal(Subject::surface)),
          new Known(Read.KIND, "namespace_glob", Conditions::namespaces),
          new Known(ToolCall.KIND, "tool", glob(Subject::tool, Glob::compile)));

  private Conditions() {}

  /** Returns the names of the conditions of a kind. */
  static List<String> of(String kind) {
    return ALL.stream().filter(known -> known.kind().equals(kind)).map(Known::name).toList();
  }

  /** Returns true if a condition of any kind has this name. */
  static boolean exists(String name) {
    return ALL.stream().anyMatch(known -> known.name().equals(name));
  }

  /** Reads the conditions in {@code match} that belong to a kind. */
  static List<Condition> read(String kind, Map<String, Yaml> match) throws PolicyException {
    List<Condition> conditions = new ArrayList<>();
    for (Known known : ALL) {
      Yaml value = match.get(known.name());
      if (value != null && known.kind().equals(kind)) {
        conditions.add(known.reader().read(value));
      }
    }
    return conditions;
  }

  private static Reader contains(Function<Subject, Optional<String>> text) {
    return value -> {
      List<String> needles = value.texts();
      return any(text, haystack -> needles.stream().anyMatch(haystack::contains));
    };
  }

  private static Reader equal(Function<Subject, Optional<String>> text) {
    return value -> any(text, Set.copyOf(value.texts())::contains);
  }

  private static Reader glob(
      Function<Subject, Optional<String>> text, Function<String, Glob> compiler) {
    return value -> {
      List<Glob> globs = new ArrayList<>();
      for (String pattern : value.texts()) {
        globs.add(value.checked(() -> compiler.apply(pattern)));
      }
      return any(text, candidate -> globs.stream().anyMatch(glob -> glob.matches(candidate)));
    };
  }

  private static Condition paths(Yaml value) throws PolicyException {
    List<String> texts = value.texts();
    PathPatterns patterns = value.checked(() -> PathPatterns.of(texts));
    return (subject, because) ->
        patterns.concerns(subject.path(), false, subject.here()) != Relation.NO;
  }

  private static Condition hosts(Yaml value) throws PolicyException {
    List<String> texts = value.texts();
    HostPatterns patterns = value.checked(() -> HostPatterns.of(texts));
    return (subject, because) -> patterns.concerns(subject.host()) != Relation.NO;
  }

  /**
   * Reads globs of the namespaces of reads. A namespace that is a path is also compared in its
   * canonical form, with the globs that are patterns of absolute paths.
   */
  private static Condition namespaces(Yaml value) throws PolicyException {
    Condition asWritten = glob(Subject::namespace, Glob::compile).read(value);
    List<String> absolute =
        value.texts().stream()
            .filter(glob -> glob.startsWith("/") || glob.startsWith("~/") || glob.startsWith("**/"))
            .toList();
    if (absolute.isEmpty()) {
      return asWritten;
    }
    PathPatterns patterns = value.checked(() -> PathPatterns.of(absolute));
    return (subject, because) ->
        asWritten.holds(subject, because)
            || subject
                .readPath()
                .filter(path -> patterns.concerns(path, false, subject.here()) != Relation.NO)
                .isPresent();
  }

  /** Returns a condition on a text; an action without that text does not meet it. */
  private static Condition any(Function<Subject, Optional<String>> text, Predicate<String> test) {
    return (subject, because) -> text.apply(subject).filter(test).isPresent();
  }

  /** Reads binaries: a bare name matches in any directory, a path only that file. */
  private static Condition binary(Yaml value) throws PolicyException {
    Set<String> names = new HashSet<>();
    Set<CanonicalPath> paths = new HashSet<>();
    for (String binary : value.texts()) {
      if (binary.indexOf('/') < 0) {
        names.add(binary);
      } else {
        paths.add(value.checked(() -> Subject.canonical(binary)));
      }
    }
    return (subject, because) ->
        names.contains(subject.binaryName())
            || !paths.isEmpty() && subject.binaryPath().filter(paths::contains).isPresent();
  }

  private static Condition argsContain(Yaml value) throws PolicyException {
    List<String> needles = value.texts();
    return (subject, because) ->
        needles.stream()
            .allMatch(needle -> subject.args().stream().anyMatch(arg -> arg.contains(needle)));
  }

  private static Condition diskFree(Yaml value) throws PolicyException {
    long minBytes = value.wholeNumber(MAX_GIB) * BYTES_PER_GIB;
    return (subject, because) -> subject.usableBytes() < minBytes;
  }
}
