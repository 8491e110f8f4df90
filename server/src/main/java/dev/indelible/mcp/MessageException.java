// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Thrown for a message that is not passed on. Its text is for the sender. */
final class MessageException extends Exception {
  private static final long serialVersionUID = 1;

  private final int code;
  private final transient Optional<JsonNode> id;

  /**
   * Creates an exception.
   *
   * @param code the code of the JSON-RPC error
   * @param id the id of the message, if it can be found
   */
  MessageException(int code, Optional<JsonNode> id, String message) {
    super(message);
    this.code = code;
    this.id = id;
  }

  int code() {
    return code;
  }

  Optional<JsonNode> id() {
    return id;
  }
}
