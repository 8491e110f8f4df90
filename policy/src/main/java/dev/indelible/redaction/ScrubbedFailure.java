// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import org.jspecify.annotations.Nullable;

/**
 * A failure for a log: the type, place and causes of another, whose message may quote an action,
 * without the secrets in its message.
 */
public final class ScrubbedFailure extends Exception {
  private static final long serialVersionUID = 1;

  /** Enough for any real failure; a chain of causes may be a circle. */
  private static final int MAX_CAUSES = 16;

  private final String text;

  private ScrubbedFailure(String text, @Nullable Throwable cause) {
    super(text, cause);
    this.text = text;
  }

  /** Returns a failure for a log. */
  public static ScrubbedFailure of(Throwable failure) {
    return of(failure, MAX_CAUSES);
  }

  private static ScrubbedFailure of(Throwable failure, int causes) {
    Throwable cause = failure.getCause();
    ScrubbedFailure scrubbed =
        new ScrubbedFailure(
            ActionRedactor.scrub(failure.toString()),
            cause == null || causes == 0 ? null : of(cause, causes - 1));
    scrubbed.setStackTrace(failure.getStackTrace());
    return scrubbed;
  }

  @Override
  public String toString() {
    return text;
  }
}
