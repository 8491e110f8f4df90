// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

/** Input that is not the JSON it should be. The message says where and what, for a person. */
public final class JsonFormatException extends Exception {
  public JsonFormatException(String message) {
    super(message);
  }
}
