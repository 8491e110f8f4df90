// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.shell.Script;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Process substitution: a path that stands for the input or output of commands. */
final class Processes {
  private final Interpreter interpreter;
  private Map<String, Reader> readers = Map.of();
  private int count;

  Processes(Interpreter interpreter) {
    this.interpreter = interpreter;
  }

  /** A script that reads what is written to its path. */
  private record Reader(Script script, State state) {}

  /** Returns the path that a substitution stands for. */
  Value substitute(Script script, boolean isInput, State state) {
    String path = "/dev/fd/" + (63 + count++);
    if (isInput) {
      for (Value content : interpreter.capture(script, state, false)) {
        interpreter.files().write(path, content, false);
      }
    } else {
      if (readers.isEmpty()) {
        readers = new HashMap<>();
      }
      readers.put(path, new Reader(script, state.copy()));
    }
    return Value.of(path);
  }

  /**
   * Runs the script that reads from a path, with what a command writes to the path; does nothing
   * for other paths.
   */
  void feed(String path, Value content) {
    @Nullable Reader reader = readers.isEmpty() ? null : readers.remove(path);
    if (reader != null) {
      interpreter.script(reader.script(), reader.state(), new Streams(new Input(content), null));
    }
  }

  /** Runs the scripts to which no command has written. */
  void feedRest() {
    while (!readers.isEmpty()) {
      feed(readers.keySet().iterator().next(), Value.unknown(Origin.OUTPUT, ""));
    }
  }
}
