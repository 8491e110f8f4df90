// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.Map;

/**
 * Where a script runs.
 *
 * @param workingDirectory where it starts
 * @param home the home directory of the user
 * @param variables the variables of the environment that are known
 */
public record Context(Value workingDirectory, Value home, Map<String, String> variables) {
  /** Takes a copy of the map. */
  public Context {
    variables = Map.copyOf(variables);
  }

  /**
   * Returns a context whose environment variables are unknown.
   *
   * @param workingDirectory empty if it is unknown
   * @param home empty if it is unknown
   */
  public static Context of(String workingDirectory, String home) {
    return new Context(
            Value.unknown(Origin.VARIABLE, "PWD"), Value.unknown(Origin.HOME, ""), Map.of())
        .in(workingDirectory, home);
  }

  /**
   * Returns this context with another working directory and home directory.
   *
   * @param otherDirectory the working directory; empty to keep that of this context
   * @param otherHome the home directory; empty to keep that of this context
   */
  public Context in(String otherDirectory, String otherHome) {
    return new Context(
        otherDirectory.isEmpty() ? workingDirectory : Value.of(otherDirectory),
        otherHome.isEmpty() ? home : Value.of(otherHome),
        variables);
  }
}
