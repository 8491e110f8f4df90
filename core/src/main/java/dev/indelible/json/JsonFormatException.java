// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

/** Thrown for input that is not JSON of the expected form. The message states where and why. */
public final class JsonFormatException extends Exception {
  public JsonFormatException(String message) {
    super(message);
  }
}
