// SPDX-License-Identifier: Apache-2.0
package dev.indelible.receipt;

/** The bytes are not a receipt. The message states the offset and the reason. */
public final class ReceiptParseException extends Exception {
  private static final long serialVersionUID = 1;

  ReceiptParseException(String message) {
    super(message);
  }
}
