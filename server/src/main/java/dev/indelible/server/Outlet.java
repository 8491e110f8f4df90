// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.function.Consumer;

/** The content of a response that is written piece by piece, until one side ends it. */
interface Outlet {
  /**
   * Writes a piece without waiting. The next piece may be written after this one has left.
   *
   * @param left called once, on any thread: with true if the piece has left, with false if the
   *     client is gone, and then nothing more can be written
   */
  void write(byte[] piece, Consumer<Boolean> left);

  /** Ends the response, or cuts the connection if a piece has not left yet. */
  void end();
}
