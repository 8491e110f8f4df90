// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The conditions a rule can set, by the kind of action they belong to. */
final class Conditions {
  private static final long BYTES_PER_GIB = 1L << 30;

  /** The most GiB whose bytes still fit a {@code long}. */
  private static final long MAX_GIB = Long.MAX_VALUE / BYTES_PER_GIB;

  /** Reads a condition's value from a policy file. */
  private interface Reader {
    Condition read(Yaml value) throws PolicyException;
  }

  /** In the order conditions are tried: what reads the disk comes last. */
  private static final Map<String, Map<String, Reader>> BY_KIND =
      inOrder(
          Map.entry(Bash.KIND, inOrder(Map.entry("command_substring", contains(Subject::command)))),
          Map.entry(
              Custom.KIND,
              inOrder(
                  Map.entry("custom_kind", equal(Subject::customKind)),
                  Map.entry("namespace_glob", glob(Subject::namespace, Glob::compile)),
                  Map.entry("title_contains", contains(Subject::title)))),
          Map.entry(
              FilesystemWrite.KIND,
              inOrder(Map.entry("path_glob", glob(Subject::path, FilePath::glob)))),
          Map.entry(
              NetworkRequest.KIND,
              inOrder(Map.entry("host_glob", glob(Subject::host, HostName::glob)))),
          Map.entry(
              ProcessSpawn.KIND,
              inOrder(
                  Map.entry("binary", Conditions::binary),
                  Map.entry("args_contain", Conditions::argsContain),
                  Map.entry("disk_free_min_gib", Conditions::diskFree))),
          Map.entry(
              Read.KIND,
              inOrder(
                  Map.entry("surface", equal(Subject::surface)),
                  Map.entry("namespace_glob", glob(Subject::namespace, Glob::compile)))),
          Map.entry(ToolCall.KIND, inOrder(Map.entry("tool", glob(Subject::tool, Glob::compile)))));

  private Conditions() {}

  static Set<String> kinds() {
    return BY_KIND.keySet();
  }

  /** The names of the conditions that belong to a known kind. */
  static Set<String> of(String kind) {
    return BY_KIND.getOrDefault(kind, Map.of()).keySet();
  }

  /** The names of all conditions. */
  static Set<String> all() {
    return BY_KIND.values().stream()
        .flatMap(conditions -> conditions.keySet().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Reads those of a kind's conditions that {@code match} sets. */
  static List<Condition> read(String kind, Map<String, Yaml> match) throws PolicyException {
    List<Condition> conditions = new ArrayList<>();
    for (Map.Entry<String, Reader> known : BY_KIND.getOrDefault(kind, Map.of()).entrySet()) {
      Yaml value = match.get(known.getKey());
      if (value != null) {
        conditions.add(known.getValue().read(value));
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

  /** What an action does not have, such as a title, meets no condition. */
  private static Condition any(Function<Subject, Optional<String>> text, Predicate<String> test) {
    return subject -> text.apply(subject).filter(test).isPresent();
  }

  /** A bare name stands for that program wherever it lies; a path for that file. */
  private static Condition binary(Yaml value) throws PolicyException {
    Set<String> names = new HashSet<>();
    Set<String> paths = new HashSet<>();
    for (String binary : value.texts()) {
      if (binary.indexOf('/') < 0) {
        names.add(binary);
      } else {
        paths.add(value.checked(() -> FilePath.normalise(binary)));
      }
    }
    return subject ->
        names.contains(subject.binaryName())
            || !paths.isEmpty() && subject.binaryPath().filter(paths::contains).isPresent();
  }

  private static Condition argsContain(Yaml value) throws PolicyException {
    List<String> needles = value.texts();
    return subject ->
        needles.stream()
            .allMatch(needle -> subject.args().stream().anyMatch(arg -> arg.contains(needle)));
  }

  private static Condition diskFree(Yaml value) throws PolicyException {
    long minBytes = value.wholeNumber(MAX_GIB) * BYTES_PER_GIB;
    return subject -> subject.usableBytes() < minBytes;
  }

  @SafeVarargs
  private static <V> Map<String, V> inOrder(Map.Entry<String, V>... entries) {
    Map<String, V> map = new LinkedHashMap<>();
    for (Map.Entry<String, V> entry : entries) {
      map.put(entry.getKey(), entry.getValue());
    }
    return Collections.unmodifiableMap(map);
  }
}
