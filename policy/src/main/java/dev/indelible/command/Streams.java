// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import org.jspecify.annotations.Nullable;

/**
 * The standard streams of a command.
 *
 * @param out null if no part of the script reads the output
 */
record Streams(Input in, @Nullable Sink out) {
  Streams withOut(@Nullable Sink other) {
    return new Streams(in, other);
  }

  Streams withIn(Input other) {
    return new Streams(other, out);
  }
}
