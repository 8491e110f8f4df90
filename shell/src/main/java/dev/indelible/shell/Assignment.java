// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.List;

/**
 * An assignment to a variable.
 *
 * @param name of the variable
 * @param subscript of the element; without parts if none is given
 * @param isAppended whether {@code +=} adds to the value
 * @param value without parts for the empty value, and for an array
 * @param elements of an array; empty otherwise
 * @param isArray whether the value is an array in parentheses
 */
public record Assignment(
    String name,
    Word subscript,
    boolean isAppended,
    Word value,
    List<Word> elements,
    boolean isArray) {
  /** Takes a copy of the list. */
  public Assignment {
    elements = List.copyOf(elements);
  }
}
