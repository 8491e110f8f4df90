// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

/**
 * Checks that the caller's stack has room before a mechanism is begun, so that the mechanism need
 * not expect a {@link StackOverflowError} at its first step.
 */
final class StackProbe {
  /**
   * Frames enough to count a submission, and to take a monitor if it fails later: some 1 KiB of
   * stack in the interpreter and 0.2 KiB compiled, for 15 ns.
   */
  static final int SUBMIT_FRAMES = 8;

  /** Frames enough for a line of the log: a logger whose stack ends may never release its lock. */
  static final int LOG_FRAMES = 1_000;

  private StackProbe() {}

  /** Returns whether the stack has room for this many more frames. */
  static boolean hasRoom(int frames) {
    try {
      descend(frames, frames, frames, frames);
      return true;
    } catch (StackOverflowError e) {
      return false;
    }
  }

  /** Recurses. The parameters are used after the call, so each frame has room for them. */
  private static long descend(int frames, long a, long b, long c) {
    return frames == 0 ? a : descend(frames - 1, b, c, a + frames) + a;
  }
}
