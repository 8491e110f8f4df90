// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/** A tile, a tile path or an entry bundle is malformed. The message quotes the fault. */
public final class TileParseException extends Exception {
  private static final long serialVersionUID = 1;

  TileParseException(String message) {
    super(message);
  }
}
