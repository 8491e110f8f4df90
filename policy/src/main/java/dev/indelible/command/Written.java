// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Invocation;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;

/**
 * Records the files and links that programs create, so that later commands of the script see them.
 */
final class Written {
  private final Interpreter interpreter;

  Written(Interpreter interpreter) {
    this.interpreter = interpreter;
  }

  /** Remembers the content of files that a program writes or moves. */
  void remember(Invocation invocation, State state, Streams io) {
    Value directory = state.directories().get(0);
    String program = invocation.program();
    List<Value> operands = invocation.operands();
    if (program.equals("mkfifo")) {
      operands.forEach(each -> interpreter.files().pipe(Paths.key(each, directory)));
    }
    if ((program.equals("cp") || program.equals("mv") || program.equals("install"))
        && operands.size() > 1) {
      carry(operands, directory, program.equals("mv"));
      return;
    }
    String source = contacted(invocation.uses());
    boolean isDownload = !source.isEmpty();
    boolean isInput = program.equals("tee") || program.equals("dd") || program.equals("sponge");
    for (Use use : invocation.uses()) {
      if (use.role() != Role.WRITES || use.arguments().isEmpty() || !use.detail().isEmpty()) {
        continue;
      }
      Value path = use.arguments().get(0);
      String key = Paths.key(path, directory);
      if (isDownload) {
        interpreter.files().write(key, Value.unknown(Origin.NETWORK, source), false);
      } else if (isInput) {
        interpreter.files().write(key, io.in().rest(), false);
        interpreter.processes().feed(key, io.in().rest());
      }
    }
  }

  /** Returns the first host that a program connects to; empty if there is none. */
  static String contacted(List<Use> uses) {
    for (Use use : uses) {
      if (use.role() == Role.CONTACTS && !use.arguments().isEmpty()) {
        return use.arguments().get(0).display();
      }
    }
    return "";
  }

  private void carry(List<Value> operands, Value directory, boolean isMoved) {
    Value target = operands.get(operands.size() - 1);
    for (Value source : operands.subList(0, operands.size() - 1)) {
      Value below = target.plus(Value.of("/")).plus(Transforms.afterLastSlash(source));
      if (isMoved) {
        interpreter.files().links().move(source, target, directory);
        interpreter.files().links().move(source, below, directory);
      }
      for (Value content : interpreter.files().written(source, directory)) {
        interpreter.files().write(Paths.key(target, directory), content, false);
        interpreter.files().write(Paths.key(below, directory), content, false);
      }
    }
  }
}
