// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

/**
 * The body of a here-document. The parser fills it in when it reaches the line after the
 * redirection; it does not change after {@link ShellParser#parse} has returned.
 */
public final class HereDocument {
  /** The body of a redirection that is no here-document. */
  static final HereDocument NONE = new HereDocument();

  private Word body = Word.NONE;
  private boolean terminated;

  HereDocument() {}

  void fill(Word body, boolean terminated) {
    this.body = body;
    this.terminated = terminated;
  }

  /** Returns the text with its expansions, or as one quoted literal if the delimiter is quoted. */
  public Word body() {
    return body;
  }

  /** Returns whether the body ends with its delimiter, and not with the text. */
  public boolean isTerminated() {
    return terminated;
  }

  @Override
  public String toString() {
    return body.toString();
  }
}
