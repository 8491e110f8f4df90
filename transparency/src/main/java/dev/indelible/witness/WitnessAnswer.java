// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import dev.indelible.checkpoint.AddCheckpointResponse;
import java.nio.charset.StandardCharsets;

/**
 * A witness's HTTP answer.
 *
 * @param status the HTTP status
 * @param contentType the type of the body
 * @param body the body; shared, so it must not be changed
 */
record WitnessAnswer(int status, String contentType, byte[] body) {
  /** The request is malformed, or its old size exceeds its new size. */
  static final int BAD_REQUEST = 400;

  /** No trusted key signed the checkpoint, or a signature is invalid. */
  static final int FORBIDDEN = 403;

  /** The witness does not trust the log. */
  static final int NOT_FOUND = 404;

  /** The path exists for another method. */
  static final int WRONG_METHOD = 405;

  /** The request is too long. */
  static final int TOO_LARGE = 413;

  /** The tree does not continue the tree of the witness's last checkpoint. */
  static final int UNPROCESSABLE = 422;

  /** The witness cannot store its state. */
  static final int INTERNAL_ERROR = 500;

  private static final String TEXT = "text/plain; charset=utf-8";

  /** Returns the HTTP form of an answer that the protocol defines. */
  static WitnessAnswer of(AddCheckpointResponse response) {
    return new WitnessAnswer(
        response.status(),
        response instanceof AddCheckpointResponse.Conflict
            ? AddCheckpointResponse.Conflict.CONTENT_TYPE
            : TEXT,
        response.bytes());
  }

  /** Returns the answer with a checkpoint, for monitors. */
  static WitnessAnswer text(byte[] body) {
    return new WitnessAnswer(200, TEXT, body);
  }

  /** Returns a refusal with its reason on one line. */
  static WitnessAnswer refused(int status, String reason) {
    return new WitnessAnswer(status, TEXT, (reason + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
