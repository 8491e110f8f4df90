// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

/**
 * The body of a here-document. The parser fills it in when it reaches the line after the
 * redirection. It does not change after {@link ShellParser#parse} has returned.
 */
public final class HereDocument {
  /** The body of a redirection that is not a here-document. */
  static final HereDocument NONE = new HereDocument();

  private Word body = Word.NONE;
  private boolean terminated;

  HereDocument() {}

  void fill(Word body, boolean terminated) {
    this.body = body;
    this.terminated = terminated;
  }

  /** Returns the text with its expansions; if the delimiter is quoted, one quoted literal. */
  public Word body() {
    return body;
  }

  /** Returns true if the delimiter ends the body; false if the end of the text does. */
  public boolean isTerminated() {
    return terminated;
  }

  @Override
  public String toString() {
    return body.toString();
  }
}
