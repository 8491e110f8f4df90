// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

/**
 * A redirection.
 *
 * @param descriptor a number, or a variable in braces; empty for the default of the operator
 * @param operator as written: {@code <}, {@code >}, {@code >>}, {@code >|}, {@code <>}, {@code <&},
 *     {@code >&}, {@code &>}, {@code &>>}, {@code <<}, {@code <<-} or {@code <<<}
 * @param target a file, a descriptor, the text of a here-string, or the delimiter of a
 *     here-document
 * @param document the body of a here-document; empty for the other operators
 */
public record Redirection(String descriptor, String operator, Word target, HereDocument document) {
  /** Returns true if this is a here-document. */
  public boolean isHereDocument() {
    return operator.equals("<<") || operator.equals("<<-");
  }
}
