// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

/**
 * A thing that an action does.
 *
 * @param verb what it does
 * @param operand what it does it to
 * @param isRecursive true if everything below a path is concerned
 * @param cause the part of the action that does it
 */
public record Fact(Verb verb, Operand operand, boolean isRecursive, Cause cause) {
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
