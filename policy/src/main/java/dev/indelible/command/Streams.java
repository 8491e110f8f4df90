// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import org.jspecify.annotations.Nullable;

/**
 * The standard streams of a command.
 *
 * @param out null if nobody in the script reads what is written
 */
record Streams(Input in, @Nullable Sink out) {
  Streams withOut(@Nullable Sink other) {
    return new Streams(in, other);
  }

  Streams withIn(Input other) {
    return new Streams(other, out);
  }
}
