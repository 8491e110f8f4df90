// SPDX-License-Identifier: Apache-2.0
package dev.indelible.receipt;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes the types of CBOR items that a receipt uses, in the deterministic encoding of RFC 8949
 * section 4.2.1. The caller writes map keys in order.
 */
final class CborWriter {
  static final int UNSIGNED = 0;
  static final int NEGATIVE = 1;
  static final int BYTES = 2;
  static final int TEXT = 3;
  static final int ARRAY = 4;
  static final int MAP = 5;
  static final int TAG = 6;

  /** The simple value null. */
  static final int NULL = 0xf6;

  /** Arguments below this value are encoded in the first byte. */
  static final int DIRECT = 24;

  private static final int ONE_BYTE = 24;
  private static final int TWO_BYTES = 25;
  private static final int FOUR_BYTES = 26;
  private static final int EIGHT_BYTES = 27;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  CborWriter integer(long value) {
    return value >= 0 ? head(UNSIGNED, value) : head(NEGATIVE, -1 - value);
  }

  CborWriter bytes(byte[] value) {
    head(BYTES, value.length);
    out.writeBytes(value);
    return this;
  }

  CborWriter text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    head(TEXT, utf8.length);
    out.writeBytes(utf8);
    return this;
  }

  /** Writes the head of an array. The caller writes the items next. */
  CborWriter array(int items) {
    return head(ARRAY, items);
  }

  /** Writes the head of a map. The caller writes the entries next, each a key and a value. */
  CborWriter map(int entries) {
    return head(MAP, entries);
  }

  /** Writes a tag. The caller writes the tagged item next. */
  CborWriter tag(int tag) {
    return head(TAG, tag);
  }

  CborWriter nothing() {
    out.write(NULL);
    return this;
  }

  byte[] toBytes() {
    return out.toByteArray();
  }

  /** Writes a type and its argument in the shortest form (RFC 8949 section 3). */
  private CborWriter head(int kind, long argument) {
    if (argument < DIRECT) {
      return head(kind, (int) argument, 0, argument);
    }
    if (argument <= 0xff) {
      return head(kind, ONE_BYTE, 1, argument);
    }
    if (argument <= 0xffff) {
      return head(kind, TWO_BYTES, 2, argument);
    }
    return argument <= 0xffff_ffffL
        ? head(kind, FOUR_BYTES, 4, argument)
        : head(kind, EIGHT_BYTES, 8, argument);
  }

  private CborWriter head(int kind, int information, int argumentBytes, long argument) {
    out.write(kind << 5 | information);
    for (int shift = 8 * (argumentBytes - 1); shift >= 0; shift -= 8) {
      out.write((int) (argument >>> shift));
    }
    return this;
  }
}
