// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.List;

/**
 * An assignment to a variable.
 *
 * @param name the name of the variable
 * @param subscript the subscript of the element; a word without parts if there is none
 * @param isAppended true if {@code +=} appends to the value
 * @param value the value; a word without parts for an empty value and for an array
 * @param elements the elements of an array; empty otherwise
 * @param isArray true if the value is an array in parentheses
 */
public record Assignment(
    String name,
    Word subscript,
    boolean isAppended,
    Word value,
    List<Word> elements,
    boolean isArray) {
  /** Copies the list. */
  public Assignment {
    elements = List.copyOf(elements);
  }
}
