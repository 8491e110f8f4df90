// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.AddCheckpointResponse;
import java.nio.charset.StandardCharsets;

/**
 * What a witness answers over HTTP.
 *
 * @param status the HTTP status
 * @param contentType the type of the body
 * @param body the body; shared, not to be changed
 */
record WitnessAnswer(int status, String contentType, byte[] body) {
  /** The request is no request, or no log grows like that. */
  static final int BAD_REQUEST = 400;

  /** No trusted key signed, or one that is named did not. */
  static final int FORBIDDEN = 403;

  /** A log that the witness does not know. */
  static final int NOT_FOUND = 404;

  /** What is asked for is asked for in another way. */
  static final int WRONG_METHOD = 405;

  /** A request longer than any is. */
  static final int TOO_LARGE = 413;

  /** The tree does not continue the one that the witness saw. */
  static final int UNPROCESSABLE = 422;

  /** The witness cannot keep its state, and so cosigns nothing. */
  static final int INTERNAL_ERROR = 500;

  private static final String TEXT = "text/plain; charset=utf-8";

  /** An answer that the protocol gives a body. */
  static WitnessAnswer of(AddCheckpointResponse response) {
    return new WitnessAnswer(
        response.status(),
        response instanceof AddCheckpointResponse.Conflict
            ? AddCheckpointResponse.Conflict.CONTENT_TYPE
            : TEXT,
        response.bytes());
  }

  /** A checkpoint, for monitors. */
  static WitnessAnswer text(byte[] body) {
    return new WitnessAnswer(200, TEXT, body);
  }

  /** A no, with one line that says why. */
  static WitnessAnswer refused(int status, String reason) {
    return new WitnessAnswer(status, TEXT, (reason + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
