// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/** A tile, its path or an entry bundle that is none. The message quotes what is wrong. */
public final class TileParseException extends Exception {
  private static final long serialVersionUID = 1;

  TileParseException(String message) {
    super(message);
  }
}
