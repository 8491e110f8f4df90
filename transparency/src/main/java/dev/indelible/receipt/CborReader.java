// SPDX-License-Identifier: Apache-2.0
package dev.indelible.receipt;

import java.util.Arrays;

/**
 * Reads the types of CBOR items that a receipt uses. The caller states which type must come next.
 * Accepts numbers in their shortest form and definite lengths only.
 */
final class CborReader {
  private static final String[] KINDS = {
    "an unsigned integer",
    "a negative integer",
    "a byte string",
    "a text string",
    "an array",
    "a map",
    "a tag",
    "a simple value"
  };

  private final byte[] bytes;
  private final String what;
  private int at;

  /**
   * Creates a reader of these bytes.
   *
   * @param what the name of the bytes in error messages
   */
  CborReader(byte[] bytes, String what) {
    this.bytes = bytes;
    this.what = what;
  }

  long integer() throws ReceiptParseException {
    return peekKind() == CborWriter.NEGATIVE
        ? -1 - head(CborWriter.NEGATIVE)
        : head(CborWriter.UNSIGNED);
  }

  /** Reads a number from 0 to 2^63-1. */
  long unsigned() throws ReceiptParseException {
    return head(CborWriter.UNSIGNED);
  }

  byte[] bytes() throws ReceiptParseException {
    long length = head(CborWriter.BYTES);
    if (length > bytes.length - at) {
      throw refused("a byte string of %s bytes where %s are left", length, bytes.length - at);
    }
    at += (int) length;
    return Arrays.copyOfRange(bytes, at - (int) length, at);
  }

  /**
   * Reads the head of an array and returns the stated number of items. The bytes may hold fewer.
   */
  long array() throws ReceiptParseException {
    return head(CborWriter.ARRAY);
  }

  void array(int items) throws ReceiptParseException {
    requireCount("an array of %s items instead of %s", head(CborWriter.ARRAY), items);
  }

  void map(int entries) throws ReceiptParseException {
    requireCount("a map of %s entries instead of %s", head(CborWriter.MAP), entries);
  }

  void tag(int tag) throws ReceiptParseException {
    requireCount("tag %s instead of %s", head(CborWriter.TAG), tag);
  }

  /** Reads an integer and requires that it is this label. */
  void label(long label) throws ReceiptParseException {
    requireCount("label %s instead of %s", integer(), label);
  }

  void nothing() throws ReceiptParseException {
    if (next() != CborWriter.NULL) {
      at--;
      throw refused("not null");
    }
  }

  void end() throws ReceiptParseException {
    if (at != bytes.length) {
      throw refused("%s bytes after the end", bytes.length - at);
    }
  }

  /** Returns an exception that names the current offset. */
  ReceiptParseException refused(String reason, Object... details) {
    return new ReceiptParseException(
        "%s, byte %s: %s".formatted(what, at, reason.formatted(details)));
  }

  private void requireCount(String otherwise, long found, long wanted)
      throws ReceiptParseException {
    if (found != wanted) {
      throw refused(otherwise, found, wanted);
    }
  }

  private int peekKind() throws ReceiptParseException {
    int kind = next() >>> 5;
    at--;
    return kind;
  }

  /** Reads the head of an item, requires this type, and returns the argument. */
  private long head(int kind) throws ReceiptParseException {
    if (peekKind() != kind) {
      throw refused("%s instead of %s", KINDS[peekKind()], KINDS[kind]);
    }
    int information = next() & 0x1f;
    if (information < CborWriter.DIRECT) {
      return information;
    }
    int argumentBytes = 1 << information - CborWriter.DIRECT;
    if (argumentBytes > Long.BYTES) {
      throw refused("%s without its length", KINDS[kind]);
    }
    long argument = 0;
    for (int i = 0; i < argumentBytes; i++) {
      argument = argument << 8 | next();
    }
    if (argument < 0) {
      throw refused("a number above 2^63-1");
    }
    long smallest = argumentBytes == 1 ? CborWriter.DIRECT : 1L << 4 * argumentBytes;
    if (argument < smallest) {
      throw refused("%s is not in its shortest form", argument);
    }
    return argument;
  }

  private int next() throws ReceiptParseException {
    if (at == bytes.length) {
      throw refused("it ends");
    }
    return bytes[at++] & 0xff;
  }
}
