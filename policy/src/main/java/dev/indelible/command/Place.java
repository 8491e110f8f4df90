// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Where commands are found: the wrappers that run them, for example {@code sudo}, and the machine.
 *
 * @param via the wrappers, outermost first
 * @param machine empty for this machine
 * @param mounts directories of this machine that a container shows
 */
record Place(List<String> via, String machine, List<Mount> mounts) {
  static final Place HERE = new Place(List.of(), "", List.of());

  /** A directory of this machine and its path in a container. */
  record Mount(Value source, String target) {}

  /** Returns the place of a command that a wrapper runs. */
  Place through(String wrapper) {
    if (!via.isEmpty() && via.get(via.size() - 1).equals(wrapper)) {
      return this;
    }
    List<String> all = new ArrayList<>(via);
    all.add(wrapper);
    return new Place(List.copyOf(all), machine, mounts);
  }

  /** Returns the place of a command on another machine. */
  Place on(String other, List<Mount> shown) {
    return new Place(via, machine.isEmpty() ? other : machine + ", " + other, List.copyOf(shown));
  }

  /**
   * Adds a command. If it uses mounted directories, adds these uses as a second command, which runs
   * on this machine.
   */
  void add(EffectiveCommand command, List<EffectiveCommand> to) {
    to.add(command);
    if (mounts.isEmpty()) {
      return;
    }
    List<Use> mapped = new ArrayList<>();
    for (Use use : command.uses()) {
      switch (use.role()) {
        case DELETES, WRITES, LINKS, READS, SENDS_FILE, RUNS_FILE -> {
          if (!use.arguments().isEmpty()) {
            map(use, command.workingDirectory(), mapped);
          }
        }
        default -> {}
      }
    }
    if (!mapped.isEmpty()) {
      to.add(new EffectiveCommand(command.argv(), command.workingDirectory(), mapped, via, ""));
    }
  }

  private void map(Use use, Value directory, List<Use> into) {
    Value path = Paths.resolve(use.arguments().get(0), directory);
    String text = path.prefix();
    for (Mount mount : mounts) {
      String target = mount.target();
      if (isBelow(text, target)) {
        Value rest = path.from(target.equals("/") ? 0 : target.length());
        into.add(with(use, mount.source().plus(rest)));
      } else if (use.isRecursive() && (isBelow(target, text) || path.isKnown() && isRoot(text))) {
        into.add(with(use, mount.source()));
      }
    }
  }

  private static boolean isRoot(String path) {
    return path.equals("/");
  }

  private static boolean isBelow(String path, String directory) {
    if (directory.isEmpty() || !path.startsWith(directory)) {
      return false;
    }
    return directory.endsWith("/")
        || path.length() == directory.length()
        || path.charAt(directory.length()) == '/';
  }

  private static Use with(Use use, Value path) {
    List<Value> arguments = new ArrayList<>(use.arguments());
    arguments.set(0, path.isKnown() ? Value.of(Paths.shortened(path.prefix())) : path);
    return new Use(use.role(), arguments, use.detail(), use.isRecursive(), use.isDetour());
  }
}
