// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

/** Thrown if a fleet refuses a change of a shard. The message states the reason. */
public final class ShardException extends Exception {
  private static final long serialVersionUID = 1;

  public ShardException(String message) {
    super(message);
  }
}
