// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import dev.indelible.program.Use;
import java.util.List;

/**
 * A thing that an action does.
 *
 * @param verb what it does
 * @param operand what it does it to
 * @param isRecursive true if the fact includes everything below a path
 * @param manner the special form of an operation on a path: {@code moved}, {@code mode}, {@code
 *     private mode}, {@code owner}, {@code own owner}, {@code new link}, {@code unpacked}; empty
 *     for a plain operation
 * @param cause the part of the action that does it
 */
public record Fact(Verb verb, Operand operand, boolean isRecursive, String manner, Cause cause) {
  /** The manners that a policy can name. */
  public static final List<String> MANNERS =
      List.of("moved", "mode", "private mode", "owner", "own owner", "new link", "unpacked");

  /** Creates a fact whose operand is not a path. */
  public Fact(Verb verb, Operand operand, Cause cause) {
    this(verb, operand, false, "", cause);
  }

  /** Returns true if a user becomes the owner of a path in that user's own home. */
  public boolean isOwnOwner() {
    return manner.equals(Use.OWN_OWNER);
  }

  /** Returns the fact in words and for the record, for example {@code deletes /etc}. */
  public String describe() {
    StringBuilder out = new StringBuilder(verb.key().replace('_', ' '));
    if (operand instanceof Operand.Path path) {
      out.append(' ').append(path.written().display());
      out.append(isRecursive ? " recursively" : "").append(path.leadsTo());
    } else {
      out.append(' ').append(operand.display());
    }
    if (!cause.via().isEmpty()) {
      out.append(", reached through ").append(String.join(", ", cause.via()));
    }
    if (!cause.machine().isEmpty()) {
      out.append(", on ").append(cause.machine());
    }
    return out.toString();
  }
}
