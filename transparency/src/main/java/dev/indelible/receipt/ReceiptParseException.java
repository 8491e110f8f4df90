// SPDX-License-Identifier: Apache-2.0
package dev.indelible.receipt;

/** Bytes are not a receipt. The message states where and why. */
public final class ReceiptParseException extends Exception {
  private static final long serialVersionUID = 1;

  ReceiptParseException(String message) {
    super(message);
  }
}
