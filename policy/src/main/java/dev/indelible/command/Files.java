// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Files and links that a script creates, as far as their content is known. */
final class Files {
  private Map<String, List<Value>> contents = Map.of();
  private final Links links = new Links();

  /** Named pipes that the script makes. */
  private Set<String> pipes = Set.of();

  /**
   * True if a named pipe was written. A command that was already interpreted may read that content.
   */
  private boolean hasFilledPipe;

  /** Records that a path is a named pipe. */
  void pipe(String key) {
    pipes = pipes.isEmpty() ? new HashSet<>() : pipes;
    pipes.add(key);
  }

  /** Returns true if a named pipe was filled since the last call. */
  boolean takeFilledPipe() {
    boolean isFilled = hasFilledPipe;
    hasFilledPipe = false;
    return isFilled;
  }

  /** Adds a possible content of a file. */
  void write(String key, Value content, boolean isAppended) {
    hasFilledPipe |= pipes.contains(key);
    if (contents.isEmpty()) {
      contents = new HashMap<>();
    }
    List<Value> before = contents.getOrDefault(key, List.of());
    List<Value> all = new ArrayList<>(before);
    if (isAppended) {
      all.clear();
      before.forEach(each -> all.add(each.plus(content)));
    }
    if (all.isEmpty() || !isAppended && !all.contains(content)) {
      all.add(content);
    }
    if (all.size() <= Binding.MAX_ALTERNATIVES) {
      contents.put(key, all);
    }
  }

  /** Returns the possible contents of a file; empty if the script does not write it. */
  List<Value> written(Value path, Value directory) {
    if (contents.isEmpty()) {
      return List.of();
    }
    String key = Paths.key(path, directory);
    List<Value> found = contents.get(key);
    if (found == null) {
      @Nullable Value followed = links.through(path, directory, true);
      found = followed == null ? null : contents.get(Paths.key(followed, directory));
    }
    return found == null ? List.of() : found;
  }

  /** Returns the possible contents that a command reads from a file. */
  List<Value> read(Value path, Value directory, Streams io) {
    String text = path.isKnown() ? path.prefix() : "";
    switch (text) {
      case "-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0":
        return List.of(io.in().rest());
      case "/dev/null":
        return List.of(Value.EMPTY);
      default:
        break;
    }
    List<Value> found = written(path, directory);
    if (!found.isEmpty()) {
      return found;
    }
    if (path.prefix().startsWith("/dev/tcp/") || path.prefix().startsWith("/dev/udp/")) {
      return List.of(Value.unknown(Origin.NETWORK, path.display()));
    }
    return List.of(Value.unknown(Origin.FILE, Paths.key(path, directory)));
  }

  /** Returns the links that the script creates. */
  Links links() {
    return links;
  }
}
