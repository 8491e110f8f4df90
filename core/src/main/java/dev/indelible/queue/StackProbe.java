// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

/**
 * Checks that the caller's stack has enough space before an operation begins, so that its first
 * step does not throw {@link StackOverflowError}.
 */
final class StackProbe {
  /**
   * Frames enough to count a submission, and to enter a monitor if it fails later. They need about
   * 1 KiB of stack in the interpreter and 0.2 KiB in compiled code; the probe takes 15 ns.
   */
  static final int SUBMIT_FRAMES = 8;

  /** Frames enough to log a line; a logger that runs out of stack may never release its lock. */
  static final int LOG_FRAMES = 1_000;

  private StackProbe() {}

  /** Returns true if the stack has space for this many more frames. */
  static boolean hasSpace(int frames) {
    try {
      descend(frames, frames, frames, frames);
      return true;
    } catch (StackOverflowError e) {
      return false;
    }
  }

  /** Recurses. The parameters are used after the call, so each frame has space for them. */
  private static long descend(int frames, long a, long b, long c) {
    return frames == 0 ? a : descend(frames - 1, b, c, a + frames) + a;
  }
}
