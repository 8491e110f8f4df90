// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

/**
 * A redirection.
 *
 * @param descriptor a number, or a variable in braces; empty for the operator's own
 * @param operator as written: {@code <}, {@code >}, {@code >>}, {@code >|}, {@code <>}, {@code <&},
 *     {@code >&}, {@code &>}, {@code &>>}, {@code <<}, {@code <<-} or {@code <<<}
 * @param target the file, descriptor, text of a here-string or delimiter of a here-document
 * @param document the body of a here-document; without text for the other operators
 */
public record Redirection(String descriptor, String operator, Word target, HereDocument document) {
  /** Returns whether this is a here-document. */
  public boolean isHereDocument() {
    return operator.equals("<<") || operator.equals("<<-");
  }
}
