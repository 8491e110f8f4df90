// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import java.util.List;
import java.util.Objects;

/**
 * The start of a process without a shell.
 *
 * @param binary the program
 * @param args the arguments, without the program itself
 */
public record ProcessSpawn(String binary, List<String> args) implements AgentAction {
  public static final String KIND = "process_spawn";

  public ProcessSpawn {
    Text.requireWellFormed(binary, "binary");
    Objects.requireNonNull(args, "args is null");
    args = List.copyOf(args);
    for (int i = 0; i < args.size(); i++) {
      Text.requireWellFormed(args.get(i), "args[" + i + "]");
    }
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void write(CanonicalWriter out) {
    out.beginObject().name("args").strings(args);
    out.member("binary", binary).member("kind", KIND).endObject();
  }
}
