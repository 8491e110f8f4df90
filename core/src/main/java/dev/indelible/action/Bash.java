// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.Text;
import java.util.Objects;
import java.util.Optional;

/**
 * A shell command.
 *
 * @param command the command line as the shell reads it
 * @param cwd the working directory, if known
 */
public record Bash(String command, Optional<String> cwd) implements AgentAction {
  public static final String KIND = "bash";

  public Bash {
    Text.requireWellFormed(command, "command");
    Objects.requireNonNull(cwd, "cwd is null");
    cwd.ifPresent(value -> Text.requireWellFormed(value, "cwd"));
  }

  public Bash(String command) {
    this(command, Optional.empty());
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void write(CanonicalWriter out) {
    out.beginObject().member("command", command).member("cwd", cwd);
    out.member("kind", KIND).endObject();
  }
}
