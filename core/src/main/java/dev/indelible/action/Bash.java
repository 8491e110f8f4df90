// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import java.util.Objects;
import java.util.Optional;

/**
 * A shell command.
 *
 * @param command the command line as the shell reads it
 * @param cwd the working directory, if known
 * @param home the home directory of the user who runs it, if known
 * @param shell the shell that reads it, for example {@code zsh}; bash if absent
 */
public record Bash(
    String command, Optional<String> cwd, Optional<String> home, Optional<String> shell)
    implements AgentAction {
  public static final String KIND = "bash";

  public Bash {
    Text.requireWellFormed(command, "command");
    Objects.requireNonNull(cwd, "cwd is null");
    Objects.requireNonNull(home, "home is null");
    Objects.requireNonNull(shell, "shell is null");
    cwd.ifPresent(value -> Text.requireWellFormed(value, "cwd"));
    home.ifPresent(value -> Text.requireWellFormed(value, "home"));
    shell.ifPresent(value -> Text.requireWellFormed(value, "shell"));
  }

  public Bash(String command, Optional<String> cwd) {
    this(command, cwd, Optional.empty(), Optional.empty());
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
    out.member("home", home).member("kind", KIND).member("shell", shell).endObject();
  }
}
